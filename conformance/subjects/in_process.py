"""The reference relay (or one with its interface) in this process: virtual time, no sockets, kills by exception."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import requests

from conformance.services.neighbours import Neighbours
from conformance.subjects.base import Capability, CrashPoint, GatewayRelay, PlannedCrashes
from conformance.verdicts import HarnessBroken, SubjectFailed
from fakes.clock import Clock
from fakes.serving.transport import InProcessSession, WSGIAdapter
from fakes.serving.wsgi import Environ, StartResponse, WSGIApp
from relay import Relay, Settings

WEBHOOK = "http://relay.test"
PATH = "/api/v2/sms/rapidpro/incoming-messages"
MEMORY = Path("/dev/shm")


class Killed(BaseException):
    """The subject is killed here. Not an Exception, so that no handler of the subject catches it, as with SIGKILL."""


class RunsAway(BaseException):
    """The subject calls its neighbours again and again in one pass. As with `Killed`, no handler of it catches this."""


MOST_CALLS = 2_000
"""Calls in one pass, in which no virtual time passes: more than the texts of any scenario need, and fewer than RapidPro
allows in an hour."""


class RelayLike(Protocol):
    """What a relay in process must offer."""

    @property
    def app(self) -> WSGIApp: ...

    def work(self, now: datetime) -> datetime: ...

    def close(self) -> None: ...


Build = Callable[[Settings, Callable[[], datetime], requests.Session], RelayLike]


def reference(settings: Settings, now: Callable[[], datetime], session: requests.Session) -> RelayLike:
    """The reference relay as it is."""
    relay: RelayLike = Relay(settings, now=now, session=session)
    return relay


def quick_folder() -> Path:
    """A new folder, in memory if possible, for databases that need not outlive the machine."""
    return Path(tempfile.mkdtemp(prefix="relay-", dir=MEMORY if MEMORY.is_dir() else None))


class InProcessRelay(GatewayRelay, PlannedCrashes):
    """A relay made by `build`, with its own database file, between neighbours reached through `connect`.

    `folder` holds its database and is deleted by `stop`. With the same folder in each run, SQL is compiled only once.
    `url`: where RapidPro reaches it.
    """

    capabilities = frozenset(Capability)
    crash_points = frozenset(CrashPoint)

    def __init__(
        self,
        clock: Clock,
        connect: Callable[[requests.Session], None],
        build: Build = reference,
        name: str = "reference",
        poll_seconds: float = 120,
        folder: Path | None = None,
        url: str = WEBHOOK,
    ) -> None:
        self.name = name
        self._url = url
        self._clock = clock
        self._connect = connect
        self._build = build
        self._poll_seconds = poll_seconds
        self._folder = quick_folder() if folder is None else folder
        self._settings: Settings | None = None
        self._relay: RelayLike | None = None
        self._due: datetime | None = None

        self._skew = timedelta()
        self._frozen: datetime | None = None
        self.kills = 0
        self._calls_in_pass = 0
        self.most_calls = MOST_CALLS

    def describe(self) -> dict[str, Any]:
        return {"name": self.name, "kind": "in process", "time": "virtual"}

    def start(self, neighbours: Neighbours) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)  # what is left of a run that was broken off
        self._folder.mkdir()
        self._settings = Settings.from_env(
            {
                **neighbours.environment(),
                "RELAY_LISTEN": "127.0.0.1:0",
                "RELAY_DATABASE": f"sqlite:///{self._folder / 'relay.db'}",
                "RELAY_POLL_SECONDS": str(self._poll_seconds),
            }
        )
        self.restart()

    def webhook_url(self) -> str:
        return self._url + PATH

    def webhook_token(self) -> str:
        return str(self._running_settings().incoming_token)

    def stop(self) -> None:
        if self._relay is not None:
            self._relay.close()
        self._relay = None
        shutil.rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        # Not closed: a killed process cannot clean up. What was not committed is lost with its connection.
        self._relay, self._due = None, None
        self.kills += 1

    def restart(self) -> None:
        session = InProcessSession()
        self._connect(session)
        session.hooks["response"] = [self._after_call]
        if self._relay is None:
            self._relay = self._build(self._running_settings(), self._own_now, session)
        self._due = self._clock.now()

    def running(self) -> bool:
        """Whether it is alive."""
        return self._relay is not None

    def freeze(self, seconds: float) -> None:
        """Do no work for `seconds`."""
        self._frozen = self._clock.now() + timedelta(seconds=seconds)

    def move_clock(self, seconds: float) -> None:
        """Make its own clock jump, relative to the services' clock."""
        self._skew += timedelta(seconds=seconds)

    def _own_now(self) -> datetime:
        return self._clock.now() + self._skew

    def next_due(self) -> datetime | None:
        if self._due is None or self._frozen is None:
            return self._due
        return max(self._due, self._frozen)

    def work(self) -> None:
        if self._relay is None:
            return
        self._calls_in_pass = 0
        try:
            self._due = self._relay.work(self._own_now()) - self._skew
        except Killed:
            self._die()
        except RunsAway:
            self._die()
            raise SubjectFailed(
                f"the relay made {self.most_calls} calls in one pass and would have gone on: a list without end?"
            ) from None

    def __call__(self, environ: Environ, start_response: StartResponse) -> Any:
        """The relay's own HTTP side; while it is dead, connections are refused."""
        if self._relay is None:
            raise requests.ConnectionError("connection refused: the relay is not running")
        try:
            answer = list(self._relay.app(environ, start_response))
        except Killed:
            self._die()
            raise requests.ConnectionError("connection reset: the relay was killed") from None
        if self._crash is CrashPoint.TEXT_TAKEN:
            self._die()
            raise requests.ConnectionError("connection reset: the relay was killed")
        self._due = self._clock.now() if self._due is None else min(self._due, self._clock.now())
        return answer

    def adapter(self) -> WSGIAdapter:
        """How RapidPro reaches the relay."""
        return WSGIAdapter(self)

    def _after_call(self, response: requests.Response, *_: Any, **__: Any) -> None:
        """A hook that the relay does not know: a call has had its effect, and the caller has not learned of it yet."""
        self._calls_in_pass += 1
        if self._calls_in_pass > self.most_calls:
            raise RunsAway
        if self._crash is not None and self._crash is crash_point_of(response):
            raise Killed

    def _running_settings(self) -> Settings:
        if self._settings is None:
            raise HarnessBroken("the subject is used before it was started: call start(neighbours) first")
        return self._settings


def crash_point_of(response: requests.Response) -> CrashPoint | None:
    """The crash point that a call of the relay has reached with its effect, or None."""
    request = response.request
    path, body = str(request.path_url).split("?")[0], str(request.body or "")
    if path.endswith("/broadcasts.json") and request.method == "POST" and response.ok:
        return CrashPoint.BROADCAST_ACCEPTED
    if path.endswith("/messages.json"):
        return CrashPoint.STATES_ASKED
    if path.endswith("/api/sms") and response.ok:
        if b'"messages":[]' not in response.content.replace(b" ", b""):
            return CrashPoint.TEXT_HANDED_OUT
        if '"content"' in body:
            return CrashPoint.REPORT_STORED
        if '"status"' in body:
            return CrashPoint.STATES_TOLD
    return None
