"""Automatic replies, schedules and outbound pushes of the fake CHT are as recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from fakes.cht.outbound.payload import digest
from fakes.cht.seed.loader import DEFAULT
from fakes.serving.wsgi import Reply
from tests.fakes.cht.recorded_traffic import (
    Entry,
    World,
    differences,
    docs_of,
    entries,
    equal,
    masked,
    recordings,
    replay,
    send,
    world,
)
from tests.scripted_server import Script, in_turn, session

WEBHOOK = "/api/v2/sms/rapidpro/incoming-messages"
ADMIN = {"Authorization": "Basic YWRtaW46cGFzcw==", "Content-Type": "application/json"}
SAVED, RUN, POSTED = (
    "doc saved in the database (as a web client would)",
    "scheduled tasks of sentinel run once",
    f"POST {WEBHOOK}",
)
A_WHILE = 15.0
"""Seconds in which sentinel has seen a change, and a push has been answered or given up."""


@pytest.mark.parametrize("entry", recordings("replies"))
def test_an_incoming_text_is_answered_as_recorded(entry: Entry) -> None:
    made = world(_with_form(entry["given"]))
    earlier = docs_of(made)  # the recordings leave out what came in before
    reply = send(made.cht, entry["request"])
    assert differences({**entry, "given": {"docs": earlier}}, made, [reply]) == []


def _with_form(given: Mapping[str, Any]) -> dict[str, Any]:
    """These recordings leave out the form that one of them uses."""
    return {**given, "settings": {**given["settings"], "forms": DEFAULT["settings"]["forms"]}}


@pytest.mark.parametrize("entry", recordings("schedules"))
def test_schedules_are_made_and_become_due_as_recorded(entry: Entry) -> None:
    if "request" in entry:
        assert replay(entry) == []
        return
    made = world(entry["given"])
    for _ in range(2 if entry["id"] == "due-twice" else 1):
        assert made.control.post("/cht/run", json={"pass": "schedules"}).status_code == 200
    assert differences(entry, made, []) == []


def test_a_registration_is_scheduled_at_the_recorded_distances_of_its_report() -> None:
    """The due dates are volatile, for they count from the moment of the report."""
    entry = next(one for one in entries("schedules") if one["id"] == "schedule-assigned")
    made = world({**entry["given"], "now": "2026-11-23T03:47:22.496Z"})
    assert send(made.cht, entry["request"]).status == 200
    (doc,) = docs_of(made)
    recorded = [task["due"] for task in entry["docs"][0]["scheduled_tasks"]]
    assert [task["due"] for task in doc["scheduled_tasks"]] == recorded


@dataclass
class Play:
    """What happened while the steps of a recording were repeated."""

    made: World
    script: Script
    replies: list[Reply] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def step(self, step: Mapping[str, Any], entry: Entry) -> None:
        """Do one step; steps of other names only tell what the next one is about."""
        before, began = len(self.script.asked), self.made.clock.now()
        if step["step"] == SAVED:
            self._save(step["doc"])
        elif step["step"] == RUN:
            for name in ("schedules", "outbound"):
                assert self.made.control.post("/cht/run", json={"pass": name}).status_code == 200
        elif step["step"] == POSTED:
            self._post(step, entry, before)
            seconds = (self.made.clock.now() - began).total_seconds()
            if round(seconds) != round(step.get("seconds_until_answer", 0)):
                self.wrong.append(f"answered after {seconds} s")
            self.made.clock.advance(A_WHILE)
        else:
            assert "requests_seen" not in step
            return
        seen = len(self.script.asked) - before
        if seen != step["requests_seen"]:
            self.wrong.append(f"{step['step']}: {step['requests_seen']} requests recorded, {seen} found")

    def _save(self, doc: Mapping[str, Any]) -> None:
        present = self.made.cht.state.get(doc["_id"])
        body = json.dumps({**doc, **({"_rev": present["_rev"]} if present else {})})
        request = {"method": "PUT", "path": f"/medic/{doc['_id']}", "headers": ADMIN, "body": body}
        assert send(self.made.cht, request).status == 201
        self.made.clock.advance(A_WHILE)

    def _post(self, step: Mapping[str, Any], entry: Entry, before: int) -> None:
        text = entry["docs"][0]["sms_message"]
        body = json.dumps({"id": text["gateway_ref"], "from": text["from"], "content": text["message"]})
        headers = {"Authorization": "Token incoming-token", "Content-Type": "application/json"}
        reply = send(self.made.cht, {"method": "POST", "path": WEBHOOK, "headers": headers, "body": body})
        if (reply.status, reply.body.decode()) != (step["status"], step["body"]):
            self.wrong.append(f"answer: {reply.status} {reply.body!r}")
        pushed = len(self.script.asked) - before
        if pushed != step.get("requests_seen_before_the_answer", pushed):
            self.wrong.append(f"{pushed} requests before the answer")


def played(entry: Entry) -> list[str]:
    """What differs when a recording of outbound pushes is repeated."""
    script = Script(in_turn([exchange["response"] for exchange in entry["exchanges"]]))
    given = dict(entry["given"])
    given["credentials"] = {**given.get("credentials", {}), "rapidpro:incoming": "incoming-token"}
    play = Play(world(given, session(script)), script)
    script.pass_time = play.made.cht.pass_time
    for step in entry.get("steps", ()):
        play.step(step, entry)
    if "request" in entry:
        play.made.clock.advance(A_WHILE)
        play.replies.append(send(play.made.cht, entry["request"]))
    entry = _without_random_hash(entry)
    wanted = [exchange["request"] for exchange in masked(entry)["exchanges"]]
    if not equal(wanted, script.asked):
        play.wrong.append(f"requests: {wanted!r} recorded, {script.asked!r} found")
    return [*play.wrong, *differences(entry, play.made, play.replies)]


def _without_random_hash(entry: Entry) -> Entry:
    """Where the pushed text holds a made-up id, its hash is made up too."""
    if "$.exchanges[0].request.body" not in entry["volatile"]:
        return entry
    return {**entry, "volatile": [*entry["volatile"], "$.sentinel_docs[0].completed_tasks[0].hash"]}


def test_every_recorded_hash_is_that_of_a_recorded_payload() -> None:
    for entry in entries("outbound"):
        done = [task for doc in entry.get("sentinel_docs", ()) for task in doc.get("completed_tasks", ())]
        pushed = {digest(json.loads(exchange["request"]["body"])) for exchange in entry["exchanges"]}
        assert {task["hash"] for task in done} <= pushed, entry["id"]


@pytest.mark.parametrize("entry", recordings("outbound"))
def test_documents_are_pushed_as_recorded(entry: Entry) -> None:
    assert played(entry) == []


def test_the_prototype_beside_a_gateway_phone_sends_twice() -> None:
    """outbound/proto-also-handed-to-gateway, up to its answer; its documents were read after further calls."""
    entry = next(one for one in entries("outbound") if one["id"] == "proto-also-handed-to-gateway")
    task = entry["docs"][0]["tasks"][0]
    then = {**task, "state": "forwarded-to-gateway", "state_history": task["state_history"][:2]}
    upto = {**entry, "docs": [{**entry["docs"][0], "tasks": [then]}], "volatile": entry["volatile"][:1]}
    assert played(upto) == []


def test_a_replay_of_pushes_notices_another_request_number_document_and_hash() -> None:
    entry = next(one for one in entries("outbound") if one["id"] == "push-basic-auth")
    exchange = entry["exchanges"][0]
    other = {**exchange, "request": {**exchange["request"], "body": "{}"}}
    assert [text.partition(":")[0] for text in played({**entry, "exchanges": [other]})] == ["requests"]
    step = {**entry["steps"][0], "requests_seen": 2}
    assert [text.partition(":")[0] for text in played({**entry, "steps": [step]})] == [SAVED]
    info = json.loads(json.dumps(entry["sentinel_docs"][0]))
    info["completed_tasks"][0]["hash"] = "0" * 64
    assert any("recorded but not found" in text for text in played({**entry, "sentinel_docs": [info]}))


@pytest.mark.parametrize("file", ["replies", "schedules", "outbound"])
def test_no_recording_is_left_out(file: str) -> None:
    assert len(recordings(file)) == len(entries(file)) > 0
    assert all(word in {SAVED, RUN, POSTED} or "requests_seen" not in step for word, step in _steps(file))


def _steps(file: str) -> list[tuple[str, Mapping[str, Any]]]:
    return [(step["step"], step) for entry in entries(file) for step in entry.get("steps", ())]
