"""The two services around a subject: in this process on a virtual clock, or as processes on real time.

Both are driven through the same control API, so the world above does not know the difference.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

import requests
from requests.adapters import BaseAdapter

from conformance.services.cht_client import ChtSide
from conformance.services.control_client import Control, InProcessControl
from conformance.subjects.base import Neighbours
from conformance.verdicts import HarnessBroken
from fakes.assembly import assemble_services
from fakes.cht import Cht
from fakes.clock import SystemClock, VirtualClock
from fakes.control.app import control_app
from fakes.serving.deadline import BoundedAdapter
from fakes.serving.process import Addresses, ServeError, running
from fakes.serving.transport import InProcessSession, WSGIAdapter
from fakes.serving.wsgi import WSGIApp

RAPIDPRO_TOKEN = "RAPIDPRO-TEST-TOKEN-0000000000000000000000"
INCOMING_TOKEN = "relay-incoming-token"
CHT_ADMIN = ("admin", "pass")
CHT_GATEWAY = ("gateway", "gateway-pass")
QUICK = {"tps": 1000, "delays": {"wired": 0.02, "sent": 0.05, "delivered": 0.1, "retries": [0.3, 0.6]}}
"""Channel settings for real time: a text takes a fraction of a second to its phone, and no text waits for others."""


ALL_DAY = {"schedule_evening_hours": 23, "schedule_evening_minutes": 59}
"""Settings of CHT with which schedules run at every minute of the day."""


class Surroundings(Protocol):
    """The services, and how they are reached."""

    session: requests.Session
    control: Control
    cht_url: str
    cht_admin: tuple[str, str]
    neighbours: Neighbours

    def now(self) -> datetime:
        """The services' time."""
        ...

    def virtual_clock(self) -> VirtualClock:
        """The clock to advance. HarnessBroken where time is real."""
        ...

    def calm(self) -> None:
        """Put back what every scenario begins with: a quick channel, and a CHT that sends at every hour."""
        ...

    def close(self) -> None:
        """End the services."""
        ...


def neighbours(cht_url: str, rapidpro_url: str) -> Neighbours:
    """What a subject is told of the built-in seeds of both services."""
    return Neighbours(cht_url, *CHT_GATEWAY, rapidpro_url, RAPIDPRO_TOKEN, INCOMING_TOKEN)


def plain_session() -> requests.Session:
    """A session that takes no proxies or credentials from the environment, and waits for no answer longer than told."""
    session = requests.Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, BoundedAdapter())
    return session


BEGINNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
"""When virtual worlds begin: a Monday morning in Kigali, after CHT's morning hour."""
RAPIDPRO_URL, CHT_URL = "http://rapidpro.test", "http://cht.test"


class InProcessFakes:
    """Both services in this process on one virtual clock; `requests` reaches them without sockets."""

    subject_folder: Path | None = None
    """Where subjects keep their files; none: each makes a folder of its own."""

    def __init__(self, profile: str, seed: int, *, cht_release: str = "5.2") -> None:
        self.clock = VirtualClock(BEGINNING)
        self._fakes = assemble_services(
            ("rapidpro", "cht"), self.clock, profile=profile, cht_release=cht_release, seed=seed
        )
        self._timed = {
            RAPIDPRO_URL: WSGIAdapter(self._fakes.apps["rapidpro"], self.clock.advance),
            CHT_URL: WSGIAdapter(self._fakes.apps["cht"], self.clock.advance),
        }
        # CHT's own passes may overlap while one of them waits for an answer: only that one's time passes.
        self.connect_cht(WSGIAdapter(self._fakes.apps["rapidpro"], self.cht().pass_time))
        self.session: requests.Session = InProcessSession()
        self.session.mount(CHT_URL, WSGIAdapter(self._fakes.services["cht"]))
        self.control: Control = InProcessControl(control_app(self._fakes), self._fakes.ledger)
        self.cht_url, self.cht_admin = CHT_URL, CHT_ADMIN
        self.neighbours = neighbours(CHT_URL, RAPIDPRO_URL)

    def connect(self, session: requests.Session) -> None:
        """Let `session` reach both services, faults and ledger in between; slow answers take virtual time."""
        for url, adapter in self._timed.items():
            session.mount(url, adapter)

    def reach(self, url: str, app: WSGIApp) -> None:
        """Let RapidPro's webhook calls to `url` reach `app`."""
        self._fakes.session("rapidpro").mount(url, WSGIAdapter(app, self.clock.advance))

    def cht(self) -> Cht:
        """The fake CHT itself."""
        cht = self._fakes.services["cht"]
        assert isinstance(cht, Cht)
        return cht

    def app(self, name: str) -> WSGIApp:
        """The service `name` as its callers meet it: faults and ledger in between."""
        return self._fakes.apps[name]

    def connect_cht(self, adapter: BaseAdapter) -> None:
        """Let CHT's own calls to RapidPro pass through `adapter`."""
        self._fakes.session("cht").mount(RAPIDPRO_URL, adapter)

    def now(self) -> datetime:
        return self.clock.now()

    def virtual_clock(self) -> VirtualClock:
        return self.clock

    def calm(self) -> None:
        """A new world is calm, and its clock begins in the morning."""

    def begin_anew(self, seed: int | None = None) -> None:
        """As if just made (with `seed`, if one is given): time, state, faults, ledger, chance."""
        if seed is not None:
            self._fakes.reseed(seed)
        self.clock.reset(BEGINNING)
        self._fakes.reset()

    def close(self) -> None:
        """Nothing is held open."""


class RealTime:
    """What fakes as processes in real time have in common. Their control API is on loopback always."""

    def _begin(
        self,
        services: tuple[str, ...],
        profile: str,
        seed: int,
        control: Callable[[requests.Session, str], Control],
        bind: str | None = None,
    ) -> Addresses:
        """Start the services. HarnessBroken if they do not start."""
        self._stack = ExitStack()
        arguments = () if bind is None else ("--bind", bind)
        try:
            addresses = self._stack.enter_context(running(services, profile=profile, seed=seed, arguments=arguments))
        except ServeError as failure:
            raise HarnessBroken(str(failure)) from None
        self._clock = SystemClock()
        self.session = plain_session()
        self.control = control(self.session, str(addresses.control))
        self._calm = {**self.control.get("/rapidpro/channel"), **QUICK}
        return addresses

    def now(self) -> datetime:
        return self._clock.now()

    def virtual_clock(self) -> VirtualClock:
        raise HarnessBroken("this world lives in real time: there is no clock to advance")

    def calm(self) -> None:
        """Put the channel back to how every scenario begins."""
        self.control.put("/rapidpro/channel", self._calm)

    def close(self) -> None:
        self.session.close()
        self._stack.close()


class Processes(RealTime):
    """Both services as a process in real time, on loopback ports or at the address `bind`."""

    def __init__(self, profile: str, seed: int, bind: str | None = None) -> None:
        addresses = self._begin(("rapidpro", "cht"), profile, seed, Control, bind)
        self.cht_url, self.cht_admin = str(addresses.cht), CHT_ADMIN
        self.neighbours = neighbours(self.cht_url, str(addresses.rapidpro))

    def calm(self) -> None:
        """Real time may be that hour before midnight in which CHT sends nothing that is scheduled."""
        super().calm()
        ChtSide(self.session, self.cht_url, *self.cht_admin).settings(ALL_DAY)
