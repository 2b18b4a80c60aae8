"""The fakes as one process: a port for each service and one for the control API, until a signal stops it."""

from __future__ import annotations

import gc
import ipaddress
import json
import os
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
from fakes.ledger import Keeping
from fakes.serving.json_depth import json_of
from fakes.serving.server import BACKLOG, WSGIServer
from fakes.serving.wsgi import Environ, StartResponse, WSGIApp

THREADS = 64
"""Requests that a service answers at a time; others wait. Only a `delay` occupies a thread for long."""
CONTROL_THREADS = 4


class CannotStart(Exception):
    """The fakes cannot start with these settings; the text says why, in a sentence."""


@dataclass(frozen=True)
class Settings:
    """The options of `python -m fakes`. Port 0 lets the kernel choose. `ports` are those of single services."""

    services: Sequence[str]
    port: int = 0
    ports: Mapping[str, int] = field(default_factory=dict)
    control_port: int = 0
    bind: str = "127.0.0.1"
    profile: str = "26"
    cht_release: str = "5.2"
    clock: str = "system"
    now: datetime | None = None
    seed: int = 1
    seeds: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    stop_with_stdin: bool = False
    flows: Sequence[Path] = ()
    """Files with bundles of flows for RapidPro."""
    page: bool = False
    """Whether the control API serves the page for people who test by hand."""
    keeping: Keeping = field(default_factory=Keeping)
    """What the ledger keeps."""


def read_seeds(path: Path, services: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The seeds in a file, by service: for one service the file is its seed, for both an object of seeds by name."""
    content = json_of(path.read_bytes, f"the seed file {path}", CannotStart)
    if len(services) == 1 and isinstance(content, dict):
        return {services[0]: content}
    valid = isinstance(content, dict) and all(isinstance(seed, dict) for seed in content.values())
    if not valid or not set(content) <= set(services):
        raise CannotStart(f"the seed file {path}: expected an object of seeds by service: {', '.join(services)}")
    return dict(content)


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT. Prints one JSON line when ready. Raises CannotStart."""
    listeners = listeners_of(settings)
    fakes = _assemble(settings)
    addresses = addresses_of(settings, listeners)
    control = LazyApp(lambda: _control(settings, fakes, addresses))
    servers = [WSGIServer(app, listeners[name], threads=THREADS) for name, app in fakes.apps.items()]
    servers.append(WSGIServer(control, listeners["control"], threads=CONTROL_THREADS))
    collect_less_garbage()
    done: SimpleQueue[None] = SimpleQueue()  # a signal may put while this thread gets: an Event would hang
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: done.put(None))
    for server in servers:
        server.start()
    warn_if_exposed(listeners)
    print(json.dumps(addresses), flush=True)
    if settings.stop_with_stdin:
        threading.Thread(target=_when_stdin_ends, args=(done,), name="stdin", daemon=True).start()
    done.get()
    for server in servers:
        server.stop()
    fakes.ledger.close()
    sys.stderr.flush()
    os._exit(0)  # at once: requests that hang on purpose must not keep the process


def warn_if_exposed(listeners: Mapping[str, socket.socket]) -> None:
    """Warn if a service is reachable from other machines: everybody knows the tokens of the built-in seed."""
    for listener in listeners.values():
        address = listener.getsockname()[0]
        if not ipaddress.ip_address(address).is_loopback:
            print(f"warning: the fakes answer anyone who can reach {address}, with well-known secrets", file=sys.stderr)
            return


def collect_less_garbage() -> None:
    """Let Python search for garbage rarely: for a process that does nothing but serve the fakes."""
    # Each request leaves a dozen permanent objects in the ledger. A search of them all for garbage every few hundred
    # requests takes a tenth of the server's time and finds nothing.
    gc.freeze()
    gc.set_threshold(20_000, 10, 50)


def _when_stdin_ends(done: SimpleQueue[None]) -> None:
    sys.stdin.buffer.read()
    done.put(None)


def _assemble(settings: Settings) -> Fakes:
    clock: Clock = VirtualClock(settings.now) if settings.clock == "virtual" else SystemClock()
    try:
        fakes = assemble_services(
            settings.services,
            clock,
            profile=settings.profile,
            cht_release=settings.cht_release,
            seed=settings.seed,
            seeds=settings.seeds,
            keeping=settings.keeping,
        )
        _import_flows(fakes, settings.flows)
        return fakes
    except ValueError as failure:  # an unknown profile or release, an invalid seed
        raise CannotStart(str(failure)) from None


def _import_flows(fakes: Fakes, files: Sequence[Path]) -> None:
    """Import flows, and say on stderr what they need and the workspace lacks. ValueError if one is refused."""
    from fakes.rapidpro import RapidPro  # imported only where it is needed
    from fakes.rapidpro.flows.bundles.files import bundle_in

    rapidpro = fakes.services.get("rapidpro")
    for file in files:
        if not isinstance(rapidpro, RapidPro):
            raise CannotStart("--flows: only RapidPro has flows, and these fakes have none")
        try:
            found = rapidpro.add_bundle(bundle_in(file))
        except ValueError as problem:
            raise CannotStart(f"--flows {file}: {problem}") from None
        lacking = [f"{kind} {', '.join(names)}" for kind, names in found["missing"].items()]
        for note in [*found["not_used"], *(f"the workspace has no {one}" for one in lacking)]:
            print(f"flows of {file}: {note}", file=sys.stderr)


class LazyApp:
    """An app that is created at its first request."""

    def __init__(self, create: Callable[[], WSGIApp]) -> None:
        self._create = create
        self._app: WSGIApp | None = None
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        with self._lock:
            if self._app is None:
                self._app = self._create()
        return self._app(environ, start_response)


def _control(settings: Settings, fakes: Fakes, addresses: Mapping[str, str]) -> WSGIApp:
    from fakes.control.app import control_app  # imports Flask, which takes a tenth of a second
    from fakes.control.page import page_blueprint

    return control_app(fakes, addresses, further=[page_blueprint()] if settings.page else ())


def listeners_of(settings: Settings) -> dict[str, socket.socket]:
    """A listening socket for each service and for the control API. Raises CannotStart."""
    if not settings.bind:
        raise CannotStart("--bind: expected an address of this machine such as 172.17.0.1, got nothing")
    listeners = {}
    for offset, name in enumerate(settings.services):
        port = settings.ports.get(name) or (settings.port + offset if settings.port else 0)
        listeners[name] = listen(settings.bind, port)
    listeners["control"] = listen(
        "127.0.0.1", settings.control_port
    )  # never for other machines: it controls everything
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


def addresses_of(settings: Settings, listeners: Mapping[str, socket.socket]) -> dict[str, str]:
    """The URL of each listener."""
    return {name: _url(settings, name, listener) for name, listener in listeners.items()}


def _url(settings: Settings, name: str, listener: socket.socket) -> str:
    address = "127.0.0.1" if name == "control" or settings.bind == "0.0.0.0" else settings.bind
    address = "[::1]" if address == "::" else f"[{address}]" if ":" in address else address
    return f"http://{address}:{listener.getsockname()[1]}"
