"""The services as separate processes in real time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from datetime import datetime
from types import MappingProxyType

import requests

from conformance.services.cht_client import ChtClient
from conformance.services.control_client import ControlClient
from conformance.services.looks import mark_looks
from conformance.services.neighbours import CHT_ADMIN, neighbours
from conformance.verdicts import HarnessBroken
from fakes.clock import SystemClock, VirtualClock
from fakes.ledger import Keeping
from fakes.ledger.keeping import JUDGED
from fakes.ledger.options import arguments as ledger_arguments
from fakes.serving.deadline import DeadlineAdapter
from fakes.serving.process import Addresses, StartError, start_fakes

FAST_CHANNEL = {
    "tps": 1000,
    "spacing": 0,
    "delays": {"wired": 0.02, "sent": 0.05, "delivered": 0.1, "retries": [0.3, 0.6]},
}
"""Channel settings for real time: a text reaches its phone within a fraction of a second, and waits for no other."""
ALL_DAY = {"schedule_evening_hours": 23, "schedule_evening_minutes": 59}
"""CHT settings with which schedules run at every minute of the day."""


def plain_session() -> requests.Session:
    """A session that ignores proxies and credentials in the environment, and never exceeds its timeout."""
    session = requests.Session()
    session.trust_env = False
    for scheme in ("http://", "https://"):
        session.mount(scheme, DeadlineAdapter())
    return session


class RealTimeServices:
    """Base of services that run as processes in real time. Their control API is always on loopback."""

    others_write = False
    pid = 0
    """The process of the fakes, once it runs."""

    def _begin(
        self,
        services: tuple[str, ...],
        profile: str,
        seed: int,
        control: Callable[[requests.Session, str], ControlClient],
        bind: str | None = None,
        ports: Mapping[str, int] = MappingProxyType({}),
        keeping: Keeping | None = None,
    ) -> Addresses:
        """Start the services, at these `ports` if any are given. HarnessBroken if they do not start."""
        self._stack = ExitStack()
        arguments = [] if bind is None else ["--bind", bind]
        arguments += [word for name, port in ports.items() for word in (f"--{name}-port", str(port))]
        arguments += ledger_arguments(keeping or JUDGED)
        try:
            addresses = self._stack.enter_context(
                start_fakes(services, profile=profile, seed=seed, arguments=arguments)
            )
        except StartError as failure:
            raise HarnessBroken(str(failure)) from None
        self.pid = addresses.pid
        self._clock = SystemClock()
        self.session = plain_session()
        self.control = control(self.session, str(addresses.control))
        if addresses.cht is not None:
            mark_looks(self.session, self.control, addresses.cht)
        self._channel_defaults = {**self.control.get("/rapidpro/channel"), **FAST_CHANNEL}
        return addresses

    def now(self) -> datetime:
        return self._clock.now()

    def virtual_clock(self) -> VirtualClock:
        raise HarnessBroken("this world runs in real time: there is no clock to advance")

    def restore_defaults(self) -> None:
        """Restore the channel settings that every scenario begins with."""
        self.control.put("/rapidpro/channel", self._channel_defaults)

    def close(self) -> None:
        self.session.close()
        self._stack.close()


class FakeProcesses(RealTimeServices):
    """Both fakes in a separate process in real time, on loopback ports or at the address `bind`.

    `ports`: where `rapidpro` and `cht` listen, for a relay that was configured before; default: free ports.
    `keeping`: what the ledger keeps; default: all that a judge needs.
    """

    def __init__(
        self,
        profile: str,
        seed: int,
        bind: str | None = None,
        ports: Mapping[str, int] = MappingProxyType({}),
        keeping: Keeping | None = None,
    ) -> None:
        addresses = self._begin(("rapidpro", "cht"), profile, seed, ControlClient, bind, ports, keeping)
        self.cht_url, self.cht_admin = str(addresses.cht), CHT_ADMIN
        self.neighbours = neighbours(self.cht_url, str(addresses.rapidpro))

    def restore_defaults(self) -> None:
        """Also let CHT send at every hour: by default it sends no scheduled tasks in the hour before midnight."""
        super().restore_defaults()
        ChtClient(self.session, self.cht_url, *self.cht_admin).settings(ALL_DAY)
