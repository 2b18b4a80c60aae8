"""Records what people do: requests to the control API that change something, and all to the fakes' sockets."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any

from conformance.workbench.bench import Bench
from conformance.workbench.session.actions import CONTROL, KEPT_HEADERS, Action
from conformance.workbench.session.secrets import Names
from fakes.control.clock.driver import TimeDriver
from fakes.ledger.looks import KEY as LOOK_KEY
from fakes.serving.connection import WAIT_KEY
from fakes.serving.wsgi import Environ, Reply, ReplyApp, WSGIApp, call, read_body, request_headers

MOST_ACTIONS = 5_000
MOST_BYTES = 8 * 1024 * 1024
"""Of all bodies together."""
LARGEST_BODY = 64 * 1024 * 1024
MOST_SENTENCES = 50
READING = frozenset({"GET", "HEAD", "OPTIONS"})
RESET = "/reset"
FLOWS = "/rapidpro/flows"
NOT_RECORDED = frozenset({("PUT", "/clock"), ("POST", "/session/export")})
"""Requests to the control API that change nothing in the world: how fast time goes is in the times of the actions."""


class Recorder:
    """The actions of one workbench, since its start or its last reset.

    In virtual time one action follows the other, under the lock of `bench`. In real time they overlap as they come.
    """

    def __init__(self, bench: Bench, names: Names) -> None:
        self.began: datetime = bench.world.now()
        self.actions: list[Action] = []
        self.missing: dict[str, int] = {}
        """What is not in the session, and how often."""
        self._bench = bench
        self.names = names
        self._bytes = 0
        self._in_order: AbstractContextManager[Any] = nullcontext() if bench.driver is None else bench.lock

    def control(self, app: WSGIApp) -> WSGIApp:
        """The control API, recorded."""
        return _Recorded(app, self._control)

    def service(self, name: str, app: WSGIApp) -> WSGIApp:
        """A fake as people reach it on its socket, recorded. The relay in this process uses no socket."""
        return _Recorded(app, lambda app_, environ: self._service(name, app_, environ))

    def sentences(self) -> Sequence[str]:
        """About what is missing."""
        return [f"{what} ({count} times)" if count > 1 else what for what, count in self.missing.items()]

    def _control(self, app: WSGIApp, environ: Environ) -> Reply:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if method in READING or (method, path) in NOT_RECORDED:
            return call(app, environ)
        with self._in_order:
            at, body = self._bench.world.now(), read_body(environ, LARGEST_BODY)
            reply = call(app, environ)
            with self._bench.lock:
                if reply.status < 300 and (method, path) == ("POST", RESET):
                    self._start_over()
                elif reply.status < 300:
                    self._keep(_action(at, CONTROL, environ, body))
                    self._bench.note_text(path, _json(body), _json(reply.body))
        return reply

    def _service(self, name: str, app: WSGIApp, environ: Environ) -> Reply:
        if LOOK_KEY in environ:
            return call(app, environ)
        with self._bench.lock:
            if self._bench.driver is not None:
                environ[WAIT_KEY] = _virtual_wait(self._bench.driver)
            self._keep(_action(self._bench.world.now(), name, environ, read_body(environ, LARGEST_BODY)))
            return call(app, environ)

    def _keep(self, action: Action) -> None:
        hidden = self.names.hidden(action)
        if hidden is None:
            self._miss(f"{action.method} {self.names.hide(action.path)} to {action.to}: it holds secrets")
        elif len(self.actions) >= MOST_ACTIONS or self._bytes + len(hidden.body) > MOST_BYTES:
            self._miss(
                f"what came after {len(self.actions)} actions: the session is full, POST /reset begins a new one"
            )
        else:
            self.actions.append(hidden)
            self._bytes += len(hidden.body)

    def _miss(self, what: str) -> None:
        what = what if what in self.missing or len(self.missing) < MOST_SENTENCES else "further requests"
        self.missing[what] = self.missing.get(what, 0) + 1

    def _start_over(self) -> None:
        """After a reset only the flows are still there. They were there from the beginning, as if imported then."""
        self._bench.start_over()
        self.began = self._bench.world.now()
        flows = [one for one in self.actions if (one.method, one.path) == ("POST", FLOWS)]
        self.actions, self.missing, self._bytes = [], {}, 0
        for one in flows:
            self._keep(Action(self.began, one.to, one.method, one.path, one.query, one.headers, one.body))


class _Recorded(ReplyApp):
    """An app whose requests go through `asked`."""

    def __init__(self, app: WSGIApp, asked: Callable[[WSGIApp, Environ], Reply]) -> None:
        self._app = app
        self._asked = asked

    def answer(self, environ: Environ) -> Reply:
        return self._asked(self._app, environ)


def _virtual_wait(driver: TimeDriver) -> Callable[[float], bool]:
    def wait(seconds: float) -> bool:
        driver.clock.advance(seconds)
        return True

    return wait


def _action(at: datetime, to: str, environ: Environ, body: bytes) -> Action:
    given = request_headers(environ)
    headers = {name: given[name] for name in KEPT_HEADERS if name in given}
    return Action(
        at, to, environ["REQUEST_METHOD"], environ["PATH_INFO"], environ.get("QUERY_STRING", ""), headers, body
    )


def _json(body: bytes) -> Any:
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None
