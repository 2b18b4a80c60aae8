"""Replaying recorded traffic of CHT Core against the fake: seed, requests, comparison except for volatile values."""

from __future__ import annotations

import base64
import json
import random
import re
import threading
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
import requests
from flask import Flask
from flask.testing import FlaskClient

from fakes.cht.control.blueprint import control_blueprint
from fakes.cht.service import Cht
from fakes.clock import VirtualClock
from fakes.serving.wsgi import Reply, build_environ, call
from tests.folders import GOLDEN

FOLDER = GOLDEN / "cht"
RECORDED_AT = datetime(2026, 11, 23, 3, 20, tzinfo=UTC)
PATH_STEP = re.compile(r"\.([A-Za-z_][\w-]*)|\[(\d+)\]|\['([^']+)'\]")

Entry = Mapping[str, Any]


class Anything:
    """Stands for a volatile value: equal to every value of the same JSON type."""

    def __init__(self, recorded: Any) -> None:
        self.recorded = recorded

    def matches(self, value: Any) -> bool:
        return type(value) is type(self.recorded) or (
            isinstance(value, (int, float)) and isinstance(self.recorded, (int, float))
        )

    def __repr__(self) -> str:
        return f"<something like {self.recorded!r}>"


@dataclass
class World:
    """A fake CHT in the initial state of a recording, with its control API."""

    cht: Cht
    control: FlaskClient
    clock: VirtualClock
    notes: list[str] = field(default_factory=list)


def entries(name: str) -> list[Entry]:
    """All recordings of a file."""
    found: list[Entry] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return found


def not_yet() -> dict[str, str]:
    """Reasons by `file/id`."""
    return {str(name): str(reason) for name, reason in tomllib.loads((FOLDER / "not_yet.toml").read_text()).items()}


def recordings(name: str) -> list[Any]:
    """Parameters for a test of every recording; those listed in `not_yet.toml` must fail."""
    listed = not_yet()
    found = []
    for entry in entries(name):
        reason = listed.get(f"{name}/{entry['id']}")
        marks = [] if reason is None else [pytest.mark.xfail(reason=reason, strict=True)]
        found.append(pytest.param(entry, id=entry["id"], marks=marks))
    return found


def world(given: Mapping[str, Any], session: requests.Session | None = None) -> World:
    """A fake seeded over the control API. `session` makes its outgoing calls."""
    clock = VirtualClock(RECORDED_AT)
    cht = Cht(clock, session=session or requests.Session(), rng=random.Random(1))
    app = Flask("control")
    app.register_blueprint(control_blueprint(cht), url_prefix="/cht")
    made = World(cht, app.test_client(), clock)
    cht.on_unexpected = made.notes.append
    seed = json.dumps(dict(given))  # not `json=`: Flask's client would sort the keys, and some settings have an order
    answer = made.control.post("/cht/seed", data=seed)
    assert answer.status_code == 200, answer.text
    return made


def send(cht: Cht, request: Mapping[str, Any]) -> Reply:
    """Send one recorded request."""
    path, _, query = request["path"].partition("?")
    headers = dict(request.get("headers") or {})
    body = body_of(request)
    if request.get("body") is not None or body:
        headers["Content-Length"] = str(len(body))
    return call(cht, build_environ(request["method"], path, query, headers, body))


def body_of(request: Mapping[str, Any]) -> bytes:
    """The bytes of a recorded request."""
    generated = request.get("body_generated")
    if generated:
        text = generated["prefix"] + generated["repeat"] * generated["times"] + generated["suffix"]
        return str(text).encode()
    if request.get("body_base64"):
        return base64.b64decode(request["body_base64"])
    return str(request.get("body") or "").encode()


def send_at_once(cht: Cht, request: Mapping[str, Any], times: int) -> list[Reply]:
    """Send a request `times` times simultaneously: all look up duplicates before any of them saves."""
    barrier = threading.Barrier(times)
    cht.messaging.database_delay = lambda: _wait_at(barrier)
    replies: list[Reply] = []
    threads = [threading.Thread(target=lambda: replies.append(send(cht, request))) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    return replies


def _wait_at(barrier: threading.Barrier) -> None:
    barrier.wait(5)


def differences(entry: Entry, made: World, replies: Iterable[Reply]) -> list[str]:
    """Differences from the recording: replies, then documents."""
    expected = masked(entry)
    found = (
        [text for reply in replies for text in _answer(expected["response"], reply)] if "response" in expected else []
    )
    if "docs" in entry:
        given = (entry.get("given") or {}).get("docs")
        found += documents(expected["docs"], docs_of(made), given if isinstance(given, list) else [])
    if "sentinel_docs" in entry:
        found += documents(expected["sentinel_docs"], docs_of(made, "sentinel"))
    stored = (entry.get("observed") or {}).get("docs_stored")
    if stored is not None and len(docs_of(made)) != stored:
        found.append(f"documents: {stored} recorded, {len(docs_of(made))} found")
    return found


def docs_of(made: World, database: str = "medic") -> list[dict[str, Any]]:
    """All documents, over the control API."""
    listed: list[dict[str, Any]] = made.control.get(f"/cht/docs?db={database}").get_json()["docs"]
    return listed


def masked(entry: Entry) -> dict[str, Any]:
    """A copy of a recording with Anything for every volatile value."""
    copy: dict[str, Any] = json.loads(json.dumps(entry))
    for path in entry.get("volatile", ()):
        steps = [int(index) if index else name or quoted for name, index, quoted in PATH_STEP.findall(path)]
        target: Any = copy
        for step in steps[:-1]:
            target = target[step] if _has(target, step) else None
        if _has(target, steps[-1]):
            target[steps[-1]] = Anything(target[steps[-1]])
    return copy


def _has(value: Any, step: str | int) -> bool:
    if isinstance(step, int):
        return isinstance(value, list) and step < len(value)
    return isinstance(value, dict) and step in value


def equal(expected: Any, found: Any) -> bool:
    """Whether a value is as recorded; types must be equal, but 1 and 1.0 are one number."""
    if isinstance(expected, Anything):
        return expected.matches(found)
    if isinstance(expected, dict):
        return (
            isinstance(found, dict)
            and expected.keys() == found.keys()
            and all(equal(value, found[key]) for key, value in expected.items())
        )
    if isinstance(expected, list):
        return isinstance(found, list) and len(expected) == len(found) and all(map(equal, expected, found))
    return isinstance(expected, bool) == isinstance(found, bool) and bool(expected == found)


def documents(expected: list[Any], found: list[dict[str, Any]], given: Iterable[Any] = ()) -> list[str]:
    """Differences between two sets of documents, in any order.

    Some recordings omit unchanged documents of the seed; such `given` documents may be found.
    """
    rest = list(found)
    missing = []
    for doc in expected:
        match = next((index for index, candidate in enumerate(rest) if equal(doc, candidate)), None)
        if match is None:
            missing.append(doc)
        else:
            del rest[match]
    unchanged = list(given)
    lost = [f"recorded but not found: {doc!r}" for doc in missing]
    return lost + [f"found but not recorded: {doc!r}" for doc in rest if doc not in unchanged]


def _answer(expected: Mapping[str, Any], reply: Reply) -> list[str]:
    found = []
    if reply.status != expected["status"]:
        found.append(f"status: {expected['status']} recorded, {reply.status} found")
    for name, value in (expected.get("headers") or {}).items():
        if reply.header(name) != value:
            found.append(f"header {name}: {value!r} recorded, {reply.header(name)!r} found")
    text = reply.body.decode("utf-8", "replace")
    if isinstance(expected.get("body"), str) and expected["body"] != text:
        found.append(f"body: {expected['body']!r} recorded, {text!r} found")
    if "body_starts" in expected and not text.startswith(expected["body_starts"]):
        found.append(f"body: should begin with {expected['body_starts']!r}, is {text[:80]!r}")
    if "json" in expected and not equal(expected["json"], json.loads(text)):
        found.append(f"JSON: {expected['json']!r} recorded, {text} found")
    return found


def replay(entry: Entry, prepare: Callable[[Entry], Mapping[str, Any]] | None = None) -> list[str]:
    """Replay a recording of one request to CHT. Returns the differences."""
    made = world(prepare(entry) if prepare else entry.get("given") or {})
    times = entry["request"].get("simultaneous")
    replies = send_at_once(made.cht, entry["request"], times) if times else [send(made.cht, entry["request"])]
    assert len(replies) == (times or 1)
    return differences(entry, made, replies)
