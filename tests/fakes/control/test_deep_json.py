"""JSON that is nested too deeply, at every route of the control API: an answer, never an internal error."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from flask import Flask

from fakes.assembly import Fakes, assemble_services
from fakes.clock import VirtualClock
from fakes.control.app import control_app
from fakes.control.local_only import LocalOnly
from fakes.serving.json_depth import MAX_DEPTH, is_too_deep
from fakes.serving.wsgi import WSGIApp, build_environ, call

BODYLESS = {
    "/cht/tasks/x/due", "/clock/next", "/reset", "/rapidpro/messages/1/resend", "/rapidpro/channel/sync",
}  # fmt: skip
"""Routes that change something and take no body."""
DEPTHS = (MAX_DEPTH + 1, 400, 900, 990, 5_000, 100_000)


@pytest.fixture(scope="module")
def fakes() -> Fakes:
    return assemble_services(["rapidpro", "cht"], VirtualClock())


@pytest.fixture(scope="module")
def control(fakes: Fakes) -> WSGIApp:
    return control_app(fakes)


def routes() -> list[tuple[str, str]]:
    """All routes that may have a body: method and path, with something in place of each variable part."""
    app: Any = control_app(assemble_services(["rapidpro", "cht"], VirtualClock()))
    assert isinstance(app, LocalOnly)
    flask: Any = app._app.__self__  # type: ignore[attr-defined] # the bound wsgi_app of the Flask app
    assert isinstance(flask, Flask)
    values = {"kind": "at", "action": "status", "number": "+250788123001", "_uuid": "any"}
    found = set()
    for rule in flask.url_map.iter_rules():
        numbers = re.sub(r"<int:\w+>", "1", rule.rule)
        path = re.sub(r"<(?:path:)?(\w+)>", lambda part: values.get(part[1], "x"), numbers)
        found |= {(method, path) for method in (rule.methods or set()) & {"POST", "PUT"}}
    found |= {("POST", f"/rapidpro/c/{kind}/any/{action}") for kind in ("ib", "at", "ex") for action in CALLS}
    return sorted(found)


CALLS = ("status", "delivered", "delivery", "receive", "callback")


def asked(control: WSGIApp, method: str, path: str, body: bytes) -> tuple[int, str]:
    headers = {"Host": "127.0.0.1", "Content-Type": "application/json"}
    reply = call(control, build_environ(method, path, "", headers, body))
    return reply.status, reply.body.decode()


def test_the_walk_covers_the_routes_with_a_body() -> None:
    paths = {path for _, path in routes()}
    assert {"/faults", "/clock/advance", "/rapidpro/seed", "/cht/seed", "/cht/run", "/rapidpro/channel"} <= paths
    assert len(paths) >= 25


@pytest.mark.parametrize("form", ["[", '{"a":', '[{"b":', '{"status":[', '{"results":['])
@pytest.mark.parametrize("depth", DEPTHS)
def test_no_route_fails_over_deep_json(control: WSGIApp, depth: int, form: str) -> None:
    closing = {"[": "]", "{": "}"}
    end = "".join(closing[char] for char in reversed(form) if char in closing)
    whole, broken = (form * depth + "1" + end * depth).encode(), (form * depth).encode()
    for method, path in routes():
        for body in (whole, broken):
            status, said = asked(control, method, path, body)
            expected = {200, 404} if path in BODYLESS else {400}
            assert status in expected | {400}, (method, path, said[:200])


@pytest.mark.parametrize(("method", "path"), routes())
def test_5000_brackets_are_a_400_with_a_sentence(control: WSGIApp, method: str, path: str) -> None:
    status, said = asked(control, method, path, b"[" * 5_000)
    if path not in BODYLESS:
        assert status == 400
        assert "nested too deeply" in said


@pytest.mark.parametrize("depth", [50, MAX_DEPTH - 1])
def test_what_is_not_too_deep_is_answered_by_each_route_itself(control: WSGIApp, depth: int) -> None:
    for method, path in routes():
        for body in ("[" * depth + "]" * depth, '{"a":' * depth + "[]" + "}" * depth, _deep_values(depth)):
            status, said = asked(control, method, path, body.encode())
            assert status < 500, (method, path, said[:200])
            assert "too deeply" not in said


def _deep_values(depth: int) -> str:
    """Every field that some route knows, with a deep value."""
    names = ("seconds", "status", "message", "text", "says", "effect", "with", "match", "pass", "shares", "state", "v2")
    return json.dumps(dict.fromkeys(names, 0)).replace(": 0", ": " + "[" * (depth - 1) + "]" * (depth - 1))


@pytest.mark.parametrize("shape", ["list", "object"])
def test_the_depth_is_counted_exactly(shape: str) -> None:
    value: Any = 1
    for _ in range(MAX_DEPTH):
        value = [value] if shape == "list" else {"a": value, "b": 2}
    assert not is_too_deep(value)
    assert is_too_deep([value])
    assert not is_too_deep(json.loads("[" + "[]," * 1000 + "[]]"))
    assert not is_too_deep("[" * 5000)
