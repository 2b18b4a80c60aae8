"""Both services in this process, on one virtual clock, without sockets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import requests
from requests.adapters import BaseAdapter

from conformance.services.control_client import ControlClient, InProcessControlClient
from conformance.services.neighbours import CHT_ADMIN, neighbours
from fakes.assembly import Fakes, assemble_services
from fakes.cht import Cht
from fakes.cht.releases.table import NEWEST
from fakes.clock import VirtualClock
from fakes.control.app import control_app
from fakes.ledger.keeping import JUDGED, Keeping
from fakes.serving.other_origin import other_origin
from fakes.serving.transport import InProcessSession, WSGIAdapter
from fakes.serving.wsgi import WSGIApp

BEGINNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""When virtual worlds begin: a Monday morning in Kigali, after CHT's morning hour."""
RAPIDPRO_URL, CHT_URL = "http://rapidpro.test", "http://cht.test"


class InProcessFakes:
    """Both services in this process on one virtual clock; `requests` reaches them without sockets."""

    others_write = False
    subject_folder: Path | None = None
    """Where subjects keep their files; None: each creates its own folder."""

    def __init__(
        self,
        profile: str,
        seed: int,
        *,
        cht_release: str = NEWEST,
        beginning: datetime = BEGINNING,
        rapidpro_url: str = RAPIDPRO_URL,
        cht_url: str = CHT_URL,
        keeping: Keeping | None = None,
    ) -> None:
        self.clock = VirtualClock(beginning)
        self._beginning = beginning
        self._fakes = assemble_services(
            ("rapidpro", "cht"),
            self.clock,
            profile=profile,
            cht_release=cht_release,
            seed=seed,
            keeping=keeping or JUDGED,
        )
        self._rapidpro_url = rapidpro_url
        self._timed = {
            rapidpro_url: WSGIAdapter(self._fakes.apps["rapidpro"], self.clock.advance, self.clock.now),
            cht_url: WSGIAdapter(self._fakes.apps["cht"], self.clock.advance, self.clock.now),
        }
        # CHT's passes may overlap while one of them waits for an answer: time passes only for that one.
        self.connect_cht(WSGIAdapter(self._fakes.apps["rapidpro"], self.cht().pass_time))
        self.session: requests.Session = InProcessSession()
        self.session.mount(f"{cht_url}/", WSGIAdapter(self._fakes.services["cht"]))
        self.control: ControlClient = InProcessControlClient(control_app(self._fakes), self._fakes.ledger)
        self.cht_url, self.cht_admin = cht_url, CHT_ADMIN
        self.neighbours = neighbours(cht_url, rapidpro_url)

    def connect(self, session: requests.Session) -> None:
        """Let `session` reach both services through faults and ledger; slow answers take virtual time."""
        for url, adapter in self._timed.items():
            mount(session, url, adapter)

    def reach(self, url: str, app: WSGIApp) -> None:
        """Let RapidPro's webhook calls to `url` reach `app`."""
        self._fakes.session("rapidpro").mount(url, WSGIAdapter(app, self.clock.advance))

    def reach_no_more(self, url: str) -> None:
        """Undo `reach`."""
        self._fakes.session("rapidpro").adapters.pop(url, None)

    def parts(self) -> Fakes:
        """Services, ledger and plan of faults themselves."""
        return self._fakes

    def cht(self) -> Cht:
        """The fake CHT itself."""
        cht = self._fakes.services["cht"]
        assert isinstance(cht, Cht)
        return cht

    def figures(self, name: str) -> Mapping[str, float]:
        """The metrics of the service `name`: what it has, and what waits in it."""
        return self._fakes.services[name].metrics()

    def app(self, name: str) -> WSGIApp:
        """The service `name` as its callers see it, through faults and ledger."""
        return self._fakes.apps[name]

    def connect_cht(self, adapter: BaseAdapter) -> None:
        """Send CHT's own calls to RapidPro through `adapter`."""
        mount(self._fakes.session("cht"), self._rapidpro_url, adapter)

    def now(self) -> datetime:
        return self.clock.now()

    def virtual_clock(self) -> VirtualClock:
        return self.clock

    def restore_defaults(self) -> None:
        """Nothing: the state after a reset is the default."""

    def reset(self, seed: int | None = None) -> None:
        """Reset time, state, faults, ledger and randomness (with a new `seed`, if one is given)."""
        if seed is not None:
            self._fakes.reseed(seed)
        self.clock.reset(self._beginning)
        self._fakes.reset()

    def close(self) -> None:
        """Remove the ledger's file, if there is one."""
        self._fakes.ledger.close()


def mount(session: requests.Session, url: str, adapter: BaseAdapter) -> None:
    """Let `session` reach the service at `url` through `adapter`, and the other origin of its server, too."""
    for origin in (url, other_origin(url)):
        session.mount(f"{origin}/", adapter)  # with the slash: no other port whose number begins with this one's
