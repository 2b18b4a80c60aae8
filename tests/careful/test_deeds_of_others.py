"""What CHT, RapidPro, an aggregator or other users of the workspace do is not blamed on the relay."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from conformance.running.worlds import InProcessWorlds
from conformance.services.in_process import RAPIDPRO_URL, InProcessFakes
from conformance.services.neighbours import RAPIDPRO_TOKEN
from conformance.verdicts import SubjectFailed, Verdict
from conformance.world.world import World
from fakes.rapidpro.courier.phones import Phones
from fakes.rapidpro.service import RapidPro
from fakes.serving.transport import InProcessSession


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


@pytest.fixture
def dashboard(world: World) -> requests.Session:
    """Somebody else's access to the same workspace."""
    assert isinstance(world.services, InProcessFakes)
    rapidpro = world.services._fakes.services["rapidpro"]
    assert isinstance(rapidpro, RapidPro)
    (relay,) = rapidpro.store.tokens.values()
    rapidpro.store.tokens["DASHBOARD-TOKEN"] = replace(relay, name="dashboard", key="DASHBOARD-TOKEN")
    session = InProcessSession()
    world.services.connect(session)
    session.headers["Authorization"] = "Token DASHBOARD-TOKEN"
    return session


@pytest.mark.parametrize("way", ["broadcast", "flow start"])
def test_others_in_the_workspace_may_send_texts_too(world: World, dashboard: requests.Session, way: str) -> None:
    amina = world.people["Amina"]
    urns = [f"tel:{amina.number}"]
    if way == "broadcast":
        path, body = "broadcasts", {"urns": urns, "text": "The clinic is closed"}
    else:
        flow = world.control.put("/rapidpro/flow", {"says": "The clinic is closed"})
        path, body = "flow_starts", {"urns": urns, "flow": flow["uuid"]}
    world.cht_sends([(amina, "Take your pills")])
    assert dashboard.post(f"{RAPIDPRO_URL}/api/v2/{path}.json", json=body).status_code == 201
    world.judge()
    assert {one.text for one in world.received(amina)} == {"Take your pills", "The clinic is closed"}


def test_others_in_the_workspace_may_send_texts_to_people_whom_cht_does_not_know(
    world: World, dashboard: requests.Session
) -> None:
    body = {"urns": ["tel:+250788999000"], "text": "The clinic is closed"}
    world.cht_sends([(world.people["Amina"], "Take your pills")])
    assert dashboard.post(f"{RAPIDPRO_URL}/api/v2/broadcasts.json", json=body).status_code == 201
    world.judge()
    assert {one.number for one in world.history().strangers.messages} == {"+250788999000"}


@pytest.mark.parametrize("first", ["the relay", "somebody else"])
def test_others_in_the_workspace_may_send_the_same_text(world: World, dashboard: requests.Session, first: str) -> None:
    amina = world.people["Amina"]
    body = {"urns": [f"tel:{amina.number}"], "text": "Take your pills"}
    if first == "the relay":
        world.cht_sends([(amina, "Take your pills")])
        world.eventually("it arrives", world.text_arrived(amina, "Take your pills"), within=world.arrival_within)
    assert dashboard.post(f"{RAPIDPRO_URL}/api/v2/broadcasts.json", json=body).status_code == 201
    if first == "somebody else":
        world.pass_time(60)
        world.cht_sends([(amina, "Take your pills")])
    world.judge()
    assert [one.text for one in world.received(amina)] == ["Take your pills"] * 2
    assert len(world.history().messages) == 1


def test_a_relay_that_sends_twice_is_blamed_beside_others_who_send_the_same_text(
    world: World, dashboard: requests.Session
) -> None:
    amina = world.people["Amina"]
    body = {"urns": [f"tel:{amina.number}"], "text": "Take your pills"}
    world.cht_sends([(amina, "Take your pills")])
    for token in ("DASHBOARD-TOKEN", RAPIDPRO_TOKEN):
        headers = {"Authorization": f"Token {token}"}
        dashboard.post(f"{RAPIDPRO_URL}/api/v2/broadcasts.json", json=body, headers=headers).raise_for_status()
    with pytest.raises(SubjectFailed, match="was due once, arrived twice"):
        world.judge()


@pytest.mark.parametrize("words", ["I have a fever", "She has a fever"])
def test_a_health_worker_may_add_a_report_by_hand(world: World, words: str) -> None:
    amina = world.people["Amina"]
    world.person_texts(amina, "I have a fever")
    world.eventually("it is stored", world.report_stored(amina, "I have a fever"), within=world.report_within)
    sms = {"type": "sms_message", "message": words, "from": amina.number}
    world.cht.put({"_id": "by hand", "type": "data_record", "from": amina.number, "sms_message": sms})
    world.judge()


def test_a_health_worker_may_delete_reports_and_tasks(world: World) -> None:
    amina = world.people["Amina"]
    world.person_texts(amina, "I have a fever")
    world.cht_sends([(amina, "Take your pills")])
    world.eventually("all is done", world.quiet, within=world.arrival_within)
    world.cht.delete_all([doc for doc in world.cht.documents() if doc.get("type") == "data_record"])
    world.judge()
    assert (world.reports(amina), world.history().outgoing_texts) == ([], ())


@pytest.mark.parametrize("state", ["failed", "sent"])
def test_somebody_may_change_the_state_of_a_task_by_hand(world: World, state: str) -> None:
    amina = world.people["Amina"]
    reminder = world.cht_sends([(amina, "Your visit is due")])
    world.eventually("it is delivered", world.task_in_state(amina, "delivered"), within=world.arrival_within)
    world.pass_time(3600)
    set_state(world, reminder, state)
    world.judge()
