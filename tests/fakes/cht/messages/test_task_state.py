"""The rule by which a task changes its state decides as CHT's own function did when it was called."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from fakes.cht.couch.documents import copy_json
from fakes.cht.messages.task_state import set_task_state
from tests.fakes.cht.recorded_traffic import Entry, equal, masked, recordings

NOW = datetime(2026, 11, 23, 4, 0, 0, 123_999, tzinfo=UTC)


@pytest.mark.parametrize("entry", recordings("task_state"))
def test_a_change_of_state_is_recorded_or_not_as_it_was(entry: Entry) -> None:
    task = copy_json(dict(entry["given"]["task"]))
    for call in masked(entry)["calls"]:
        given = call["arguments"]
        recorded = set_task_state(task, given.get("state"), given.get("details"), given.get("gatewayRef"), now=NOW)
        assert recorded is call["returned"]
        assert equal(call["task"], task), task


def test_the_time_of_an_entry_has_whole_milliseconds() -> None:
    task: dict[str, object] = {}
    set_task_state(task, "sent", now=NOW)
    assert task["state_history"] == [{"state": "sent", "timestamp": "2026-11-23T04:00:00.123Z"}]
