"""CHT's own RapidPro gateway makes the requests, and writes the states, that were recorded."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.cht.recorded_traffic import Entry, differences, entries, recordings, world
from tests.scripted_server import Answers, Script, in_turn, session

FILE = "outgoing_rapidpro"
THROTTLED = {"status": 429, "content_type": "application/json", "body": '{"detail": "throttled"}'}
BROKEN = {"status": 500, "content_type": "application/json", "body": "{}"}
BAD_ROWS = {"poll-one-bad-row-middle": 704, "poll-one-bad-row-last-endless": 709}
"""Broadcasts that a recording could never ask about; which one it was in the middle it does not say."""


def replayed(entry: Entry) -> list[str]:
    """What differs when the passes of a recording are run against its answers."""
    script = Script(answers(entry))
    made = world(entry["given"], session(script))
    script.pass_time = made.cht.pass_time
    for _ in range(entry["given"]["passes"]):
        assert made.control.post("/cht/run", json={"pass": entry["given"]["pass"]}).status_code == 200
    wanted = [exchange["request"] for exchange in entry["exchanges"]]
    found = differences(entry, made, [])
    if script.asked[: len(wanted)] != wanted:
        found.append(f"requests: {wanted!r} recorded, {script.asked[: len(wanted)]!r} found")
    if len(script.asked) != entry["exchange_count"]:
        found.append(f"number of requests: {entry['exchange_count']} recorded, {len(script.asked)} found")
    asked = [int(request["path"].partition("broadcast=")[2]) for request in script.asked if "asked" in entry]
    if asked != entry.get("asked", []):
        found.append(f"asked: {entry['asked']} recorded, {asked} found")
    return found


def answers(entry: Entry) -> Answers:
    """The recorded answers; where a recording shows only the first, those that its sentence tells of."""
    recorded = [exchange["response"] for exchange in entry["exchanges"]]
    if len(recorded) == entry["exchange_count"]:
        return in_turn(recorded)
    bad, ends = BAD_ROWS.get(entry["id"]), entry["about"].count("cut")
    throttled_at = entry.get("throttled_at", entry["exchange_count"] - 1 if ends else None)

    def answer(number: int, request: Any) -> Any:
        if number == throttled_at:
            return THROTTLED
        return BROKEN if bad is not None and request["path"].endswith(f"={bad}") else recorded[0]

    return answer


def passes() -> list[Any]:
    return [one for one in recordings(FILE) if "exchanges" in one.values[0]]


@pytest.mark.parametrize("entry", passes())
def test_requests_and_states_of_a_pass_are_as_recorded(entry: Entry) -> None:
    assert replayed(entry) == []


def test_every_recording_is_replayed_here_or_among_those_of_timing() -> None:
    timing = [entry["id"] for entry in entries(FILE) if "exchanges" not in entry]
    assert len(passes()) + len(timing) == len(entries(FILE)) == 99


def test_a_replay_notices_another_request_number_and_document() -> None:
    entry = next(entry for entry in entries(FILE) if entry["id"] == "send-status-queued")
    exchange = entry["exchanges"][0]
    other = {**exchange, "request": {**exchange["request"], "body": "{}"}}
    assert [text.split(":")[0] for text in replayed({**entry, "exchanges": [other]})] == ["requests"]
    more = {**entry, "exchanges": [exchange] * 2, "exchange_count": 2}
    assert "number of requests" in [text.split(":")[0] for text in replayed(more)]
    doc = {**entry["docs"][0], "reported_date": 1}
    assert any("recorded but not found" in text for text in replayed({**entry, "docs": [doc]}))
    polled = next(entry for entry in entries(FILE) if entry["id"] == "poll-60-unchanged")
    assert [text.split(":")[0] for text in replayed({**polled, "asked": polled["asked"][::-1]})] == ["asked"]


def test_the_call_has_the_headers_that_every_call_of_the_real_client_has() -> None:
    entry = next(entry for entry in entries(FILE) if entry["id"] == "send-status-queued")
    script = Script(answers(entry))
    world(entry["given"], session(script)).control.post("/cht/run", json={"pass": "send"})
    assert script.all_headers[0] == {
        **entry["exchanges"][0]["request"]["headers"],
        "accept-language": "*",
        "sec-fetch-mode": "cors",
        "accept-encoding": "gzip, deflate",
        "connection": "close",
        "content-length": "47",
    }
