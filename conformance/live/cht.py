"""A live CHT Core as the relay: no fake CHT, only the fake RapidPro beside it, in real time.

All that is needed of CHT is set and read through CHT's own public API.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import requests

from conformance.live.account import (
    RIGHT_PATH_SINCE,
    Account,
    check_account,
    check_nothing_waits,
    documents_of,
    release_of,
)
from conformance.services.cht_client import ChtClient
from conformance.services.control_client import ControlClient
from conformance.services.neighbours import INCOMING_TOKEN, Neighbours
from conformance.services.processes import RealTimeServices, plain_session
from conformance.subjects.base import Capability
from conformance.subjects.cht_variants import CHT_VARIANTS, INCOMING, MISSPELT
from conformance.verdicts import HarnessBroken, Untestable, Verdict
from conformance.world.people import fresh_numbers
from conformance.world.timing import RealTiming
from conformance.world.world import World

NAME = "live CHT"
USUAL_INTERVAL = 60.0
"""Seconds between CHT's passes; 1 if its database is called `medic-test`."""


class LiveCht:
    """The subject. It runs by itself, and nothing here may kill it."""

    capabilities = CHT_VARIANTS["cht-5.2"].capabilities
    send_path = CHT_VARIANTS["cht-5.2"].send_path
    skipped_checks: frozenset[str] = frozenset()

    def __init__(self, account: Account, version: str) -> None:
        self.name = NAME
        self.version = version
        self._account = account

    def adapt_fault(self, fault: Mapping[str, Any]) -> Mapping[str, Any]:
        return CHT_VARIANTS["cht-5.2"].adapt_fault(fault)

    def describe(self) -> dict[str, Any]:
        return {"name": NAME, "kind": "live", "url": self._account.url, "version": self.version, "time": "real"}

    def start(self, neighbours: Neighbours) -> None:
        """It runs already, and was configured when the stage began."""

    def webhook_url(self) -> str:
        return self._account.url + (INCOMING if release_of(self.version) >= RIGHT_PATH_SINCE else MISSPELT)

    def webhook_token(self) -> str:
        return INCOMING_TOKEN

    def stop(self) -> None:
        """It goes on running."""

    def kill(self) -> None:
        raise Untestable("a live CHT is not killed by the harness")

    def restart(self) -> None:
        raise Untestable("a live CHT is not started by the harness")

    def next_due(self) -> datetime | None:
        return None

    def work(self) -> None:
        """It works by itself."""

    def check_alive(self) -> None:
        """Whether it runs is seen by what it answers."""


class LiveChtServices(RealTimeServices):
    """The services: the fake RapidPro as a process, and the live CHT."""

    def __init__(self, profile: str, seed: int, account: Account, bind: str | None = None) -> None:
        addresses = self._begin(("rapidpro",), profile, seed, ControlWithoutCht, bind)
        self.cht_url, self.cht_admin = account.url, (account.user, account.password)
        self.neighbours = account.neighbours(str(addresses.rapidpro))


class ControlWithoutCht(ControlClient):
    """The control API of a fake RapidPro alone: what only a fake CHT can do makes a scenario untestable."""

    def post(self, path: str, body: Any = None) -> Any:
        if path.startswith("/cht/"):
            raise Untestable("a live CHT runs its schedules in its own time: that takes minutes, and is not waited for")
        return super().post(path, body)


class ChtTiming(RealTiming):
    """Real time beside a live CHT: "a while" is longer than the interval between two passes."""

    def __init__(self, interval: float) -> None:
        super().__init__(interval)
        self.a_while = max(2.0, 2.5 * interval)


class LiveChtWorlds:
    """Gives each scenario a world around the live CHT; clears up after each, and puts its settings back at the end.

    `interval` is the seconds between CHT's passes, `bind` the address of this machine at which CHT reaches the fake
    RapidPro (loopback, if none is given). `begin` before use.
    """

    def __init__(
        self, profile: str, seed: int, account: Account, interval: float | None = None, bind: str | None = None
    ) -> None:
        self.profile = profile
        self.left_undone = ""
        """What could not be put back at the end."""
        self._seed = seed
        self._account = account
        self._interval = interval or USUAL_INTERVAL
        self._bind = bind
        self._numbers: Iterator[str] = fresh_numbers()
        self._subject = LiveCht(account, "unknown")
        self._services: LiveChtServices | None = None
        self._sms_before: dict[str, Any] | None = None

    def begin(self) -> None:
        """Look whether this CHT can be judged, then configure it. HarnessBroken says why it cannot."""
        session = plain_session()
        self._subject = LiveCht(self._account, check_account(session, self._account))
        cht = self._side(session)
        check_nothing_waits(cht.documents())
        before = cht.read_settings().get("sms")
        services = LiveChtServices(self.profile, self._seed, self._account, self._bind)
        self._services = services
        self._sms_before = before if isinstance(before, dict) else {"outgoing_service": "medic-gateway"}
        CHT_VARIANTS["cht-5.2"].configure(cht, services.neighbours, services.control)

    def describe(self) -> dict[str, Any]:
        return self._subject.describe()

    def capabilities(self) -> frozenset[Capability]:
        return self._subject.capabilities

    def open(self) -> World:
        if self._services is None:
            raise HarnessBroken("the stage is used before it has begun: call begin() first")
        self._services.restore_defaults()
        return World(self._services, self._subject, ChtTiming(self._interval), self._numbers)

    def close(self, world: World, verdict: Verdict) -> None:  # noqa: ARG002 - whatever it is, nothing may stay
        world.control.delete("/faults")
        world.cht.delete_all(documents_of(world.cht.documents(), world.people.numbers()))
        world.control.post("/reset")

    def end(self) -> None:
        services, self._services = self._services, None
        if services is None:
            return
        try:
            self._side(services.session).replace_settings({"sms": self._sms_before})
        except HarnessBroken as problem:
            self.left_undone = f"the settings `sms` of CHT could not be put back to {self._sms_before}: {problem}"
        services.close()

    def _side(self, session: requests.Session) -> ChtClient:
        return ChtClient(session, self._account.url, self._account.user, self._account.password)
