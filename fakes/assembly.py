"""The one place where the parts of the fakes are created and connected: clock, ledger, plan, services, layers."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fakes.clock import Clock, SystemClock, VirtualClock
from fakes.faults import Faulty, Plan
from fakes.faults.effect import ServiceContext
from fakes.ledger import READ_LIMIT, Cut, Exchange, Keeping, Ledger, Recorded
from fakes.service import Service
from fakes.serving.wsgi import Environ, Reply, WSGIApp, read_body

if TYPE_CHECKING:
    import requests
    from flask import Blueprint

Routes = Callable[[], "Blueprint"]
"""Returns a service's part of the control API, which is mounted at `/<name>`."""
SERVICES = ("rapidpro", "cht")


@dataclass
class Fakes:
    """Services with their layers around them, on one clock, with one ledger and one plan of faults.

    `apps` is what callers use: `Recorded` around `Faulty` around the service. `sessions` are for calls out.
    """

    clock: Clock
    ledger: Ledger
    plan: Plan
    services: dict[str, Service] = field(default_factory=dict)
    routes: dict[str, Routes] = field(default_factory=dict)
    apps: dict[str, WSGIApp] = field(default_factory=dict)
    sessions: dict[str, requests.Session] = field(default_factory=dict)
    resets: int = 0
    """How often everything was reset."""
    _sessions_lock: threading.Lock = field(default_factory=threading.Lock)

    def session(self, name: str) -> requests.Session:
        """The session for calls out of the service `name`. In process, mount adapters on it."""
        from fakes.outgoing_calls import RecordingSession  # requests loads slowly, and many runs make no call

        with self._sessions_lock:
            if name not in self.sessions:
                self.sessions[name] = RecordingSession(self.ledger, name, self.clock)
            return self.sessions[name]

    def add(self, service: Service, routes: Routes) -> WSGIApp:
        """Wrap `service` in the layers and return the app for its callers. `routes`: its part of the control API."""
        exhaust: Callable[[], None] | None = getattr(service, "exhaust_quota", None)
        around = ServiceContext(
            service.name,
            self.clock.now,
            lambda environ: self._earlier_reply(service.name, environ),
            exhaust,
            lambda seconds, action: self.clock.call_later(seconds, action),
        )
        recorded = Recorded(Faulty(service, self.plan, around), self.ledger, service.name, self.clock, service)
        service.on_unexpected = recorded.mark_unexpected
        self.ledger.secret_sources.append(service)
        self.services[service.name] = service
        self.routes[service.name] = routes
        self.apps[service.name] = recorded
        return recorded

    def reset(self) -> None:
        """Reset state, faults and ledger to the seed. Time continues from now; waiting timers are removed."""
        self.plan.clear()
        if isinstance(self.clock, VirtualClock):
            self.clock.reset(self.clock.now())
        elif isinstance(self.clock, SystemClock):
            self.clock.clear()
        for service in self.services.values():
            service.reset()
        self.ledger.clear()
        self.resets += 1

    def reseed(self, seed: int) -> None:
        """From the next reset on, all randomness comes from this seed."""
        for name, service in self.services.items():
            service.rng_state = generator(seed, name).getstate()

    def _earlier_reply(self, service: str, environ: Environ) -> Reply | None:
        body = read_body(environ, READ_LIMIT)
        key = environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", "")
        exchanges = self.ledger.each_after(0, service, skip_dropped=True)
        found = (entry for entry in exchanges if _has_reply(entry) and _is_request(entry, *key, body))
        exchange = next(found, None)
        return None if exchange is None else exchange.reply


def _has_reply(exchange: Exchange) -> bool:
    """Whether the service answered by itself, and the whole answer is kept."""
    reply = exchange.reply
    whole = reply is not None and not isinstance(reply.body, Cut)
    return whole and exchange.direction == "in" and exchange.fault is None


def _is_request(exchange: Exchange, method: str, path: str, query: str, body: bytes) -> bool:
    kept = exchange.body
    same_body = kept.is_of(body) if isinstance(kept, Cut) else kept == body
    return same_body and (exchange.method, exchange.path, exchange.query) == (method, path, query)


class _LazySession:
    """The session of a service, created at its first call."""

    def __init__(self, fakes: Fakes, name: str) -> None:
        self._fakes = fakes
        self._name = name

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """As `requests.Session.request`."""
        return self._fakes.session(self._name).request(method, url, **options)


def generator(seed: int, name: str) -> random.Random:
    """The random generator of one service, from the seed of a run."""
    return random.Random(f"{seed} {name}")


def assemble(clock: Clock, keeping: Keeping | None = None) -> Fakes:
    """The parts without services; `add` the services. `keeping`: what the ledger keeps."""
    return Fakes(clock, Ledger(keeping or Keeping()), Plan(clock))


def assemble_services(
    names: Iterable[str],
    clock: Clock,
    *,
    profile: str = "26",
    cht_release: str = "5.2",
    seed: int = 1,
    seeds: Mapping[str, Mapping[str, Any]] | None = None,
    keeping: Keeping | None = None,
) -> Fakes:
    """The named fake services, connected.

    `profile` is RapidPro's version, `seed` is for all randomness, `seeds` are the initial states by service name,
    `keeping` is what the ledger keeps.
    Raises ValueError for an unknown profile or release, SeedError for an invalid seed.
    """
    fakes = assemble(clock, keeping)
    for name in names:
        rng = generator(seed, name)
        service, routes = _rapidpro(fakes, profile, rng) if name == "rapidpro" else _cht(fakes, cht_release, rng)
        fakes.add(service, routes)
        if seeds is not None and name in seeds:
            service.seed(seeds[name])
    return fakes


def _rapidpro(fakes: Fakes, profile: str, rng: random.Random) -> tuple[Service, Routes]:
    from fakes.rapidpro import RapidPro  # each fake is imported only where it is needed

    service = RapidPro(fakes.clock, profile=profile, session=_LazySession(fakes, "rapidpro"), rng=rng)

    def routes() -> Blueprint:
        from fakes.rapidpro.control.blueprint import control_blueprint  # imports Flask: only the control API needs it

        return control_blueprint(service)

    return service, routes


def _cht(fakes: Fakes, release: str, rng: random.Random) -> tuple[Service, Routes]:
    from fakes.cht import Cht

    service = Cht(fakes.clock, session=fakes.session("cht"), rng=rng, release=release)

    def routes() -> Blueprint:
        from fakes.cht.control.blueprint import control_blueprint

        return control_blueprint(service)

    return service, routes
