"""What CHT's own gateway does when answers take long, or the server dies: on a virtual clock, as it was recorded."""

from __future__ import annotations

import base64
from collections import Counter
from typing import Any

import pytest

from fakes.cht.background import Background
from tests.fakes.cht.messaging.gateway import Sending, message_state, pending, refused, sending, taken, under_way
from tests.fakes.cht.recorded_traffic import Entry, entries, send
from tests.scripted_server import Answers

A_LITTLE = 0.01
"""What an answer takes beyond the delay that was asked of the scripted server."""


def recorded(name: str) -> Entry:
    return next(entry for entry in entries("outgoing_rapidpro") if entry["id"] == name)


def begin(name: str, answers: Answers, docs: list[dict[str, Any]]) -> tuple[Sending, Any]:
    """The world of a recording, and what was observed in it."""
    entry = recorded(name)
    given = {key: entry["given"][key] for key in ("settings", "credentials")}
    return sending(answers, docs, given, every=entry["given"]["interval_ms"] / 1000), entry["observed"]


def slow_broadcasts(name: str) -> tuple[Sending, Any]:
    """Broadcasts that are answered after the recorded delay."""
    given = recorded(name)["given"]
    delay = given["broadcast_answer_after_s"] + A_LITTLE
    return begin(name, taken(delay=delay), pending(given["pending_messages"]))


def test_passes_that_last_longer_than_the_interval_overlap_and_send_everything_again() -> None:
    """outgoing_rapidpro/overlap-slow-server"""
    made, observed = slow_broadcasts("overlap-slow-server")
    made.clock.advance(25)
    assert len(made.texts) == observed["broadcasts_total"]
    assert set(Counter(made.texts).values()) == {observed["broadcasts_per_message"]}
    wanted = observed["first_starts_s"]
    starts = [[round(time - made.times[0]), text] for time, text, _ in made.broadcasts]
    assert starts[: len(wanted)] == [[round(time - wanted[0][0]), text] for time, text in wanted]


def test_of_overlapping_passes_the_last_to_end_leaves_its_reference_and_each_leaves_an_entry() -> None:
    """outgoing_rapidpro/overlap-slow-server; counts differ by one or two from run to run, say the recordings"""
    made, observed = slow_broadcasts("overlap-slow-server")
    made.clock.advance(25)
    last = {text: reference for _, text, reference in made.broadcasts}
    assert [made.task(number)["gateway_ref"] for number in range(3)] == [
        last[f"text u-00{number}"] for number in range(3)
    ]
    lengths = {len(made.task(number)["state_history"]) for number in range(3)}
    assert lengths == {observed["broadcasts_per_message"] + 1}
    assert abs(lengths.pop() - observed["state_history_length_of_each_task"]) <= 1


def test_a_pass_shorter_than_the_interval_sends_once() -> None:
    """outgoing_rapidpro/no-overlap"""
    made, observed = slow_broadcasts("no-overlap")
    made.clock.advance(10)
    assert len(made.texts) == observed["broadcasts_total"]


def test_a_hundred_messages_take_four_passes() -> None:
    """outgoing_rapidpro/throughput-100"""
    made, observed = slow_broadcasts("throughput-100")
    made.clock.advance(10)
    assert len(made.texts) == len(set(made.texts)) == observed["broadcasts_total"]
    assert len({int(time) for time, _, _ in made.broadcasts}) == observed["passes"]


def test_a_message_cleared_while_its_broadcast_is_under_way_is_set_back() -> None:
    """outgoing_rapidpro/cleared-in-flight"""
    made, observed = slow_broadcasts("cleared-in-flight")
    made.clock.advance(1.3)
    assert (len(made.texts), made.task()["state"]) == (1, "pending")
    doc = made.cht.state.get("d-000")
    assert doc is not None
    doc["tasks"][0]["state"] = "cleared"
    doc["tasks"][0]["state_history"].append({"state": "cleared", "timestamp": "2026-11-23T03:20:01.300Z"})
    made.cht.state.save(doc)
    made.clock.advance(5)
    task = made.task()
    assert [entry["state"] for entry in task["state_history"]] == observed["state_history"]
    assert task["state"] == observed["state"]


def test_one_status_request_without_an_answer_blocks_all_polling() -> None:
    """outgoing_rapidpro/poll-hangs"""
    given = recorded("poll-hangs")["given"]

    def answer(number: int, _request: Any) -> Any:
        return message_state("queued", delay=0 if number else given["first_poll_answer_after_s"])

    docs = under_way(given["polled_messages"] + 1)[1:]
    made, observed = begin("poll-hangs", answer, docs)
    made.clock.advance(1 + 14)
    assert [request["path"] for request in made.script.asked] == observed["polls_within_14_s"]
    made.clock.advance(1.5)
    assert [request["path"] for request in made.script.asked[:2]] == observed["polls_within_19_s"]


def test_a_pass_cut_off_by_a_crash_is_sent_again_from_its_beginning() -> None:
    """outgoing_rapidpro/crash-midway"""
    count = recorded("crash-midway")["given"]["pending_messages"]
    made, observed = begin("crash-midway", taken(delay=A_LITTLE), pending(count))
    made.clock.advance(1 + 10.5 * A_LITTLE)
    assert len(made.texts) == 11
    made.cht.restart()
    assert set(made.states()) == {"pending"}
    made.clock.advance(5)
    wanted = observed["broadcasts_per_message_after_restart"]
    times = Counter(made.texts)
    assert [times[f"text u-{number:03}"] for number in range(count)] == [wanted["first 11"]] * 11 + [
        wanted["other 9"]
    ] * 9


def test_a_reply_to_a_posted_record_is_sent_at_once_and_by_the_timer_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """outgoing_rapidpro/records-immediate-and-timer"""
    monkeypatch.setattr(Background, "before_save", _reply)
    given = recorded("records-immediate-and-timer")["given"]
    settings = {**given["settings"], "transitions": {"default_responses": True}}
    answers = taken(delay=given["broadcast_answer_after_s"])
    made = sending(answers, [], {**given, "settings": settings}, every=given["interval_ms"] / 1000)
    made.clock.advance(0.3)
    assert send(made.cht, _by_admin(given["request"])).status == 200
    made.clock.advance(10)
    observed = recorded("records-immediate-and-timer")["observed"]
    assert len(made.texts) == observed["broadcasts_total"]
    assert [time for time, _, _ in made.broadcasts] == pytest.approx([0.3, 1.0], abs=1e-3)
    carrying = ["x-request-id" in headers for headers in made.script.all_headers[:2]]
    assert carrying == [observed["first_carries_x_request_id"], False]


def test_where_a_slow_answer_advances_the_clock_itself_passes_do_not_overlap_and_the_run_ends() -> None:
    """An adapter that was given the clock's own `advance` in place of the fake's `pass_time`."""
    made = sending(lambda _number, _request: {**refused(500), "delay": 3}, pending(3), every=1)
    made.script.pass_time = made.clock.advance
    made.clock.advance(30)
    assert made.texts[:6] == [f"text u-00{number}" for number in range(3)] * 2
    assert [round(time, 3) for time in made.times[:4]] == [1, 4, 7, 11]


def _reply(_background: Background, doc: dict[str, Any]) -> None:
    """What a transition that answers automatically does."""
    message = {"to": doc["from"], "message": "thank you", "uuid": "u-reply"}
    doc["tasks"].append({"messages": [message], "state": "pending", "state_history": []})


def _by_admin(request: Any) -> Any:
    secret = base64.b64encode(b"admin:pass").decode()
    return {**request, "headers": {**request["headers"], "Authorization": f"Basic {secret}"}}


def test_the_skip_pointer_outlives_a_throttled_pass_and_its_queue() -> None:
    """outgoing_rapidpro/poll-skip-survives"""
    given = recorded("poll-skip-survives")["given"]
    before = given["skip_pointer_before"]

    def answer(number: int, _request: Any) -> Any:
        return refused(429) if number == before else message_state("queued")

    made, observed = begin("poll-skip-survives", answer, under_way(before + 1))
    assert len(made.run("poll")) == before + 1
    for doc in made.cht.state.all_docs():
        made.cht.state.save({"_id": doc["_id"], "_rev": doc["_rev"], "_deleted": True})
    for doc in under_way(given["polled_messages"], 100):
        made.cht.state.save(doc)
    passed_over = made.run("poll")
    assert len(passed_over) == observed["requests_in_pass"]
    assert [request["path"][-3:] for request in passed_over] == [str(709 + number) for number in range(16)]
    assert len(made.run("poll")) == given["polled_messages"]


def test_all_recordings_of_timing_are_covered_here() -> None:
    told = {
        line.partition("outgoing_rapidpro/")[2].split('"')[0].split(";")[0]
        for test in list(globals().values())
        if callable(test) and "outgoing_rapidpro/" in (line := str(test.__doc__))
    }
    assert told == {entry["id"] for entry in entries("outgoing_rapidpro") if "observed" in entry}
