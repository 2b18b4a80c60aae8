"""Contacts, labels and actions: the answers of the real RapidPro.

Compared with RapidPro v9.3.76 and v26.3.54 themselves: their REST layers were run on the data of the recordings. Where
the message engine takes part, which was not run, it was read in mailroom v9.3.45 and v26.3.47 (core/models/contact.go,
broadcast.go). Differences between other versions: temba/api/v2/serializers.py, temba/msgs/models.py at their tags.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.rapidpro.api_requests import ask, json_of, rows
from tests.fakes.rapidpro.recorded_traffic import World

ANN, BOB, CAT, EVE, GONE = (f"000000c0-0000-4000-8000-00000000000{digit}" for digit in "1235e")
INTAKE = "000000f0-0000-4000-8000-000000000001"
NURSES, EMPTY = ("00000060-0000-4000-8000-00000000000" + digit for digit in "12")
IMPORTANT = "0000001a-0000-4000-8000-000000000001"
NULL, NO_STRING = "This field may not be null.", "Not a valid string."
LIST, DICT = (f'Expected a {kind} of items but got type "{{}}".' for kind in ("list", "dictionary"))
NOT_WITH_URN = "Field not allowed when using URN in URL"
ANNS_URN = "urn=tel:%2B250788123001"


@pytest.fixture(params=["9.3", "26"])
def world(request: pytest.FixtureRequest) -> World:
    return World(request.param)


@pytest.mark.parametrize(
    ("query", "body", "errors"),
    [
        (ANNS_URN, {"urns": []}, {"urns": [NOT_WITH_URN]}),
        (ANNS_URN, {"urns": {"a": 1}}, {"urns": [LIST.format("dict")]}),
        (ANNS_URN, {"urns": "x"}, {"urns": [LIST.format("str")]}),
        (ANNS_URN, {"urns": None, "fields": None}, {"urns": [NULL], "fields": [NULL]}),
        (f"uuid={ANN}", {"fields": [1], "note": [1]}, {"note": [NO_STRING], "fields": [DICT.format("list")]}),
        (f"uuid={ANN}", {"note": None, "name": True}, {"name": [NO_STRING], "note": [NULL]}),
        (f"uuid={GONE}", {}, {"non_field_errors": ["Deleted contacts can't be modified."]}),
        (f"uuid={GONE}", {"name": True}, {"name": [NO_STRING]}),
        ("", {"urns": ["tel:+250788123001"] * 2}, {"urns": {"0": ["URN is in use by another contact."]}}),
    ],
)
def test_the_errors_of_a_contact_are_reported_field_by_field_in_this_order(
    world: World, query: str, body: Any, errors: Any
) -> None:
    reply = ask(world, "POST", "contacts", body, query)
    assert (reply.status, json_of(reply), list(json_of(reply))) == (400, errors, list(errors))


@pytest.mark.parametrize("language", ["eng", "ENG", "Kin"])
def test_a_language_is_kept_as_it_is_written(world: World, language: str) -> None:
    assert json_of(ask(world, "POST", "contacts", {"language": language}, f"uuid={ANN}"))["language"] == language


def test_the_last_five_notes_are_kept_with_their_authors_and_none_of_a_new_contact(world: World) -> None:
    before = rows(world, "contacts", f"uuid={ANN}")[0]["modified_on"]
    for number in range(6):
        shown = json_of(ask(world, "POST", "contacts", {"note": f" n{number} "}, f"uuid={ANN}"))
    assert [note["text"] for note in shown["notes"]] == ["n1", "n2", "n3", "n4", "n5"]
    assert list(shown["notes"][0]) == ["text", "created_on", "created_by"]
    assert shown["notes"][0]["created_by"] == {"email": "admin@clinic.example", "name": "Ada Admin"}
    assert shown["modified_on"] == before
    assert json_of(ask(world, "POST", "contacts", {"name": "New", "note": " "}))["notes"] == []


def test_a_change_that_changes_nothing_leaves_the_contact_unmodified(world: World) -> None:
    before = rows(world, "contacts", f"uuid={ANN}")[0]
    same: list[Any] = [{}, {"fields": {}}, {"name": "Ann", "language": "eng"}, {"groups": ["nurses"]}]
    for body in same:
        assert json_of(ask(world, "POST", "contacts", body, f"uuid={ANN}")) == before


def test_a_urn_that_is_given_twice_is_stored_once(world: World) -> None:
    urns = ["tel:+250788123001", "tel:0788123001", "tel:+250788123999"]
    shown = json_of(ask(world, "POST", "contacts", {"urns": urns}, f"uuid={ANN}"))
    assert shown["urns"] == ["tel:+250788123001", "tel:+250788123999"]


@pytest.mark.parametrize(
    ("profile", "mine", "his"), [("9.3", ["tel:+250788123002"], []), ("26", [], ["tel:+250788123002"])]
)
def test_a_urn_of_another_contact_is_moved_in_old_versions_and_stays_in_new_ones(
    profile: str, mine: list[str], his: list[str]
) -> None:
    world = World(profile)
    assert json_of(ask(world, "POST", "contacts", {"urns": ["tel:+250788123002"]}, f"uuid={ANN}"))["urns"] == mine
    assert rows(world, "contacts", f"uuid={BOB}")[0]["urns"] == his


def test_a_deleted_contact_shows_no_name_and_can_be_deleted_again(world: World) -> None:
    assert [row["name"] for row in rows(world, "contacts", "deleted=true")] == [None]
    assert ask(world, "DELETE", "contacts", query=f"uuid={GONE}").status == 204


def test_recipients_are_listed_once_each_in_order_of_creation() -> None:
    world = World("9.3")  # the answer to a new flow start of v26.3.54 has them in no order
    body = {"contacts": [CAT, ANN, BOB], "groups": [EMPTY, NURSES]}
    for name, more in (("broadcasts", {"text": "x"}), ("flow_starts", {"flow": INTAKE})):
        shown = json_of(ask(world, "POST", name, {**body, **more}))
        assert [one["uuid"] for one in shown["contacts"]] == [ANN, BOB, CAT]
        assert [one["uuid"] for one in shown["groups"]] == [NURSES, EMPTY]
    twice = {"flow": INTAKE, "contacts": [ANN, "tel:+250788123001"], "groups": [NURSES, "nurses"]}
    shown = json_of(ask(world, "POST", "flow_starts", twice))
    assert ([one["uuid"] for one in shown["contacts"]], len(shown["groups"])) == ([ANN], 1)


@pytest.mark.parametrize(("profile", "status"), [("9.0", 201), ("9.3", 500), ("26", 500)])
@pytest.mark.parametrize("twice", [{"contacts": [ANN, "tel:+250788123001"]}, {"groups": [NURSES, "Nurses"]}])
def test_a_duplicate_recipient_causes_a_server_error_where_the_message_engine_stores_broadcasts(
    profile: str, status: int, twice: Any
) -> None:
    assert ask(World(profile), "POST", "broadcasts", {"text": "x", **twice}).status == status


def test_a_label_counts_what_is_visible_and_is_found_by_its_uuid_in_any_form(world: World) -> None:
    act = {"messages": [5102, 5103], "action": "label", "label": IMPORTANT.upper()}
    assert ask(world, "POST", "message_actions", act).status == 204
    assert rows(world, "labels")[0]["count"] == 2  # 5101 and 5102; 5103 is archived
    for uuid in (IMPORTANT.upper(), IMPORTANT.replace("-", "")):
        assert {row["id"] for row in rows(world, "messages", f"label={uuid}")} == {5101, 5102, 5103}


def test_a_label_is_renamed_as_it_is_written_where_it_is_given_by_name(world: World) -> None:
    act = {"messages": [5102], "action": "label", "label_name": "importanT"}
    assert ask(world, "POST", "message_actions", act).status == 204
    assert [row["name"] for row in rows(world, "labels")] == ["importanT"]


def test_messages_as_keys_of_an_object_cause_a_server_error(world: World) -> None:
    assert ask(world, "POST", "message_actions", {"messages": {"a": 1}, "action": "archive"}).status == 500


def test_a_blocked_contact_leaves_all_groups_and_an_unaffected_contact_stays_unchanged(world: World) -> None:
    assert ask(world, "POST", "contact_actions", {"contacts": [ANN], "action": "block"}).status == 204
    assert rows(world, "contacts", f"uuid={ANN}")[0]["groups"] == []
    before = rows(world, "contacts", f"uuid={EVE}")[0]
    for act in ({"action": "block"}, {"action": "remove", "group": "Nurses"}, {"action": "archive_messages"}):
        assert ask(world, "POST", "contact_actions", {"contacts": [EVE], **act}).status == 204
    assert rows(world, "contacts", f"uuid={EVE}")[0] == before


@pytest.mark.parametrize(
    ("name", "query"),
    [("contacts", "uuid=%00"), ("groups", "uuid=%00"), ("labels", "uuid=abc"), ("flow_starts", "uuid=abc"),
     ("messages", "uuid=abc"), ("fields", "key=%00"), ("globals", "key=%00")],
)  # fmt: skip
def test_up_to_v10_names_that_the_database_cannot_store_cause_a_server_error(name: str, query: str) -> None:
    assert ask(World("9.3"), "POST", name, {}, query).status == 500


def test_numbers_are_checked_before_words_that_the_database_cannot_store(world: World) -> None:
    reply = ask(world, "GET", "messages", query="id=1.0&label=%00")
    assert (reply.status, json_of(reply)) == (400, {"detail": "Value for id must be an integer"})


@pytest.mark.parametrize(
    ("language", "errors"),
    [
        ("engl", ["Ensure this field has no more than 3 characters.", "Not an allowed ISO 639-3 language code."]),
        ("zzz", ["Not an allowed ISO 639-3 language code."]),
        ("", ["This field may not be blank."]),
        (None, [NULL]),
    ],
)
def test_a_base_language_is_measured_and_looked_up(world: World, language: Any, errors: list[str]) -> None:
    body = {"text": "x", "urns": ["tel:+250788123001"], "base_language": language}
    assert json_of(ask(world, "POST", "broadcasts", body)) == {"base_language": errors}


@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x"]
)
def test_an_empty_form_has_empty_dictionaries(kind: str) -> None:
    empty = ["This dictionary may not be empty."]
    reply = ask(World("9.3"), "POST", "broadcasts", Content_Type=kind)
    assert (reply.status, json_of(reply)) == (400, {"text": empty, "attachments": empty})


def test_lists_show_params_in_the_order_of_the_database(world: World) -> None:
    params = {"bb": 1, "a": {"dd": 1, "c": 2}}
    assert ask(world, "POST", "flow_starts", {"flow": INTAKE, "contacts": [ANN], "params": params}).status == 201
    shown = rows(world, "flow_starts")[0]["params"]
    assert list(shown) == ["a", "bb"]
    if world.rapidpro.profile.narrows_params is False:
        assert list(shown["a"]) == ["c", "dd"]
