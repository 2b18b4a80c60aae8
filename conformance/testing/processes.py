"""The fakes as processes for a test: in real time, or on a virtual clock that is advanced over the control API."""

from __future__ import annotations

from contextlib import ExitStack
from datetime import datetime

import requests

from conformance.services.cht_client import ChtClient
from conformance.services.control_client import ControlClient
from conformance.services.in_process import BEGINNING
from conformance.services.looks import mark_looks
from conformance.services.neighbours import CHT_ADMIN, neighbours
from conformance.services.processes import ALL_DAY, FAST_CHANNEL, plain_session
from conformance.verdicts import HarnessBroken
from fakes.clock import VirtualClock
from fakes.serving.process import StartError, start_fakes


class RemoteClock(VirtualClock):
    """The virtual clock of fakes in another process."""

    def __init__(self, control: ControlClient) -> None:
        super().__init__()
        self._control = control

    def now(self) -> datetime:
        return datetime.fromisoformat(self._control.get("/clock")["now"])

    def advance(self, seconds: float) -> None:
        self._control.post("/clock/advance", {"seconds": seconds})

    def advance_to(self, when: datetime) -> None:
        self.advance(max(0.0, (when - self.now()).total_seconds()))


class SeparateFakes:
    """Both fakes in one process of their own. `clock` is `system` or `virtual`. HarnessBroken if they do not start."""

    others_write = False

    def __init__(self, profile: str, cht_release: str, seed: int, clock: str) -> None:
        self._stack = ExitStack()
        self._virtual = clock == "virtual"
        try:
            addresses = self._stack.enter_context(
                start_fakes(
                    profile=profile,
                    clock=clock,
                    now=BEGINNING.isoformat() if self._virtual else None,
                    seed=seed,
                    arguments=("--cht-release", cht_release),
                )
            )
        except StartError as failure:
            raise HarnessBroken(str(failure)) from None
        self.session: requests.Session = plain_session()
        self.control = ControlClient(self.session, addresses.control)
        mark_looks(self.session, self.control, str(addresses.cht))
        self._clock = RemoteClock(self.control)
        self.cht_url, self.cht_admin = str(addresses.cht), CHT_ADMIN
        self.neighbours = neighbours(self.cht_url, str(addresses.rapidpro))

    def now(self) -> datetime:
        return self._clock.now()

    def virtual_clock(self) -> VirtualClock:
        if not self._virtual:
            raise HarnessBroken('these fakes run in real time: start them with clock="virtual" to advance their clock')
        return self._clock

    def restore_defaults(self) -> None:
        """Start over. In real time the channel is fast and CHT sends at every hour; the clock goes on from now."""
        self.control.post("/reset")
        if not self._virtual:
            self.control.put("/rapidpro/channel", FAST_CHANNEL)
            ChtClient(self.session, self.cht_url, *self.cht_admin).settings(ALL_DAY)

    def close(self) -> None:
        self.session.close()
        self._stack.close()
