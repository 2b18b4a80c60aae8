"""The fakes as one process: a port for each service and one for control, served until told to stop."""

from __future__ import annotations

import gc
import ipaddress
import json
import os
import random
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from fakes.assembly import Fakes, assemble_services
from fakes.clock import Clock, SystemClock, VirtualClock
from fakes.serving.host import BACKLOG, Host
from fakes.serving.wsgi import Environ, StartResponse, WSGIApp

THREADS = 64
"""Requests that a service answers at a time; more wait their turn. Only a `delay` holds a thread for long."""
CONTROL_THREADS = 4


class CannotStart(Exception):
    """The fakes cannot start as they were asked to; the text says why, in a sentence."""


@dataclass(frozen=True)
class Settings:
    """What `python -m fakes` was asked for. Port 0 lets the kernel choose."""

    services: Sequence[str]
    port: int = 0
    control_port: int = 0
    bind: str = "127.0.0.1"
    profile: str = "26"
    cht_release: str = "5.2"
    clock: str = "system"
    now: datetime | None = None
    seed: int = 1
    seeds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    stop_with_stdin: bool = False


def read_seeds(path: Path, services: Sequence[str]) -> dict[str, dict[str, Any]]:
    """What the services begin from: for one service its seed, for both an object of seeds by service name."""
    try:
        given = json.loads(path.read_bytes())
    except OSError as failure:
        raise CannotStart(f"the seed file {path} cannot be read: {failure.strerror}") from None
    except (ValueError, RecursionError) as failure:
        raise CannotStart(f"the seed file {path} is not JSON: {failure}") from None
    if len(services) == 1 and isinstance(given, dict):
        return {services[0]: given}
    fits = isinstance(given, dict) and all(isinstance(seed, dict) for seed in given.values())
    if not fits or not set(given) <= set(services):
        raise CannotStart(f"the seed file {path}: expected an object of seeds by service: {', '.join(services)}")
    return dict(given)


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Prints one JSON line when ready. Raises CannotStart."""
    listeners = _listeners(settings)
    fakes = _assemble(settings)
    addresses = {name: _url(settings, name, listener) for name, listener in listeners.items()}
    hosts = _hosts(fakes, listeners, addresses, settings.seed)
    _collect_less_garbage()
    done: SimpleQueue[None] = SimpleQueue()  # a signal may put while this thread gets: an Event would hang then
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.put(None))
    for host in hosts:
        host.start()
    _warn(listeners)
    print(json.dumps(addresses), flush=True)
    if settings.stop_with_stdin:
        threading.Thread(target=_when_stdin_ends, args=(done,), name="stdin", daemon=True).start()
    done.get()
    for host in hosts:
        host.stop()
    sys.stderr.flush()
    os._exit(0)  # at once: requests that hang on purpose must not keep the process


def _warn(listeners: Mapping[str, socket.socket]) -> None:
    """One sentence where a service listens for others: the tokens of the built-in seed are known to everybody."""
    for listener in listeners.values():
        address = listener.getsockname()[0]
        if not ipaddress.ip_address(address).is_loopback:
            print(f"warning: the fakes answer whoever can reach {address}, with well-known secrets", file=sys.stderr)
            return


def _collect_less_garbage() -> None:
    # Each request leaves a dozen objects in the ledger for good. Looking through them all for garbage every few hundred
    # requests costs a tenth of the server's time and finds nothing.
    gc.freeze()
    gc.set_threshold(20_000, 10, 50)


def _when_stdin_ends(done: SimpleQueue[None]) -> None:
    sys.stdin.buffer.read()
    done.put(None)


def _assemble(settings: Settings) -> Fakes:
    clock: Clock = VirtualClock(settings.now) if settings.clock == "virtual" else SystemClock()
    try:
        return assemble_services(
            settings.services,
            clock,
            profile=settings.profile,
            cht_release=settings.cht_release,
            seed=settings.seed,
            seeds=settings.seeds,
        )
    except ValueError as failure:  # an unknown profile or release, a seed that cannot be used
        raise CannotStart(str(failure)) from None


def _hosts(fakes: Fakes, listeners: Mapping[str, socket.socket], addresses: Mapping[str, str], seed: int) -> list[Host]:
    rng = random.Random(seed)
    hosts = [Host(app, listeners[name], threads=THREADS, rng=rng) for name, app in fakes.apps.items()]
    control = _MadeWhenAsked(lambda: _control(fakes, addresses))
    return [*hosts, Host(control, listeners["control"], threads=CONTROL_THREADS, rng=rng)]


class _MadeWhenAsked:
    """An app that is made at its first request."""

    def __init__(self, make: Callable[[], WSGIApp]) -> None:
        self._make = make
        self._made: WSGIApp | None = None
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        with self._lock:
            if self._made is None:
                self._made = self._make()
        return self._made(environ, start_response)


def _control(fakes: Fakes, addresses: Mapping[str, str]) -> WSGIApp:
    from fakes.control.app import control_app  # with Flask, which takes a tenth of a second to load

    return control_app(fakes, addresses)


def _listeners(settings: Settings) -> dict[str, socket.socket]:
    if not settings.bind:
        raise CannotStart("--bind: expected an address of this machine such as 172.17.0.1, got nothing")
    listeners = {}
    for offset, name in enumerate(settings.services):
        listeners[name] = listen(settings.bind, settings.port + offset if settings.port else 0)
    listeners["control"] = listen("127.0.0.1", settings.control_port)  # never for other machines: it knows all
    return listeners


def listen(address: str, port: int) -> socket.socket:
    """A listening TCP socket. Raises CannotStart."""
    try:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as failure:
        reason = getattr(failure, "strerror", None) or str(failure)
        raise CannotStart(f"cannot listen on {address} port {port}: {reason}") from None
    return listener


def _url(settings: Settings, name: str, listener: socket.socket) -> str:
    address = "127.0.0.1" if name == "control" or settings.bind == "0.0.0.0" else settings.bind
    address = "[::1]" if address == "::" else f"[{address}]" if ":" in address else address
    return f"http://{address}:{listener.getsockname()[1]}"
