"""Sending the `earlier_requests` of a seed: the requests before the recorded exchange."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from fakes.cht.state import State
from fakes.serving.wsgi import Environ, StartResponse, build_environ, call


class Target(Protocol):
    """The service that receives the requests."""

    state: State

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]: ...


def send_earlier_requests(requests: Iterable[Mapping[str, Any]], service: Target) -> None:
    """Send each request, repeated `times` times; the default headers are those of the usual caller."""
    for request in requests:
        path, _, query = str(request["path"]).partition("?")
        headers = request.get("headers") or usual_headers(path, service.state)
        body = str(request.get("body") or "").encode()
        for _ in range(int(request.get("times") or 1)):
            call(service, build_environ(str(request["method"]), path, query, headers, body))


def usual_headers(path: str, state: State) -> dict[str, str]:
    """The headers that the usual caller of a path sends."""
    if "africastalking" in path:
        return {"Content-Type": "application/x-www-form-urlencoded"}
    if "incoming-messages" in path:
        token = state.credentials.get("rapidpro:incoming", "")
        return {"Authorization": f"Token {token}", "Content-Type": "application/json"}
    admin = next((user for user in state.users.values() if user.is_admin), None)
    secret = base64.b64encode(f"{admin.name}:{admin.password}".encode()).decode() if admin else ""
    return {"Authorization": f"Basic {secret}", "Content-Type": "application/json"}
