"""The nightly job of old versions, seen through API and control API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from fakes.rapidpro.versions.habits import HABITS
from tests.fakes.rapidpro.control.test_tokens_and_rates import ANN, ControlledRapidPro
from tests.fakes.rapidpro.memory_records import T0
from tests.fakes.rapidpro.worlds import OutgoingWorld

WITH_THE_JOB = ("6.4", "7.4", "8.0", "9.0")
DAY = 86_400.0
TROUBLE: dict[str, dict[str, Any]] = {
    "errored": {"down": True, "delays": {"retries": [1_000_000, 1_000_000]}},
    "queued": {"tps": 1e-9},
}


def waiting(profile: str, status: str) -> tuple[OutgoingWorld, Any]:
    """A message that stays in this status; it is created half a minute after T0, which is eight in the morning."""
    world = OutgoingWorld(profile, **TROUBLE[status])
    if status == "queued":
        world.broadcast("First", "tel:+250788123999")  # takes the budget of many years
    world.clock.advance(30)
    message = world.one(wait=30)
    assert message.status == status
    return world, message


@pytest.mark.parametrize("profile", HABITS)
@pytest.mark.parametrize("status", TROUBLE)
def test_what_waited_a_week_fails_at_the_next_midnight_in_old_versions(status: str, profile: str) -> None:
    world, message = waiting(profile, status)
    world.clock.advance_to(T0 + timedelta(days=7, hours=15, minutes=59))
    assert message.status == status
    world.clock.advance(120)
    failed = profile in WITH_THE_JOB
    assert (message.status, message.failed_reason) == (("failed", "too old") if failed else (status, None))
    assert (message.modified_on == T0 + timedelta(days=7, hours=16)) == failed


def test_a_message_is_not_failed_a_second_before_it_is_a_week_old() -> None:
    world = OutgoingWorld("9.0", **TROUBLE["errored"])
    world.clock.advance_to(T0 + timedelta(hours=16, seconds=1))  # a second after midnight
    message = world.one(wait=30)
    world.clock.advance_to(T0 + timedelta(days=7, hours=17))
    assert message.status == "errored"
    world.clock.advance(DAY)
    assert message.status == "failed"


def test_what_was_sent_and_what_came_in_stays_as_it_is() -> None:
    world = OutgoingWorld("6.4")
    message = world.one()
    world.clock.advance(30 * DAY)
    assert message.status == "delivered"


def test_a_reset_keeps_exactly_one_job() -> None:
    world = OutgoingWorld("8.0", **TROUBLE["errored"])
    for _ in range(3):
        world.mailroom.reset()
    world.set_channel(**TROUBLE["errored"])
    message = world.one()
    world.clock.advance(9 * DAY)
    assert [one for _, one in message.history].count("failed") == 1


@pytest.mark.parametrize("profile", ["6.4", "9.0", "9.3", "26"])
def test_the_api_shows_it_as_failed(profile: str) -> None:
    service = ControlledRapidPro(profile)
    service.control_call("PUT", "/channel", TROUBLE["errored"])
    service.ask("broadcasts.json", method="POST", body={"urns": [ANN], "text": "A week old"})
    service.clock.advance(8 * DAY + 60)
    (found,) = [one for one in service.rows("messages.json") if one["text"] == "A week old"]
    assert found["status"] == ("failed" if profile in WITH_THE_JOB else "errored")
