"""Parts of broken relays: a session and a WSGI app between the reference relay and the world."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

import requests

from conformance.subjects.in_process import RelayLike, reference
from fakes.serving.transport import as_response
from fakes.serving.wsgi import Environ, Reply, StartResponse, WSGIApp
from relay import Settings

Now = Callable[[], datetime]


class Between:
    """A session that passes calls on to `inner`; defects override `call`."""

    def __init__(self, inner: requests.Session, now: Now) -> None:
        self.inner = inner
        self.now = now

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """What the relay calls."""
        return self.call(method, url, options)

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        """Pass it on."""
        return self.inner.request(method, url, **options)


def body_of(options: dict[str, Any]) -> Any:
    """The JSON body of a call, in whatever form it is passed."""
    if options.get("json") is not None:
        return options["json"]
    data = options.get("data")
    return json.loads(data) if data else {}


def with_body(options: dict[str, Any], body: Any) -> dict[str, Any]:
    """The same call with another JSON body."""
    changed = {key: value for key, value in options.items() if key not in ("json", "data")}
    headers = {**(changed.get("headers") or {}), "Content-Type": "application/json"}
    return {**changed, "data": json.dumps(body).encode(), "headers": headers}


def answer(response: requests.Response, status: int | None = None, body: Any = None) -> requests.Response:
    """The same answer with another status or another JSON body."""
    content = response.content if body is None else json.dumps(body).encode()
    headers = (("Content-Type", "application/json" if body is not None else str(response.headers.get("Content-Type"))),)
    return as_response(Reply(status or response.status_code, headers, content), response.request)


def is_sending(method: str, url: str) -> bool:
    """Whether a call sends a text."""
    return method == "POST" and url.endswith("/broadcasts.json")


def is_lookup(url: str) -> bool:
    """Whether a call looks up messages."""
    return url.endswith("/messages.json")


def is_gateway(url: str) -> bool:
    """Whether a call goes to CHT's gateway API."""
    return url.endswith("/api/sms")


Session = Callable[[requests.Session, Now], Any]
App = Callable[[WSGIApp, Settings], WSGIApp]


class Defect:
    """A relay with a different session or app around it: a `Build` of the in-process subject."""

    def __init__(self, session: Session | None = None, app: App | None = None) -> None:
        self._session = session
        self._app = app

    def __call__(self, settings: Settings, now: Now, session: requests.Session) -> RelayLike:
        between: Any = session if self._session is None else self._session(session, now)
        relay = reference(settings, now, between)
        return relay if self._app is None else Wrapped(relay, self._app(relay.app, settings))


class Wrapped:
    """A relay behind another WSGI app."""

    def __init__(self, relay: RelayLike, app: WSGIApp) -> None:
        self._relay = relay
        self.app = app

    def work(self, now: datetime) -> datetime:
        return self._relay.work(now)

    def close(self) -> None:
        self._relay.close()


def changing(change: Callable[[Environ], None]) -> App:
    """An app that changes each request before the relay sees it."""

    def wrap(app: WSGIApp, _settings: Settings) -> WSGIApp:
        def changed(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
            change(environ)
            return app(environ, start_response)

        return changed

    return wrap
