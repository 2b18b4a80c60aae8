"""Starts a workbench: listens, assembles, serves; and ends all of it."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from time import monotonic

from flask import Blueprint

from conformance.services.in_process import InProcessFakes
from conformance.subjects.external import ExternalRelay
from conformance.subjects.in_process import InProcessRelay
from conformance.testing.callers_world import CallersWorld
from conformance.verdicts import HarnessBroken
from conformance.workbench.bench import Bench
from conformance.workbench.checks import LiveChecks
from conformance.workbench.export.exporting import Exporter
from conformance.workbench.real_host import RealTimeFakes
from conformance.workbench.routes import workbench_routes
from conformance.workbench.session.recorder import Recorder
from conformance.workbench.session.replay import bench_between
from conformance.workbench.session.secrets import Names
from conformance.workbench.settings import BenchSettings
from conformance.world.timing import RealTiming
from conformance.world.world import World
from fakes.control.app import control_app
from fakes.control.clock.driver import TimeDriver
from fakes.serving.server import WSGIServer
from fakes.serving.wsgi import Environ, Reply, ReplyApp, WSGIApp, call
from fakes.standalone import (
    CONTROL_THREADS,
    THREADS,
    CannotStart,
    Settings,
    addresses_of,
    collect_less_garbage,
    listen,
    listeners_of,
    warn_if_exposed,
)

SERVICES = ("rapidpro", "cht")
LAST_WAIT = 0.5
"""Real seconds that a step of the clock has to stop at the end."""


class Workbench:
    """A running workbench. `addresses` are URLs by name: rapidpro, cht, control; `relay` is the relay's webhook or "".

    HarnessBroken if it cannot start.
    """

    def __init__(self, settings: BenchSettings, further: Sequence[Blueprint] = ()) -> None:
        self.settings = settings
        self._servers: list[WSGIServer] = []
        self._subject: InProcessRelay | ExternalRelay | None = None
        self._services: InProcessFakes | RealTimeFakes | None = None
        self._driver: TimeDriver | None = None
        try:
            self._start(further)
        except CannotStart as reason:
            self.close()
            raise HarnessBroken(str(reason)) from None
        except BaseException:
            self.close()
            raise

    def _start(self, further: Sequence[Blueprint]) -> None:
        settings = self.settings
        hosted = Settings(SERVICES, bind=settings.bind or "127.0.0.1", control_port=settings.control_port)
        listeners = listeners_of(hosted)
        self.addresses = addresses_of(hosted, listeners)
        collect_less_garbage()
        bench = self.bench = self._virtual(listeners) if settings.virtual else self._real(listeners)
        self.relay = bench.world.subject.webhook_url()
        checks = LiveChecks(bench, monotonic, settings.poll_seconds)
        exporter = Exporter(bench, self.recorder, settings)
        self.control: WSGIApp = self.recorder.control(
            control_app(
                bench.fakes,
                self.addresses,
                driver=bench.driver,
                further=[workbench_routes(checks, exporter), *further],
                versions=lambda: {"checks": checks.version()},
            )
        )
        self._serve(self.control, listeners["control"], CONTROL_THREADS)
        warn_if_exposed(listeners)

    def _serve(self, app: WSGIApp, listener: socket.socket, threads: int = THREADS) -> None:
        server = WSGIServer(app, listener, threads=threads)
        self._servers.append(server)
        server.start()

    def run(self, speed: float = 1.0) -> None:
        """Let virtual time run; real time runs anyway."""
        if self._driver is not None:
            self._driver.run(True, speed)

    def _virtual(self, listeners: Mapping[str, socket.socket]) -> Bench:
        """The reference relay in this process, on the clock of the fakes. What people do on the sockets is recorded."""
        settings = self.settings
        services = self._services = InProcessFakes(
            settings.profile,
            settings.seed,
            cht_release=settings.cht_release,
            beginning=settings.now,
            rapidpro_url=self.addresses["rapidpro"],
            cht_url=self.addresses["cht"],
            keeping=settings.keeping,
        )
        listener = listen("127.0.0.1", settings.port)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        relay = InProcessRelay(services.clock, services.connect, poll_seconds=settings.poll_seconds, url=url)
        self._subject = relay
        relay.start(services.neighbours)
        bench = bench_between(services, relay)
        self._driver = bench.driver
        self.recorder = self._new_recorder(bench)
        for name, app in bench.fakes.apps.items():
            self._serve(self.recorder.service(name, app), listeners[name])
        self._serve(_Alone(relay, bench), listener)
        return bench

    def _real(self, listeners: Mapping[str, socket.socket]) -> Bench:
        """A relay in a process of its own, or none so far. It uses the same sockets as people do."""
        settings = self.settings
        services = self._services = RealTimeFakes(
            settings.profile, settings.seed, self.addresses, cht_release=settings.cht_release, keeping=settings.keeping
        )
        for name, app in services.parts().apps.items():
            self._serve(app, listeners[name])
        timing = RealTiming(settings.poll_seconds)
        if settings.make_relay is None:
            bench = Bench(lambda: CallersWorld(services, timing), services.parts(), None)
        else:
            relay = self._subject = settings.make_relay()
            relay.start(services.neighbours)
            bench = Bench(lambda: World(services, relay, timing), services.parts(), None)
        self.recorder = self._new_recorder(bench)
        return bench

    def _new_recorder(self, bench: Bench) -> Recorder:
        names = Names(bench.world.services, bench.world.subject.webhook_url(), bench.fakes.ledger.redaction)
        return Recorder(bench, names)

    def close(self) -> None:
        """End everything: servers, relay, files."""
        for server in self._servers:
            server.stop()
        if self._driver is not None:
            self._driver.end(LAST_WAIT)
        if self._subject is not None:
            self._subject.stop()
        if self._services is not None:
            self._services.parts().ledger.close()
            self._services.close()


class _Alone(ReplyApp):
    """The relay's own HTTP side, while nothing else happens."""

    def __init__(self, relay: InProcessRelay, bench: Bench) -> None:
        self._relay = relay
        self._bench = bench

    def answer(self, environ: Environ) -> Reply:
        with self._bench.lock:
            return call(self._relay, environ)
