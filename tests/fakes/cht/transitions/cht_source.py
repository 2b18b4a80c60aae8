"""The cases on which CHT's own code was run (`tests/golden/cht_source`), run by the fake's transitions."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import requests

from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.outbound.push import Outbound
from fakes.cht.state import State
from fakes.cht.transitions.engine import Transitions
from fakes.clock import VirtualClock
from tests.folders import GOLDEN

FOLDER = GOLDEN / "cht_source"
NOW = datetime(2024, 10, 2, 10, tzinfo=UTC)
SHORT_ID = re.compile(r"(?<![\d:.-])\d{5,6}(?!\d)")
LEFT_OUT = ("_rev", "uuid", "last_rev", "seq")


def read(name: str) -> Any:
    """A file of recorded answers."""
    return json.loads((FOLDER / f"{name}.json").read_text("utf-8"))


def state_with(settings: Mapping[str, Any], docs: list[dict[str, Any]]) -> tuple[State, ContactViews]:
    """A state with settings and documents at the time of the answers."""
    state, views = State(VirtualClock(NOW), random.Random(1)), ContactViews()
    state.on_change(views.changed)
    state.settings = dict(settings)
    for doc in docs:
        state.save(doc)
    return state, views


def run_case(common: Mapping[str, Any], case: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The documents that are new or changed after the reports of a case."""
    reports = case["reports"]
    ids = [report["_id"] for report in reports]
    muted = {"muted": "2024-09-01T00:00:00.000Z"}
    contacts = [
        {**doc, **(muted if doc["_id"] in case["muted"] else {})} for doc in common["contacts"] if doc["_id"] not in ids
    ]
    texts = [{"_id": f"messages-{key}", "type": "translations", "generic": value} for key, value in _texts(common)]
    given = {doc["_id"]: doc for doc in [*contacts, *case["docs"], *texts]}
    settings = {**case["settings"], "contact_types": common["contact_types"], "schedules": common["schedules"]}
    state, views = state_with(settings, [*given.values()])
    transitions = Transitions(state, views, Outbound(state, requests.Session()), lambda _sentence: None)
    for report in reports:
        doc = json.loads(json.dumps(report))
        if case["in"] == "server":
            transitions.before_save(doc)
            state.save(doc)
        else:
            state.save(doc)
            transitions.after_save(doc["_id"], state.docs, state.sentinel)
    found = [_named(doc, {*given, *ids}) for doc in state.all_docs()]
    plain = _Plain(json.dumps([common, case["settings"], case["docs"], reports]), found)
    shown = [plain.of(doc) for doc in found]
    return [doc for doc in shown if doc != given.get(doc["_id"])]


def in_order(docs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Documents in an order that does not depend on how they were created."""
    return sorted(docs, key=lambda doc: (doc["_id"], json.dumps(doc, sort_keys=True)))


def _texts(common: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return list(common["translations"].items())


def _named(doc: dict[str, Any], known_ids: set[str]) -> dict[str, Any]:
    return doc if doc["_id"] in known_ids else {**doc, "_id": "new"}


class _Plain:
    """Removes from documents what differs between runs."""

    def __init__(self, given: str, docs: list[dict[str, Any]]) -> None:
        known_before = set(re.findall(r"\d{5,}", given))
        ids = [(doc.get(key), key) for doc in docs for key in ("patient_id", "place_id", "case_id")]
        self._made = {code: f"GEN {key}" for code, key in ids if code not in known_before}

    def of(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.of(item) for key, item in value.items() if key not in LEFT_OUT}
        if isinstance(value, list):
            return [self.of(item) for item in value]
        return (
            SHORT_ID.sub(lambda found: self._made.get(found[0], found[0]), value) if isinstance(value, str) else value
        )
