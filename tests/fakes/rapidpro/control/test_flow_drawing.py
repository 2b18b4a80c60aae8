"""One flow for a drawing: the definition as it was imported, and who stands at which node."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.rapidpro.control.test_phones_and_messages import AMINA, BEN, People
from tests.fakes.rapidpro.flow_bundles import Json, ask, bundle, enter, flow, keyword, say, uuid_of

PLACES = {"nodes": {uuid_of("Visit", "which"): {"position": {"left": 120, "top": 40}, "type": "wait_for_response"}}}
VISIT = flow(
    "Visit",
    say("hello", "Who is visited?", "which"),
    ask("which", "why", {"mother": "why"}),
    ask("why", "bye"),
    say("bye", "Bye"),
    _ui=PLACES,
)
PARENT = flow("Parent", enter("into", "Visit", "thanks"), say("thanks", "Thanks"))
OLD_UUID, OLD_NODE = uuid_of("Old"), uuid_of("Old", "node")
OLD: Json = {
    "base_language": "eng",
    "flow_type": "M",
    "version": "11.12",
    "entry": OLD_NODE,
    "metadata": {"uuid": OLD_UUID, "name": "Old", "revision": 1, "expires": 60},
    "action_sets": [
        {
            "uuid": OLD_NODE, "x": 100, "y": 50, "destination": None, "exit_uuid": uuid_of("Old", "exit"),
            "actions": [{"uuid": uuid_of("Old", "reply"), "type": "reply", "msg": {"eng": "Hello"}}],
        }
    ],
    "rule_sets": [],
}  # fmt: skip


def imported(*flows: Json, **more: Any) -> People:
    people = People()
    status, answer = people.control_call("POST", "/flows", bundle(*flows, **more))
    assert status == 200, answer
    return people


def standing(people: People, name: str) -> dict[str, list[str]]:
    return dict(people.get(f"/flows/{uuid_of(name)}")["sessions"])


def test_a_flow_is_shown_as_it_was_imported_with_the_places_of_its_nodes() -> None:
    shown = imported(VISIT).get(f"/flows/{uuid_of('Visit')}")
    assert shown == {"definition": VISIT, "sessions": {}}
    assert shown["definition"]["_ui"] == PLACES


def test_people_are_shown_at_the_node_where_they_wait_and_move_on_with_their_answers() -> None:
    people = imported(VISIT, triggers=[keyword("Visit", "visit")])
    people.text(AMINA, "visit")
    people.text(BEN, "visit", "mother")
    assert standing(people, "Visit") == {uuid_of("Visit", "which"): [AMINA], uuid_of("Visit", "why"): [BEN]}
    people.text(AMINA, "mother")
    assert sorted(standing(people, "Visit")[uuid_of("Visit", "why")]) == [AMINA, BEN]
    people.text(BEN, "because")
    assert standing(people, "Visit") == {uuid_of("Visit", "why"): [AMINA]}
    people.clock.advance(2 * 3600)  # the wait expires
    assert standing(people, "Visit") == {}


def test_in_a_flow_that_entered_another_people_stand_where_they_left_it() -> None:
    people = imported(VISIT, PARENT, triggers=[keyword("Parent", "go")])
    people.text(AMINA, "go")
    assert standing(people, "Parent") == {uuid_of("Parent", "into"): [AMINA]}
    assert standing(people, "Visit") == {uuid_of("Visit", "which"): [AMINA]}


def test_a_flow_of_an_old_export_is_shown_with_nodes_where_its_parts_were() -> None:
    shown = imported(OLD, version="11").get(f"/flows/{OLD_UUID}")["definition"]
    assert [node["uuid"] for node in shown["nodes"]] == [OLD_NODE]
    assert shown["_ui"] == {"nodes": {OLD_NODE: {"position": {"left": 100, "top": 50}}}}


def test_the_flow_for_all_texts_is_shown_once_it_has_run() -> None:
    people = People()
    people.put("/webhook", {"url": "http://127.0.0.1:9/nobody"})
    people.text(AMINA, "hello")
    (row,) = people.rows_of_api("flows.json")
    assert people.get(f"/flows/{row['uuid']}")["definition"]["nodes"]


def test_nobody_waits_in_an_archived_flow_and_no_text_starts_it_but_the_api_still_does() -> None:
    people = imported(VISIT, PARENT, triggers=[keyword("Visit", "visit"), keyword("Parent", "go")])
    uuid = uuid_of("Visit")
    people.text(AMINA, "visit")
    status, answer = people.control_call("DELETE", f"/flows/{uuid}")
    assert (status, answer) == (200, {"uuid": uuid, "archived": True, "triggers": 1, "interrupted": 1})
    assert standing(people, "Visit") == {}
    (session,) = people.get(f"/phones/{AMINA}/sessions")["sessions"]
    assert session["status"] == "interrupted"
    people.text(AMINA, "visit")
    assert standing(people, "Visit") == {}
    assert {one["name"]: one["archived"] for one in people.get("/flows")["flows"]} == {"Visit": True, "Parent": False}
    assert {one["name"]: one["archived"] for one in people.rows_of_api("flows.json")} == {
        "Visit": True, "Parent": False,
    }  # fmt: skip
    started = people.ask_api("POST", "flow_starts.json", {"flow": uuid, "urns": [f"tel:{BEN}"]})
    assert started.status == 201
    people.clock.advance(60)
    assert standing(people, "Visit") == {uuid_of("Visit", "which"): [BEN]}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_flow_is_not_found(method: str) -> None:
    status, answer = People().control_call(method, "/flows/nothing")
    assert (status, "GET /rapidpro/flows" in answer["error"]) == (404, True)
