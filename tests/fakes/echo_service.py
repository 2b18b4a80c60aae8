"""For the tests of faults and serving: a service that counts its requests, reached in process and over a socket."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import requests
from flask import Blueprint, jsonify, request

from fakes.assembly import Fakes, assemble
from fakes.clock import Clock, SystemClock, VirtualClock
from fakes.ledger import Keeping
from fakes.service import SeedError
from fakes.serving.server import WSGIServer
from fakes.serving.transport import WSGIAdapter
from fakes.serving.wsgi import Environ, Reply, StartResponse, read_body
from fakes.standalone import listen

GOOD_TOKEN = "a-token-that-is-known"
LIMIT = 20_000_000


class Echo:
    """Answers with the number of the request. Refuses other tokens, and everybody once its quota is used up."""

    on_unexpected: Callable[[str], None]
    rng_state: Any = None

    def __init__(self, name: str = "rapidpro") -> None:
        self.name = name
        self.acted = 0
        self.exhausted = False
        self.channel: dict[str, Any] = {"shares": {"late_report": 0.0}, "down": False}
        self._lock = threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body = read_body(environ, LIMIT)
        token = environ.get("HTTP_AUTHORIZATION", f"Token {GOOD_TOKEN}")
        if token != f"Token {GOOD_TOKEN}":
            return answer(403, {"detail": "Invalid token"}).to_wsgi(start_response)
        if self.exhausted:
            return answer(429, {"detail": "really"}).to_wsgi(start_response)
        with self._lock:
            self.acted += 1
            number = self.acted
        texts = {
            "id": number,
            "status": "queued",
            "bytes": len(body),
            "results": [{"status": "S", "id": 1}, {"status": "S"}],
        }
        return answer(200, texts).to_wsgi(start_response)

    def exhaust_quota(self) -> None:
        self.exhausted = True

    def secrets(self) -> Mapping[str, str]:
        return {"token": GOOD_TOKEN}

    def seed(self, data: Mapping[str, Any]) -> None:
        if "start" not in data:
            raise SeedError(f"start: expected a number, got {dict(data)}")
        self.acted = data["start"]

    def reset(self) -> None:
        self.acted = 0
        self.exhausted = False

    def versions(self) -> Mapping[str, object]:
        return {}

    def metrics(self) -> Mapping[str, float]:
        return {"acted_total": self.acted}

    def blueprint(self) -> Blueprint:
        routes = Blueprint(self.name, __name__)

        @routes.post("/seed")
        def seed() -> Any:
            self.seed(request.get_json())
            return jsonify(status="ok")

        @routes.route("/channel", methods=["GET", "PUT"])
        def channel() -> Any:
            if request.method == "PUT":
                changes = request.get_json()
                if not set(changes) <= set(self.channel):
                    return jsonify(error="unknown setting"), 400
                self.channel.update(changes)
            return jsonify(self.channel)

        return routes


def answer(status: int, value: Any) -> Reply:
    return Reply.of(status, "application/json", json.dumps(value).encode())


class EchoSetup:
    """An echo service with its layers, and a client for it."""

    def __init__(self, clock: Clock, echo: Echo, fakes: Fakes, url: str) -> None:
        self.clock = clock
        self.echo = echo
        self.fakes = fakes
        self.url = url

    def session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        if self.url.startswith("http://echo.test"):
            advance = self.clock.advance if isinstance(self.clock, VirtualClock) else None
            session.mount("http://echo.test", WSGIAdapter(self.fakes.apps["rapidpro"], advance, self.clock.now))
        return session

    def ask(
        self, method: str = "POST", path: str = "/api", *, timeout: float | None = 5, **given: Any
    ) -> tuple[Any, ...]:
        """What the client sees: `("reply", status, JSON or bytes)`, or the names of the exception and its cause."""
        with self.session() as session:
            try:
                response = session.request(method, self.url + path, timeout=timeout, **given)
            except requests.RequestException as failure:
                return (type(failure).__name__, _cause(failure))
            with contextlib.suppress(ValueError):
                return ("reply", response.status_code, response.json())
            return ("reply", response.status_code, response.content)


def _cause(failure: BaseException) -> str:
    """The innermost exception that `requests` wraps."""
    inner = next((one for one in reversed(failure.args) if isinstance(one, BaseException)), None)
    return type(failure).__name__ if inner is None else _cause(inner)


def in_process(keeping: Keeping | None = None) -> EchoSetup:
    clock = VirtualClock()
    fakes, echo = assemble(clock, keeping), Echo()
    fakes.add(echo, echo.blueprint)
    return EchoSetup(clock, echo, fakes, "http://echo.test")


@contextlib.contextmanager
def on_a_socket(clock: Clock | None = None) -> Iterator[EchoSetup]:
    fakes, echo = assemble(clock or SystemClock()), Echo()
    listener = listen("127.0.0.1", 0)
    server = WSGIServer(fakes.add(echo, echo.blueprint), listener, threads=16)
    server.start()
    try:
        yield EchoSetup(fakes.clock, echo, fakes, f"http://127.0.0.1:{listener.getsockname()[1]}")
    finally:
        server.stop()
