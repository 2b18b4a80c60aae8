"""A live CHT Core as the relay: no fake CHT, only the fake RapidPro beside it, in real time.

CHT is configured and read only through its own public API.
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
    """The subject. It runs by itself and is never killed."""

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
        """Nothing: it runs already, and `LiveChtWorlds.begin` has configured it."""

    def webhook_url(self) -> str:
        return self._account.url + (INCOMING if release_of(self.version) >= RIGHT_PATH_SINCE else MISSPELT)

    def webhook_token(self) -> str:
        return INCOMING_TOKEN

    def stop(self) -> None:
        """Nothing: it keeps running."""

    def kill(self) -> None:
        raise Untestable("the harness does not kill a live CHT")

    def restart(self) -> None:
        raise Untestable("the harness does not restart a live CHT")

    def next_due(self) -> datetime | None:
        return None

    def work(self) -> None:
        """Nothing: it works by itself."""

    def check_alive(self) -> None:
        """Nothing: its answers show whether it runs."""


class LiveChtServices(RealTimeServices):
    """The services: the fake RapidPro as a process, and the live CHT."""

    others_write = True

    def __init__(self, profile: str, seed: int, account: Account, bind: str | None = None) -> None:
        addresses = self._begin(("rapidpro",), profile, seed, ControlWithoutCht, bind)
        self.cht_url, self.cht_admin = account.url, (account.user, account.password)
        self.neighbours = account.neighbours(str(addresses.rapidpro))


class ControlWithoutCht(ControlClient):
    """The control API of a fake RapidPro without a fake CHT: a scenario that needs the latter is untestable."""

    def post(self, path: str, body: Any = None) -> Any:
        if path.startswith("/cht/"):
            raise Untestable("a live CHT runs its schedules at its own times: the harness does not wait for them")
        return super().post(path, body)


class ChtTiming(RealTiming):
    """Real time beside a live CHT: "a while" is longer than the interval between two passes."""

    def __init__(self, interval: float) -> None:
        super().__init__(interval)
        self.a_while = max(2.0, 2.5 * interval)


class LiveChtWorlds:
    """Gives each scenario a world around the live CHT; cleans up after each, and restores CHT's settings at the end.

    `interval` is the seconds between CHT's passes, `bind` the address of this machine at which CHT reaches the fake
    RapidPro (default: loopback). Call `begin` before use.
    """

    def __init__(
        self, profile: str, seed: int, account: Account, interval: float | None = None, bind: str | None = None
    ) -> None:
        self.profile = profile
        self.cleanup_failure = ""
        """What could not be restored at the end, as a sentence; else empty."""
        self._seed = seed
        self._account = account
        self._interval = interval or USUAL_INTERVAL
        self._bind = bind
        self._numbers: Iterator[str] = fresh_numbers()
        self._subject = LiveCht(account, "unknown")
        self._services: LiveChtServices | None = None
        self._sms_before: dict[str, Any] | None = None

    def begin(self) -> None:
        """Check whether this CHT can be judged, then configure it. HarnessBroken says why it cannot be judged."""
        session = plain_session()
        self._subject = LiveCht(self._account, check_account(session, self._account))
        cht = self._client(session)
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
            raise HarnessBroken("the run has not begun: call begin() first")
        self._services.restore_defaults()
        return World(self._services, self._subject, ChtTiming(self._interval), self._numbers)

    def close(self, world: World, verdict: Verdict) -> None:  # noqa: ARG002 - nothing may stay, whatever the verdict
        world.control.delete("/faults")
        world.cht.delete_all(documents_of(world.cht.documents(), world.people.numbers()))
        world.control.post("/reset")

    def end(self) -> None:
        services, self._services = self._services, None
        if services is None:
            return
        try:
            self._client(services.session).replace_settings({"sms": self._sms_before})
        except HarnessBroken as problem:
            self.cleanup_failure = f"the settings `sms` of CHT could not be restored to {self._sms_before}: {problem}"
        services.close()

    def _client(self, session: requests.Session) -> ChtClient:
        return ChtClient(session, self._account.url, self._account.user, self._account.password)
