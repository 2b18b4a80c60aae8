"""What CHT, RapidPro, an aggregator or other users of the workspace do is not blamed on the relay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from conformance.running.worlds import InProcessWorlds
from conformance.verdicts import Verdict
from conformance.world.world import World
from fakes.rapidpro.courier.phones import Phones


@pytest.fixture
def world() -> Iterator[World]:
    worlds = InProcessWorlds("26", 1)
    world = worlds.open()
    yield world
    worlds.close(world, Verdict.PASSED)
    worlds.end()


def change_task(world: World, id_: str, change: Callable[[dict[str, Any]], None]) -> None:
    """CHT itself changes the only task of a document."""
    (doc,) = [doc for doc in world.cht.documents() if doc["_id"] == id_]
    change(doc["tasks"][0])
    world.cht.put(doc)


def set_state(world: World, id_: str, state: str) -> None:
    stamp = world.now().isoformat().replace("+00:00", "Z")

    def change(task: dict[str, Any]) -> None:
        task["state"] = state
        task["state_history"].append({"state": state, "timestamp": stamp})

    change_task(world, id_, change)


@pytest.mark.parametrize("state", ["cleared", "duplicate", "muted", "denied"])
@pytest.mark.parametrize("seconds", [0, 3600], ids=["before it is sent", "after it is delivered"])
def test_one_of_two_equal_tasks_may_be_kept_back_by_cht(world: World, state: str, seconds: float) -> None:
    amina = world.people["Amina"]
    world.cht_sends([(amina, "Take your pills")])
    second = world.cht_sends([(amina, "Take your pills")])
    if seconds:
        world.pass_time(seconds)
    set_state(world, second, state)
    world.judge()


def test_cht_may_make_a_delivered_task_wait_again(world: World) -> None:
    amina = world.people["Amina"]
    reminder = world.cht_sends([(amina, "Your visit is due")])
    world.eventually("it is delivered", world.task_in_state(amina, "delivered"), within=world.arrival_within)
    for _ in range(3):
        set_state(world, reminder, "pending")
        world.pass_time(300)
    world.judge()
    assert len(world.history().messages) == 1


def test_a_text_that_only_the_aggregator_calls_delivered_is_not_the_relays_loss(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    amina = world.people["Amina"]
    monkeypatch.setattr(Phones, "received", lambda *_arguments: None)
    world.cht_sends([(amina, "Take your pills")])
    world.judge()
    assert world.received(amina) == []
    assert world.task(amina).state == "delivered"
