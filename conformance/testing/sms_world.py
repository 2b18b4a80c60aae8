"""What a test sees of the world around its relay: both fakes, phones, time, faults, the ledger, the checks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Literal

import requests

from conformance.checks import Violation
from conformance.services.control_client import ControlClient
from conformance.testing.callers_world import CallersWorld
from conformance.testing.cht import FakeCht
from conformance.testing.exchange_lines import exchange_line
from conformance.testing.rapidpro import FakeRapidPro, Phone, Reach
from conformance.verdicts import HarnessBroken, SubjectFailed
from conformance.world.timing import RealTiming
from fakes.serving.wsgi import WSGIApp

Mode = Literal["in-process", "processes"]
VIRTUAL_WITHIN, REAL_WITHIN = 3600.0, 10.0
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

    # Time.

    def now(self) -> datetime:
        """The time of both fakes."""
        return self._world.now()

    def every(self, seconds: float, action: Callable[[], object]) -> None:
        """Call `action`, such as a poll, every `seconds` of virtual time, first when time passes. Not in real time."""
        self._world.services.virtual_clock()
        if not seconds > 0:
            raise ValueError(f"expected more than 0 seconds between two calls, got {seconds!r}")
        self._world.subject.every(seconds, action)

    def pass_time(self, seconds: float) -> None:
        """Let virtual time pass: texts travel, reminders become due, quotas refill. Not in real time."""
        self._world.services.virtual_clock()
        if not seconds >= 0:
            raise ValueError(f"time cannot go backwards: expected 0 or more seconds, got {seconds!r}")
        self._world.pass_time(seconds)

    def eventually(self, holds: Callable[[], object], what: str = "the condition", within: float | None = None) -> None:
        """Let time pass until `holds()` is true. AssertionError with the last exchanges if it is not `within` seconds.

        `within` is an hour of virtual time by default, ten seconds of real time.
        """
        if self._is_virtual():
            timing, limit = self._world.timing, VIRTUAL_WITHIN if within is None else within
        else:
            limit = REAL_WITHIN if within is None else within
            timing = RealTiming(0, patience=limit)
        if not timing.until(self._world, lambda: bool(holds()), limit):
            raise SubjectFailed(f"expected within {limit:g} seconds: {what}\n{self.log()}")

    def _is_virtual(self) -> bool:
        return not isinstance(self._world.timing, RealTiming)

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
        lines = [exchange_line(one) for one in self.exchanges()]
        left_out = [f"({len(lines) - last} earlier exchanges)"] if len(lines) > last else []
        return "\n".join([*left_out, *lines[-last:]]) or "(no exchanges)"

    def violations(self) -> list[Violation]:
        """What is wrong now with texts and states, by the harness's checks: lost, duplicated, a wrong state, ...

        A text that is still on its way counts as lost: call `settle` first.
        """
        return self._world.violations()

    def misconduct(self) -> list[Violation]:
        """What the relay did on the way that it should not: calls while throttled, secrets shown, needless calls."""
        return self._world.misconduct()

    def settle(self) -> None:
        """Remove the faults, then let time pass until every text and state has arrived, or nothing changes any more."""
        self._world.settle()

    def judge(self) -> None:
        """`settle`, then AssertionError with everything that `violations` finds, and with what happened."""
        self._world.judge()


def not_in_process(url: str, _app: WSGIApp) -> None:
    """Why a process cannot reach an app in this one."""
    raise HarnessBroken(
        f"the fakes are processes and call {url} over a socket: serve the app there, and give webhook(url) no app"
    )
