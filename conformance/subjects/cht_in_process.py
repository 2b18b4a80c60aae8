"""CHT itself as the relay, in this process on a virtual clock: RapidPro calls it directly, and it sends by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import requests
from requests.adapters import BaseAdapter

from conformance.services.cht_client import ChtClient
from conformance.services.in_process import CHT_URL, InProcessFakes
from conformance.services.neighbours import Neighbours
from conformance.subjects.base import Capability, CrashPoint, PlannedCrashes
from conformance.subjects.cht_variants import ChtVariant
from conformance.verdicts import HarnessBroken
from fakes.cht.jobs import JobStopped
from fakes.serving.transport import WSGIAdapter
from fakes.serving.wsgi import Environ, StartResponse, call

BEFORE_ANY_STATE = frozenset({"scheduled", "pending", "forwarded-to-gateway"})

IN_PROCESS = frozenset({Capability.VIRTUAL_TIME, Capability.RESTART})


class ChtAsRelay(PlannedCrashes):
    """The fake CHT, configured as `variant`. Its passes run on timers of the clock, so `work` has nothing to do.

    A kill ends its processes and keeps its documents: work in progress writes nothing more.
    """

    def __init__(self, fakes: InProcessFakes, variant: ChtVariant, name: str) -> None:
        self.name = name
        self.kills = 0
        self._fakes = fakes
        self._clock = fakes.clock
        self._variant = variant
        self._cht = fakes.cht()
        self._app = fakes.app("cht")
        self._neighbours: Neighbours | None = None
        self._running = False
        self._life = 0

        self._freezes = 0

    @property
    def capabilities(self) -> frozenset[Capability]:
        return self._variant.capabilities | IN_PROCESS

    @property
    def send_path(self) -> str:
        return self._variant.send_path

    @property
    def skipped_checks(self) -> frozenset[str]:
        return self._variant.skipped_checks

    @property
    def crash_points(self) -> frozenset[CrashPoint]:
        return self._variant.crash_points

    def adapt_fault(self, fault: Mapping[str, Any]) -> Mapping[str, Any]:
        return self._variant.adapt_fault(fault)

    def describe(self) -> dict[str, Any]:
        return {"name": self.name, "kind": "in process", "time": "virtual", "about": self._variant.about}

    def start(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours
        fakes = self._fakes
        fakes.reach(CHT_URL, self)
        fakes.connect_cht(_UntilKilled(WSGIAdapter(fakes.app("rapidpro"), self._cht.pass_time), self))
        self._variant.configure(ChtClient(fakes.session, fakes.cht_url, *fakes.cht_admin), neighbours, fakes.control)
        self._cht.state.docs.listen(self._on_saved)
        self._running = True

    def webhook_url(self) -> str:
        return CHT_URL + self._variant.incoming_path

    def webhook_token(self) -> str:
        if self._neighbours is None:
            raise HarnessBroken("the subject is used before it was started: call start(neighbours) first")
        return self._neighbours.incoming_token

    def stop(self) -> None:
        self.cancel_crash()
        self._running = False

    def kill(self) -> None:
        self._life += 1
        self._running = False
        self.kills += 1
        self._cht.kill()

    def restart(self) -> None:
        if not self._running:
            self._running = True
            self._cht.start()

    def next_due(self) -> datetime | None:
        return None

    def work(self) -> None:
        """Nothing: its passes run on timers of the clock."""

    def check_alive(self) -> None:
        """In this process nothing ends by itself."""

    # What a simulation may do to it besides.

    def running(self) -> bool:
        """Whether its processes are alive."""
        return self._running

    def freeze(self, seconds: float) -> None:
        """Begin no pass for `seconds`; passes that have begun continue."""
        self._freezes += 1
        this, life = self._freezes, self._life

        def thaw() -> None:
            if self._running and (this, life) == (self._freezes, self._life):
                self._cht.background.resume()

        if seconds and self._running:
            self._cht.background.pause()
            self._fakes.clock.call_later(seconds, thaw)
        else:
            thaw()

    def move_clock(self, seconds: float) -> None:
        """Nothing: its passes run at intervals, which do not depend on the time of day."""

    # How others reach it, and how it reaches RapidPro.

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Its HTTP side as RapidPro sees it; while it is dead, connections are refused."""
        if not self._running:
            raise requests.ConnectionError("connection refused: CHT is not running")
        life = self._life
        try:
            reply = call(self._app, environ)
        except JobStopped:
            raise requests.ConnectionError("connection reset: CHT was killed") from None
        if reply.status == 200 and self._crash in (CrashPoint.TEXT_TAKEN, CrashPoint.REPORT_STORED):
            self._die()
        if self._life != life:
            raise requests.ConnectionError("connection reset: CHT was killed")
        return reply.to_wsgi(start_response)

    def life(self) -> int:
        """A number that grows with each kill."""
        return self._life

    def on_answer(self, request: requests.PreparedRequest, status: int) -> None:
        """RapidPro has answered a call; the caller has not seen the answer yet."""
        path = str(request.path_url).split("?")[0]
        accepted = request.method == "POST" and path == self._variant.send_path and 200 <= status < 300
        lookup = request.method == "GET" and path.endswith("/messages.json")
        if (accepted and self._crash is CrashPoint.BROADCAST_ACCEPTED) or (
            lookup and self._crash is CrashPoint.STATES_ASKED
        ):
            self._die()

    def _on_saved(self, _id: str, doc: Mapping[str, Any] | None) -> None:
        """A document is being saved; the kill has to wait until that is done."""
        if self._crash is CrashPoint.STATES_TOLD and doc is not None and _has_a_state(doc):
            self._fakes.clock.call_later(0, lambda: self._die_at(CrashPoint.STATES_TOLD))

    def _die_at(self, point: CrashPoint) -> None:
        if self._crash is point and self._running:
            self._die()


class _UntilKilled(BaseAdapter):
    """CHT's connection to RapidPro. A process that is killed while it waits for an answer never gets it."""

    def __init__(self, inner: BaseAdapter, subject: ChtAsRelay) -> None:
        super().__init__()
        self._inner = inner
        self._subject = subject

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Pass the call on. JobStopped if the caller was killed meanwhile."""
        life = self._subject.life()
        try:
            response = self._inner.send(request, *args, **options)
            self._subject.on_answer(request, response.status_code)
        finally:
            if self._subject.life() != life:
                raise JobStopped
        return response

    def close(self) -> None:
        """Nothing to close."""


def _has_a_state(doc: Mapping[str, Any]) -> bool:
    tasks = (*(doc.get("tasks") or ()), *(doc.get("scheduled_tasks") or ()))
    return any(task.get("state") not in BEFORE_ANY_STATE for task in tasks)
