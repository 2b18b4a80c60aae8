"""cht-core 10802: before 5.2, a sent task is pending again while a task with its due date cannot be generated."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fakes.cht.javascript.dates import iso
from fakes.cht.releases.table import RELEASES
from fakes.cht.service import Cht
from tests.fakes.cht.messaging.gateway import accepted, message_state, sending
from tests.fakes.cht.recorded_traffic import RECORDED_AT
from tests.fakes.cht.releases.test_api import release

EACH = pytest.mark.parametrize("name", RELEASES)
DUE = iso(RECORDED_AT)
MESSAGES = [{"to": "+13125550102", "message": "come", "uuid": "u-1"}]


def task(state: str, **more: Any) -> dict[str, Any]:
    history = [{"state": state, "timestamp": DUE}]
    return {"due": DUE, "state": state, "messages": MESSAGES, "state_history": history, **more}


def stuck(due: str = DUE) -> dict[str, Any]:
    return {"due": due, "state": "scheduled", "message_key": "no.such.key", "recipient": "clinic"}


def reminders(*tasks: dict[str, Any]) -> dict[str, Any]:
    return {"_id": "r", "type": "data_record", "from": "+13125550102", "scheduled_tasks": list(tasks)}


def first(made: Cht) -> dict[str, Any]:
    found: dict[str, Any] = (made.state.get("r") or {})["scheduled_tasks"][0]
    return found


@EACH
@pytest.mark.parametrize("state", ["delivered", "sent", "failed", "forwarded-by-gateway", "cleared", "muted"])
def test_a_task_in_any_state_is_pending_again_before_5_2(name: str, state: str) -> None:
    made = release(name, docs=[reminders(task(state, gateway_ref=7), stuck())])
    made.background.run("schedules")
    assert first(made)["state"] == (state if name == "5.2" else "pending")
    assert ("gateway_ref" in first(made)) is (name == "5.2")


@EACH
@pytest.mark.parametrize(
    "neighbours",
    [(), (stuck(iso(RECORDED_AT - timedelta(hours=1))),), (task("delivered"),)],
    ids=["none", "other", "sent"],
)
def test_without_a_stuck_neighbour_of_the_same_date_it_stays_delivered(name: str, neighbours: tuple[Any, ...]) -> None:
    made = release(name, docs=[reminders(task("delivered"), *neighbours)])
    made.background.run("schedules")
    assert first(made)["state"] == "delivered"


def broadcasts(name: str, minutes: float, due: str = DUE, **switched: bool) -> int:
    """How many texts go out, if RapidPro takes and delivers each of them at once."""
    docs = [reminders({**task("scheduled"), "due": due}, stuck(due))]
    made = sending(delivered, docs, release=name)
    made.cht.switch(switched)
    made.clock.advance(minutes * 60)
    return len(made.texts)


def delivered(number: int, request: Any) -> dict[str, Any]:
    return accepted(number) if request["method"] == "POST" else message_state("delivered")


@EACH
def test_the_same_text_is_sent_every_five_minutes_before_5_2(name: str) -> None:
    assert broadcasts(name, 62) == (1 if name == "5.2" else 12)


@EACH
def test_after_seven_days_it_ends(name: str) -> None:
    nearly_over = iso(RECORDED_AT - timedelta(days=7) + timedelta(minutes=21))
    assert broadcasts(name, 120, nearly_over) == (1 if name == "5.2" else 4)


def test_it_can_be_switched_on_in_todays_release_and_off_in_an_old_one() -> None:
    assert broadcasts("5.2", 62, only_scheduled_become_due=False) == 12
    assert broadcasts("5.1", 62, only_scheduled_become_due=True) == 1
