"""What a test sees of the world around its relay: both fakes, phones, time, faults, the ledger, the checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

import requests

from conformance.checks import Violation
from conformance.services.control_client import ControlClient
from conformance.subjects.in_process import InProcessRelay
from conformance.testing.callers_world import CallersWorld
from conformance.testing.cht import FakeCht
from conformance.testing.exchange_lines import exchange_line
from conformance.testing.rapidpro import FakeRapidPro, Phone, Reach
from conformance.verdicts import HarnessBroken, SubjectFailed
from conformance.world.timing import RealTiming
from fakes.control.clock.routes import MAX_ADVANCE_SECONDS
from fakes.serving.wsgi import WSGIApp

Mode = Literal["in-process", "processes"]
VIRTUAL_WITHIN, REAL_WITHIN = 3600.0, 10.0
REFERENCE_URL = "http://reference-relay.test"
LAST_SHOWN = 20
"""How many exchanges `log` shows."""


class SmsWorld:
    """A fake RapidPro and a fake CHT on one clock, with phones; between them the relay that a test brings.

    Made by `start_world`, or by the fixture `sms_world`.
    """

    def __init__(
        self,
        world: CallersWorld,
        mode: Mode,
        connect: Callable[[requests.Session], None],
        reach: Reach,
        apps: Mapping[str, WSGIApp],
    ) -> None:
        self._world = world
        self._connect = connect
        self.mode: Mode = mode
        self.rapidpro: FakeRapidPro = FakeRapidPro(world, reach, apps.get("rapidpro"))
        self.cht: FakeCht = FakeCht(world, apps.get("cht"))
        self.control: ControlClient = world.control
        """The control API, for what has no method here: see docs/control-api.md."""

    def phone(self, number: str) -> Phone:
        """The phone with this number, in international form."""
        return self.rapidpro.phone(number)

    def session(self) -> requests.Session:
        """A new session that reaches both fakes under their URLs, in either mode."""
        session = requests.Session()
        session.trust_env = False
        return self.connect(session)

    def connect(self, session: requests.Session) -> requests.Session:
        """Let the relay's own `session` reach both fakes under their URLs without sockets; returns it."""
        self._connect(session)
        return session

    def environment(self) -> dict[str, str]:
        """Addresses and secrets as the environment variables of the reference relay (docs/own-relay.md)."""
        return dict(self._world.services.neighbours.environment())

    def use_reference_relay(self, poll_seconds: float = 60) -> None:
        """Let the reference relay of this harness be the relay, until a test has its own. In process only."""
        clock = self._world.services.virtual_clock()
        if self.mode != "in-process":
            raise ValueError("the reference relay joins the fakes in process only; beside processes run it as one")
        relay = InProcessRelay(clock, self._connect, poll_seconds=poll_seconds, url=REFERENCE_URL)
        relay.start(self._world.services.neighbours)
        self._world.subject.work_for(relay)
        self.rapidpro.webhook(relay.webhook_url(), relay)

    # Time.

    def now(self) -> datetime:
        """The time of both fakes."""
        return self._world.now()

    def every(self, seconds: float, action: Callable[[], object]) -> None:
        """Call `action`, such as a poll, every `seconds` of virtual time, first when time passes. Not in real time."""
        self._world.services.virtual_clock()
        if checked(seconds) == 0:
            raise ValueError("expected more than 0 seconds between two calls, got 0")
        self._world.subject.every(seconds, action)

    def pass_time(self, seconds: float) -> None:
        """Let virtual time pass: texts travel, reminders become due, quotas refill. Not in real time."""
        self._world.services.virtual_clock()
        self._world.pass_time(checked(seconds))

    def eventually(self, holds: Callable[[], object], what: str = "the condition", within: float | None = None) -> None:
        """Let time pass until `holds()` is true. AssertionError with the last exchanges if it is not `within` seconds.

        `within` is an hour of virtual time by default, ten seconds of real time.
        """
        is_real = isinstance(self._world.timing, RealTiming)
        limit = checked(within) if within is not None else REAL_WITHIN if is_real else VIRTUAL_WITHIN
        timing = RealTiming(0, patience=limit) if is_real else self._world.timing
        if not timing.until(self._world, lambda: bool(holds()), limit):
            raise SubjectFailed(f"expected within {limit:g} seconds: {what}\n{self.log()}")

    # Faults.

    def fault(self, fault: str | Mapping[str, Any]) -> None:
        """Plan a fault: the name of a preset such as `throttled`, or an object with the fields of docs/faults.md."""
        self._world.fault({"preset": fault} if isinstance(fault, str) else fault)

    def faults(self) -> list[dict[str, Any]]:
        """All planned faults, and how often each was used."""
        return self._world.control.faults()

    def unused_faults(self) -> list[dict[str, Any]]:
        """The planned faults that no request has met. The fixture `sms_world` fails a test that leaves one."""
        return self._world.unused_faults()

    def clear_faults(self) -> None:
        """Remove all planned faults."""
        self._world.control.delete("/faults")

    # What happened.

    def exchanges(self, after: int = 0, service: str | None = None) -> list[dict[str, Any]]:
        """The requests and replies so far, oldest first, secrets hidden: of `rapidpro`, of `cht`, or of both.

        Only those numbered above `after`. The fields are those of `GET /ledger` (docs/control-api.md).
        """
        return self._world.exchanges(after, service)

    def log(self, last: int = LAST_SHOWN) -> str:
        """The last exchanges, a line each, secrets hidden."""
        found = self.exchanges()
        shown = found[max(0, len(found) - last) :]
        left_out = [f"({len(found) - len(shown)} earlier exchanges)"] if len(found) > len(shown) else []
        return "\n".join([*left_out, *map(exchange_line, shown)]) or "(no exchanges)"

    def violations(self) -> list[Violation]:
        """What is wrong now with texts and states, by the harness's checks: lost, duplicated, a wrong state, ...

        A text that is still on its way counts as lost: call `settle` first.
        """
        return self._world.violations()

    def misconduct(self) -> list[Violation]:
        """What the relay did on the way that it should not: calls while throttled, secrets shown, needless calls."""
        return self._world.misconduct()

    def settle(self) -> None:
        """Let time pass until each fault has been met, then without faults until texts and states have arrived.

        It ends as well when nothing changes any more. HarnessBroken if no request meets a fault.
        """
        self._world.settle()

    def judge(self) -> None:
        """`settle`, then AssertionError with everything that `violations` finds, and with what happened."""
        self._world.judge()


def checked(seconds: float) -> float:
    """These seconds. ValueError for anything but a number from 0 to ten years."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 <= seconds <= MAX_ADVANCE_SECONDS:
        raise ValueError(f"expected seconds, a number from 0 to {MAX_ADVANCE_SECONDS:.0f}, got {seconds!r}")
    return seconds


def not_in_process(url: str, _app: WSGIApp) -> None:
    """Why a process cannot reach an app in this one."""
    raise HarnessBroken(
        f"the fakes are processes and call {url} over a socket: serve the app there, and give webhook(url) no app"
    )
