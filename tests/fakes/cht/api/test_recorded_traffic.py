"""The fake CHT answers as the real one did when it was recorded."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.fakes.cht.recorded_traffic import Entry, entries, equal, masked, not_yet, recordings, replay

REQUEST_FILES = ("rapidpro_incoming", "sms_gateway", "africas_talking", "credentials")


@pytest.mark.parametrize("entry", recordings("rapidpro_incoming"))
def test_a_text_passed_on_by_rapidpro_is_treated_as_recorded(entry: Entry) -> None:
    assert replay(entry) == []


@pytest.mark.parametrize("entry", recordings("sms_gateway"))
def test_a_gateway_phone_is_answered_as_recorded(entry: Entry) -> None:
    assert replay(entry, _with_docs) == []


@pytest.mark.parametrize("entry", recordings("africas_talking"))
def test_the_aggregator_is_answered_as_recorded(entry: Entry) -> None:
    assert replay(entry) == []


@pytest.mark.parametrize("entry", recordings("credentials"))
def test_an_administrator_storing_credentials_is_answered_as_recorded(entry: Entry) -> None:
    assert replay(entry) == []


def test_the_not_yet_list_names_only_recordings_that_exist() -> None:
    files = {name.partition("/")[0] for name in not_yet()}
    known = {f"{name}/{entry['id']}" for name in files for entry in entries(name)}
    assert set(not_yet()) <= known
    assert all(reason.strip() for reason in not_yet().values())


def test_a_replay_notices_another_status_body_header_and_document() -> None:
    entry = next(entry for entry in entries("rapidpro_incoming") if entry["id"] == "ok-plain-text")
    for change, word in (
        ({"status": 201}, "status"),
        ({"body": "{}"}, "body"),
        ({"json": {"saved": 2}}, "JSON"),
        ({"headers": {"content-type": "text/plain"}}, "header"),
    ):
        altered = {**entry, "response": {**entry["response"], **change}}
        assert [text.partition(" ")[0].rstrip(":") for text in replay(altered)] == [word]
    altered = {**entry, "docs": []}
    assert any("found but not recorded" in text for text in replay(altered))
    altered = {**entry, "docs": [{**entry["docs"][0], "from": "+1"}]}
    assert any("recorded but not found" in text for text in replay(altered))


def test_a_volatile_value_may_differ_but_must_have_the_recorded_type() -> None:
    entry = {"docs": [{"_id": "a", "n": 1}], "volatile": ["$.docs[0]._id"]}
    wanted = masked(entry)["docs"]
    assert equal(wanted, [{"_id": "b", "n": 1}])
    assert not equal(wanted, [{"_id": 5, "n": 1}])
    assert not equal(wanted, [{"_id": "b", "n": True}])


def _with_docs(entry: Entry) -> dict[str, Any]:
    """One recording tells its documents in words."""
    given: dict[str, Any] = json.loads(json.dumps(entry["given"]))
    if given.get("docs") == "3 pending messages u-00 to u-02":
        given["docs"] = [_pending(f"{number:02}", 1_600_000_000_000 + number) for number in range(3)]
    return given


def _pending(number: str, date: int) -> dict[str, Any]:
    message = {"to": "+13125550102", "message": f"text u-{number}", "uuid": f"u-{number}"}
    task = {"messages": [message], "state": "pending", "state_history": []}
    return {"_id": f"d-{number}", "type": "data_record", "reported_date": date, "tasks": [task]}
