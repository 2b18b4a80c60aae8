"""Replaying recorded traffic of RapidPro against the fake one, except for volatile values."""

from __future__ import annotations

import json
import random
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import requests

from fakes.clock import VirtualClock
from fakes.rapidpro import RapidPro
from fakes.rapidpro.store.records import Content
from fakes.serving.wsgi import Reply, build_environ, call
from tests.folders import GOLDEN

FOLDER = GOLDEN / "rapidpro"
RECORDED_AT = datetime(2026, 11, 23, 3, 54, 30, 111_111, tzinfo=UTC)
FILES = ("auth", "broadcasts", "flow_starts", "messages", "misc", "throttle")
VERSIONS = {
    "6.4": "v6.4.0", "7.4": "v7.4.0", "8.0": "v8.0.0", "9.0": "v9.0.0", "10": "v10.0.1", "26": "v26.3.54",
}  # fmt: skip
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z")
PLACE = re.compile(r"\{(\d+):([^}]+)\}")
STEP = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+|\*)\]")

Trace = Mapping[str, Any]


@cache
def setup() -> Mapping[str, Any]:
    """The data that every recording assumes."""
    found: Mapping[str, Any] = json.loads((FOLDER / "setup.json").read_text("utf-8"))
    return found


@cache
def recorded(profile: str) -> Mapping[str, Mapping[str, Any]]:
    """The recordings of a profile: traces by id, each with the common headers that are also expected.

    Of the other versions a file holds the traces that differ; the rest is as in the main recordings, but for headers.
    """
    main = {trace["id"]: trace for name in FILES for trace in _read(f"{name}.json")}
    if profile == "9.3":
        return {key: {"trace": trace, "ambient": None} for key, trace in main.items()}
    version = _read(f"versions/{VERSIONS[profile]}.json")
    own = {trace["id"]: {"trace": trace, "ambient": None} for trace in version["traces"]}
    same = {key: {"trace": main[key], "ambient": version["ambient_headers"]} for key in version["same_as_main"]}
    return {key: (own.get(key) or same[key]) for key in main if key in own or key in same}


def _read(name: str) -> Any:
    return json.loads((FOLDER / name).read_text("utf-8"))


def not_yet() -> dict[str, str]:
    """By `profile/id`: why a recording is not matched."""
    return {str(name): str(reason) for name, reason in tomllib.loads((FOLDER / "not_yet.toml").read_text()).items()}


def sequences(profile: str) -> Iterator[list[tuple[str, Mapping[str, Any]]]]:
    """Recordings to replay in one world: single ones by themselves, sequences in order."""
    grouped: dict[str, list[tuple[str, Mapping[str, Any]]]] = {}
    for key, entry in recorded(profile).items():
        grouped.setdefault(entry["trace"].get("sequence", key), []).append((key, entry))
    for group in grouped.values():
        yield sorted(group, key=lambda pair: pair[1]["trace"].get("step", 0))


class World:
    """A fake RapidPro in the initial state of the recordings."""

    def __init__(self, profile: str) -> None:
        self.clock = VirtualClock(RECORDED_AT)
        self.rapidpro = RapidPro(self.clock, profile=profile, session=requests.Session(), rng=random.Random(1))
        self.rapidpro.seed(setup())
        self.rapidpro.engine = "idle"  # what stood behind the recorded API did nothing by itself
        self.answers: dict[int, Reply] = {}

    def play(self, trace: Trace) -> Reply:
        """Send one recorded request, after simulating what must happen before it."""
        if "rates" in trace and not self.answers:
            self.rapidpro.set_rates(trace["rates"])
        if "at_s" in trace:
            self.clock.advance_to(RECORDED_AT.fromtimestamp(RECORDED_AT.timestamp() + trace["at_s"], UTC))
        happen(self.rapidpro, self.clock, trace.get("setup", ""))
        reply = call(self.rapidpro, self._environ(trace["request"]))
        self.answers[trace.get("step", 0)] = reply
        return reply

    def _environ(self, request: Mapping[str, Any]) -> dict[str, Any]:
        query = request.get("query") or ""
        if "query_template" in request:
            query = PLACE.sub(lambda found: self._earlier(int(found[1]), found[2]), request["query_template"])
        encoding = request.get("headers_encoding", "utf-8")
        headers = {name: value.encode(encoding).decode("latin-1") for name, value in request["headers"].items()}
        body = b""
        if "json" in request:
            body = json.dumps(request["json"]).encode()
        elif "body" in request:
            body = request["body"].encode(request.get("body_encoding", "utf-8"))
        return build_environ(request["method"], request["path"], query, headers, body)

    def _earlier(self, step: int, path: str) -> str:
        value = json.loads(self.answers[step].body)
        for name, index in STEP.findall(path.removeprefix("$")):
            value = value[name or int(index)]
        return urlsplit(value).query if str(value).startswith("http") else str(value)


def happen(rapidpro: RapidPro, clock: VirtualClock, event: str) -> None:
    """Simulate what a recording says happened behind the API."""
    if not event:
        return
    if "answers HTTP 500" in event:
        rapidpro.engine = "down"
        return
    store, now = rapidpro.store, clock.now()
    broadcast = store.broadcast_by_id[store.next_ids["broadcast"] - 1]
    if "resolved the recipients" in event:
        store.set_broadcast(broadcast, "queued", 2, now)
    elif "created both messages" in event:
        _make_messages(rapidpro, broadcast, now)
    elif "wired" in event or "delivered" in event:
        known, other = sorted(store.by_broadcast[broadcast.id], key=lambda one: one.id)
        words = ("wired", "errored") if "wired" in event else ("delivered", "failed")
        known.sent_on = now
        for message, word in zip((known, other), words, strict=True):
            store.set_status(message, word, now)
    else:
        raise AssertionError(f"no step simulates this event: {event}")


def _make_messages(rapidpro: RapidPro, broadcast: Any, now: datetime) -> None:
    store = rapidpro.store
    store.set_broadcast(broadcast, "started", 2, now)
    for urn in broadcast.urns:
        contact = store.contact_by_urn(broadcast.workspace, urn) or store.new_contact(broadcast.workspace, urn, now)
        channel = store.channels_of(broadcast.workspace)[0]
        store.new_outgoing(
            broadcast.workspace, contact, uuid=store.new_uuid(), content=Content(broadcast.translations["eng"]["text"]),
            urn=urn, channel=channel, status="queued", failed_reason=None, broadcast=broadcast, flow=None,
            high_priority=False, now=now,
        )  # fmt: skip


def differences(entry: Mapping[str, Any], reply: Reply) -> list[str]:
    """The differences between an answer and the recording; empty if there are none."""
    trace: Trace = entry["trace"]
    wanted, volatile = trace["response"], volatile_of(trace)
    found = [] if reply.status == wanted["status"] else [f"status: {wanted['status']} recorded, {reply.status} came"]
    for name, value in expected_headers(entry).items():
        if f"headers.{name}" not in volatile and reply.header(name) != value:
            found.append(f"header {name}: {value!r} recorded, {reply.header(name)!r} came")
    if wanted.get("body_omitted"):
        return found
    if "body" in wanted and ("json" not in wanted or not volatile) and reply.body.decode() != wanted["body"]:
        found.append(f"body: {wanted['body']!r} recorded, {reply.body!r} came")
    if "json" not in wanted:
        return found
    if trace["request"]["method"] == "HEAD":
        return found if not reply.body else [*found, "body: HEAD has none"]
    try:
        came = json.loads(reply.body)
    except ValueError:
        return [*found, f"body: JSON recorded, {reply.body[:80]!r} came"]
    if "elided" in wanted:
        came, problem = shortened(came, wanted["elided"])
        found += problem
    compare(wanted["json"], came, "$", volatile, found)
    return found


def volatile_of(trace: Trace) -> set[str]:
    """Values that may differ from run to run. Recordings where a limit was missed do not name a new row's time."""
    named, answer = set(trace["volatile"]), trace["response"].get("json")
    made = trace["response"]["status"] == 201 and isinstance(answer, dict)
    times = [key for key, value in answer.items() if _is_time(value)] if made else []
    return named | {f"$.{key}" for key in times}


def expected_headers(entry: Mapping[str, Any]) -> dict[str, str | None]:
    """The recorded headers; for a version with equal answers, with its own common headers."""
    headers: dict[str, str | None] = dict(entry["trace"]["response"]["headers"])
    common_headers = entry["ambient"]
    if common_headers is None:
        return headers
    number = headers.get("X-Temba-Org")
    everywhere = headers.get("Allow") is not None
    for name, value in common_headers["without_token" if number is None else "with_token"].items():
        if name in headers or (value is not None and everywhere):
            headers[name] = value if number is None else _of_workspace(value, number)
    return headers


def _of_workspace(value: str | None, number: str) -> str | None:
    """A common header as for workspace `number`; recorded for workspace 1."""
    if value == "1":
        return number
    return value[:-1] + number if value == "000000a0-0000-4000-8000-000000000001" else value


def shortened(came: Any, elided: Mapping[str, Any]) -> tuple[Any, list[str]]:
    """A long list reduced to the items kept in the recording."""
    name = elided["path"].removeprefix("$.")
    rows = came[name]
    if len(rows) != elided["length"]:
        return came, [f"{elided['path']}: {elided['length']} items recorded, {len(rows)} came"]
    return {**came, name: [rows[index] for index in elided["kept_indexes"]]}, []


def compare(wanted: Any, came: Any, path: str, volatile: set[str], found: list[str]) -> None:
    """Add the places where two values differ, including the order of keys."""
    if re.sub(r"\[\d+\]", "[*]", path) in volatile or path in volatile:
        if type(wanted) is not type(came) or (_is_time(wanted) and not _is_time(came)):
            found.append(f"{path}: something like {wanted!r} recorded, {came!r} came")
    elif isinstance(wanted, dict) and isinstance(came, dict):
        if list(wanted) != list(came):
            found.append(f"{path}: keys {list(wanted)} recorded, {list(came)} came")
        for key in (key for key in wanted if key in came):
            compare(wanted[key], came[key], f"{path}.{key}", volatile, found)
    elif isinstance(wanted, list) and isinstance(came, list):
        if len(wanted) != len(came):
            found.append(f"{path}: items {_named(wanted)} recorded, {_named(came)} came")
            return
        for index, (one, other) in enumerate(zip(wanted, came, strict=True)):
            compare(one, other, f"{path}[{index}]", volatile, found)
    elif wanted != came or isinstance(wanted, bool) != isinstance(came, bool):
        found.append(f"{path}: {wanted!r} recorded, {came!r} came")


def _is_time(value: Any) -> bool:
    return isinstance(value, str) and TIME.fullmatch(value) is not None


def _named(rows: list[Any]) -> list[Any]:
    return [(row.get("id") or row.get("uuid") or row) if isinstance(row, dict) else row for row in rows]
