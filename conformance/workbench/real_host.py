"""Both fakes in this process in real time: what a world needs of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import requests

from conformance.services.control_client import ControlClient, InProcessControlClient
from conformance.services.neighbours import CHT_ADMIN, neighbours
from conformance.verdicts import HarnessBroken
from fakes.assembly import Fakes, assemble_services
from fakes.clock import SystemClock, VirtualClock
from fakes.control.app import control_app
from fakes.ledger.keeping import Keeping
from fakes.serving.transport import InProcessSession, WSGIAdapter


class RealTimeFakes:
    """The fakes at these addresses; who serves them there is not its business. The harness itself uses no socket."""

    others_write = True

    def __init__(
        self, profile: str, seed: int, addresses: Mapping[str, str], *, cht_release: str, keeping: Keeping
    ) -> None:
        self.clock = SystemClock()
        self._fakes = assemble_services(
            ("rapidpro", "cht"), self.clock, profile=profile, cht_release=cht_release, seed=seed, keeping=keeping
        )
        self.session: requests.Session = InProcessSession()
        self.session.mount(f"{addresses['cht']}/", WSGIAdapter(self._fakes.services["cht"]))
        self.control: ControlClient = InProcessControlClient(control_app(self._fakes), self._fakes.ledger)
        self.cht_url, self.cht_admin = addresses["cht"], CHT_ADMIN
        self.neighbours = neighbours(addresses["cht"], addresses["rapidpro"])

    def parts(self) -> Fakes:
        """Services, ledger and plan of faults themselves."""
        return self._fakes

    def now(self) -> datetime:
        return self.clock.now()

    def virtual_clock(self) -> VirtualClock:
        raise HarnessBroken("time is real here: there is no clock to advance")

    def restore_defaults(self) -> None:
        """Nothing: people decide how the channel behaves."""

    def close(self) -> None:
        self.clock.close()
        self.session.close()
