"""Requests to a fake RapidPro in the state of the recordings."""

from __future__ import annotations

import json
from typing import Any

from fakes.serving.wsgi import Reply, build_environ, call
from tests.fakes.rapidpro.recorded_traffic import World, setup


def ask(
    world: World, method: str, name: str, body: Any = None, query: str = "", *, token: str | None = "admin", **more: str
) -> Reply:
    """The answer to a request with a token; `more`: headers, with `_` for `-` in their names."""
    headers = {} if token is None else {"Authorization": f"Token {setup()['tokens'][token]['key']}"}
    raw = b""
    if body is not None:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers["Content-Type"] = "application/json"
    headers |= {key.replace("_", "-"): value for key, value in more.items()}
    world.rapidpro.throttle.reset()
    return call(world.rapidpro, build_environ(method, f"/api/v2/{name}.json", query, headers, raw))


def json_of(reply: Reply) -> Any:
    """The JSON of an answer."""
    return json.loads(reply.body)


def rows(world: World, name: str, query: str = "") -> list[Any]:
    """The rows of a list."""
    found: list[Any] = json_of(ask(world, "GET", name, query=query))["results"]
    return found
