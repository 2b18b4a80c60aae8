"""The list of the control API's routes: complete, and true about what each route takes and gives."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from fakes.assembly import assemble_services
from fakes.clock import VirtualClock
from fakes.control.app import control_app
from fakes.control.route_list import description
from fakes.rapidpro.seed.default import default_seed
from fakes.serving.wsgi import WSGIApp, build_environ, call
from tests.fakes.rapidpro.flow_bundles import flow, say

NUMBER = "+250788123001"
TEXTS = f"/rapidpro/phones/{NUMBER}/texts"
SEED = json.loads(json.dumps(default_seed(VirtualClock().now()), default=str))
HELLO = flow("Hello", say("hello", "Hello"))
WEBHOOK = {"url": "http://127.0.0.1:9/nobody-listens"}
EXAMPLES: dict[str, tuple[str, Any]] = {
    "POST /reset": ("/reset", {}),
    "POST /clock/advance": ("/clock/advance", {"seconds": 60}),
    "PUT /clock": ("/clock", {"running": False, "speed": 60}),
    "POST /faults": ("/faults", {"preset": "throttled"}),
    "DELETE /faults/<number>": ("/faults/1", None),
    "DELETE /faults": ("/faults", None),
    "POST /rapidpro/seed": ("/rapidpro/seed", SEED),
    "PUT /rapidpro/rates": ("/rapidpro/rates", {"v2": "10/hour"}),
    "PUT /rapidpro/tokens/<name>": ("/rapidpro/tokens/relay", {"active": True}),
    "PUT /rapidpro/engine": ("/rapidpro/engine", {"state": "working"}),
    "POST /rapidpro/broadcasts": ("/rapidpro/broadcasts", {"count": 1, "number": NUMBER}),
    "PUT /rapidpro/channel": ("/rapidpro/channel", {"tps": 5}),
    "POST /rapidpro/channel/reports": ("/rapidpro/channel/reports", {"message": "MESSAGE", "status": "delivered"}),
    "POST /rapidpro/channel/sync": ("/rapidpro/channel/sync", {}),
    "DELETE /rapidpro/channels/<uuid>": (f"/rapidpro/channels/{SEED['channels'][0]['uuid']}", None),
    "PUT /rapidpro/webhook": ("/rapidpro/webhook", WEBHOOK),
    "PUT /rapidpro/flow": ("/rapidpro/flow", {"says": "@trigger.params.content"}),
    "POST /rapidpro/flows": ("/rapidpro/flows", {"version": "13", "flows": [HELLO]}),
    "GET /rapidpro/flows/<uuid>": (f"/rapidpro/flows/{HELLO['uuid']}", None),
    "DELETE /rapidpro/flows/<uuid>": (f"/rapidpro/flows/{HELLO['uuid']}", None),
    "GET /rapidpro/phones/<number>/sessions": (TEXTS.replace("texts", "sessions"), None),
    "GET /rapidpro/phones": ("/rapidpro/phones?texts=yes", None),
    "PUT /rapidpro/phones/<number>": (TEXTS.removesuffix("/texts"), {"name": "Amina"}),
    "GET /rapidpro/phones/<number>/texts": (TEXTS, None),
    "POST /rapidpro/phones/<number>/texts": (TEXTS, {"text": "TEMP 38.5"}),
    "POST /rapidpro/messages/<message_id>/resend": ("/rapidpro/messages/MESSAGE/resend", {}),
    "POST /rapidpro/c/<kind>/<_uuid>/<action>": (
        "/rapidpro/c/ib/any/receive",
        {"results": [], "messageCount": 0},
    ),
    "POST /cht/seed": ("/cht/seed", {"docs": []}),
    "POST /cht/run": ("/cht/run", {"pass": "send"}),
    "PUT /cht/timers": ("/cht/timers", {"sending_every": 60}),
    "PUT /cht/release": ("/cht/release", {}),
    "PUT /cht/server": ("/cht/server", {"state": "ready"}),
    "POST /cht/messages": ("/cht/messages", {"number": NUMBER, "text": "Visit due", "due": None}),
    "POST /cht/tasks/<task>/due": ("/cht/tasks/TASK/due", {}),
    "PUT /cht/settings": ("/cht/settings", {"locale": "sw"}),
    "GET /cht/credentials/<key>": ("/cht/credentials/rapidpro:outgoing", None),
    "PUT /cht/credentials/<key>": ("/cht/credentials/rapidpro:outgoing", {"value": "x"}),
}
"""A path and a body for each route that needs one."""
BEFORE: dict[str, list[tuple[str, str, Any]]] = {
    "DELETE /faults/<number>": [("POST", "/faults", {"preset": "throttled"})],
    "GET /rapidpro/flows/<uuid>": [("POST", "/rapidpro/flows", {"version": "13", "flows": [HELLO]})],
    "DELETE /rapidpro/flows/<uuid>": [("POST", "/rapidpro/flows", {"version": "13", "flows": [HELLO]})],
    "POST /cht/tasks/<task>/due": [
        ("POST", "/cht/messages", {"number": NUMBER, "text": "Visit due", "due": "2030-01-01T00:00:00Z"})
    ],
    "POST /rapidpro/channel/sync": [("PUT", "/rapidpro/channel", {"aggregator": "android"})],
    "POST /rapidpro/messages/<message_id>/resend": [
        ("PUT", "/rapidpro/channel", {"bad_numbers": [NUMBER]}),
        ("POST", "/rapidpro/broadcasts", {"count": 1, "number": NUMBER}),
        ("POST", "/clock/advance", {"seconds": 3600}),
    ],
    "POST /rapidpro/channel/reports": [
        ("POST", "/rapidpro/broadcasts", {"count": 1, "number": NUMBER}),
        ("POST", "/clock/advance", {"seconds": 1}),
    ],
}
"""Requests without which a route refuses its example."""


@pytest.fixture
def control() -> WSGIApp:
    return control_app(assemble_services(("rapidpro", "cht"), VirtualClock()))


def ask(control: WSGIApp, method: str, path: str, body: Any = None) -> Any:
    path, _, query = path.partition("?")
    raw = b"" if body is None else json.dumps(body).encode()
    reply = call(control, build_environ(method, path, query, {"Host": "127.0.0.1:99"}, raw))
    assert reply.status < 300, reply.body
    return json.loads(reply.body) if reply.header("Content-Type") == "application/json" else reply.body.decode()


def listed() -> list[dict[str, str]]:
    app = control_app(assemble_services(("rapidpro", "cht"), VirtualClock()))
    return list(ask(app, "GET", "/")["routes"])


def name_of(route: dict[str, str]) -> str:
    return f"{route['method']} {route['path']}"


def answered_at_once() -> list[dict[str, str]]:
    """All but the stream of events, which needs a socket (test_events.py)."""
    return [route for route in listed() if route["path"] != "/events"]


@pytest.mark.parametrize("route", answered_at_once(), ids=name_of)
def test_a_route_says_what_it_is_for_and_answers_what_it_says(route: dict[str, str], control: WSGIApp) -> None:
    assert route["purpose"].endswith(".")
    for method, path, body in BEFORE.get(name_of(route), []):
        ask(control, method, path, body)
    path, body = EXAMPLES.get(name_of(route), (route["path"], None))
    if "MESSAGE" in path or "MESSAGE" in str(body):
        message = ask(control, "GET", "/rapidpro/messages")["messages"][-1]["id"]
        path = path.replace("MESSAGE", str(message))
        body = {**body, "message": message} if body else body
    if "TASK" in path:
        path = path.replace("TASK", ask(control, "GET", "/cht/tasks")["documents"][-1]["tasks"][0]["id"])
    given = ask(control, route["method"], path, body)
    if named := first_keys(route["answer"]):
        assert named <= set(given)
        assert set(given) <= named or "..." in route["answer"] or "and the URL" in route["answer"]
    if body:
        assert set(body) <= first_keys(route["body"]) or not first_keys(route["body"])


def first_keys(shape: str) -> set[str]:
    """The keys of the outer object of a shape; empty if it names none."""
    inner = re.search(r"\{(.*)\}", shape)
    text = "" if inner is None else inner[1]
    while re.search(r"[\[{(][^\[\]{}()]*[\]})]", text):
        text = re.sub(r"[\[{(][^\[\]{}()]*[\]})]", "", text)
    return set(re.findall(r'(?:^|, )"(\w+)"', text))


def test_every_route_that_takes_a_body_says_so() -> None:
    silent = {"POST /reset", "POST /rapidpro/channel/sync", "POST /rapidpro/messages/<message_id>/resend"}
    silent |= {"POST /cht/tasks/<task>/due", "POST /clock/next"}
    takers = {name_of(route) for route in listed() if route["method"] in ("POST", "PUT") and "body" not in route}
    assert takers == silent


def test_only_the_services_that_run_have_routes() -> None:
    app = control_app(assemble_services(("cht",), VirtualClock()))
    paths = [route["path"] for route in ask(app, "GET", "/")["routes"]]
    assert "/cht/docs" in paths
    assert not any(path.startswith("/rapidpro") for path in paths)


def test_a_docstring_is_read_by_its_paragraphs() -> None:
    read = description("One thing.\n\n    More\n    of it.\n\n    Body: {}\n\n    Answer: [1,\n    2]\n    ")
    assert read == {"purpose": "One thing. More of it.", "body": "{}", "answer": "[1, 2]"}
