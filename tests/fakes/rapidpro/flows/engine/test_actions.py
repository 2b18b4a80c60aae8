"""Actions where recordings show one case of a kind."""

import json
from typing import Any

import pytest

from fakes.rapidpro.flows.engine import Answer, Contact, Trigger, Urn, start
from fakes.rapidpro.flows.engine.changes.queries import matches
from fakes.rapidpro.flows.engine.changes.readings import field_value
from fakes.rapidpro.flows.engine.state.summary import read_contact
from fakes.rapidpro.flows.engine.work.stretch import Stretch
from fakes.rapidpro.flows.engine.work.templates import environment
from tests.fakes.rapidpro.flows.engine.building import (
    GROUPS,
    WORKSPACE,
    Conversation,
    action,
    amina,
    flow,
    node,
    say,
    uid,
)

MOTHERS = {"uuid": GROUPS[0].uuid, "name": GROUPS[0].name}


def ran(*actions: dict[str, Any], generation: Any = "new", **values: Any) -> Conversation:
    return Conversation(flow("F", node("n", *actions)), generation=generation, **values).start()


@pytest.mark.parametrize("generation", ["new", "9"])
def test_a_stopped_contact_leaves_all_groups_and_joins_none(generation: Any) -> None:
    contact = amina(groups=[GROUPS[0].uuid])
    stopped = ran(
        action("set_contact_status", status="stopped"), action("add_contact_groups", groups=[MOTHERS]),
        generation=generation, contact=contact,
    )  # fmt: skip
    assert stopped.outcome.session.contact.groups == []
    assert stopped.events("contact_groups_changed") == [{"added": [], "removed": ["Mothers"]}]
    assert [note.lower() for note in stopped.notes()] == ["can't add blocked or stopped contacts to groups"]


def test_groups_with_a_query_follow_each_change_and_cannot_be_joined() -> None:
    age = {"key": "age", "name": "Age"}
    under_five = {"uuid": GROUPS[1].uuid, "name": GROUPS[1].name}
    changed = ran(
        action("set_contact_field", field=age, value="3"),
        action("set_contact_field", field=age, value="7"),
        action("add_contact_groups", groups=[under_five]),
        action("remove_contact_groups", all_groups=True),
    )
    assert changed.events("contact_groups_changed") == [
        {"added": ["Under Five"], "removed": []},
        {"added": [], "removed": ["Under Five"]},
    ]
    assert changed.notes() == ["Can't add contacts to the query based group 'Under Five'"]


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("age < 5", True), ("age = 3", True), ("fields.age >= 4", False), ("age != 3", False), ('age = ""', False),
        ('due = ""', True), ('due != ""', False), ("language = SWA", False), ("language is eng", True),
        ('name = "amina otieno"', True), ("name ~ oti", True), ("name has zawadi", False), ("amina", True),
        ("tel = +254712345678", True), ("urns.tel ~ 7123", True), ('urn ~ "999"', False), ('mailto = ""', True),
        ("age < 5 AND language = swa", False), ("age < 5 OR language = swa", True),
        ("language = swa OR (age < 5 language = eng)", True), ("created_on < 2020-01-01", False),
        ("created_on > 2020-01-01", True), ("tickets > 0", False), ("status = active", False), ("nonsense = 1", False),
        ("age <", False), ("(age < 5", False), ("(" * 500 + "age < 5" + ")" * 500, False), ("", False),
    ],
)  # fmt: skip
def test_contact_queries(query: str, fits: bool) -> None:
    env = environment(_stretch())
    value = field_value("3", env)
    assert value is not None
    assert matches(query, amina(fields={"age": value}), WORKSPACE, env) is fits


@pytest.mark.parametrize(
    ("generation", "path", "urn"),
    [
        ("new", "0722 000 111", "tel:0722000111"),
        ("9", "0722 000 111", "tel:+254722000111"),
        ("new", "254722000111", "tel:+254722000111"),
        ("9", "254722000111", "tel:+254722000111"),
        ("new", "+254 722 000111", "tel:+254722000111"),
        ("new", "60396", "tel:60396"),
        ("new", "254712345678", None),
    ],
)
def test_an_added_number_is_brought_into_its_normal_form(generation: Any, path: str, urn: str | None) -> None:
    added = ran(action("add_contact_urn", scheme="tel", path=path), generation=generation)
    urns = [one.identity for one in added.outcome.session.contact.urns]
    assert urns == ["tel:+254712345678"] + ([urn] if urn else [])


def test_a_text_that_is_no_urn_is_an_error() -> None:
    assert ran(action("add_contact_urn", scheme="telegram", path="me")).notes() == ["'telegram:me' is not valid URN"]


def test_a_name_that_fails_is_not_looked_up_among_groups() -> None:
    added = ran(action("add_contact_groups", groups=[{"name_match": "Mothers@(1/0)"}, {"name_match": "@contact.name"}]))
    assert added.notes() == [
        "Error evaluating expression: division by zero",
        "No such group with name 'Amina Otieno'",
    ]


def test_recipients_are_contacts_groups_urns_and_numbers() -> None:
    sent = ran(action("send_broadcast", text="Help", legacy_vars=[
        "mothers", "0722000111", "mailto:a@b.example", "6bcbd9ae-7016-4f91-9213-88a49dc5a084", "nobody",
    ]))  # fmt: skip
    (broadcast,) = sent.events("broadcast_created")
    assert [one["name"] for one in broadcast["groups"]] == ["Mothers"]
    assert all(one["uuid"] for one in broadcast["groups"])
    assert broadcast["urns"] == ["tel:+254722000111", "mailto:a@b.example"]
    assert broadcast["contacts"] == [{"uuid": "6bcbd9ae-7016-4f91-9213-88a49dc5a084", "name": ""}]
    assert sent.notes() == ["'nobody' couldn't be resolved to a contact, group or URN"]


def test_the_values_of_a_contact_query_are_quoted() -> None:
    sent = ran(action("send_broadcast", text="Hi", contact_query="name = @contact.name OR age > @(1 + 1)"))
    assert sent.events("broadcast_created")[0]["query"] == 'name = "Amina Otieno" OR age > "2"'


def test_a_session_that_a_flow_starts_sees_the_run_that_started_it() -> None:
    target = flow("Target", node("t", say("@parent.contact.name @parent.results.r @parent.fields.age @legacy_extra.a")))
    value = field_value("3", environment(_stretch()))
    assert value is not None
    starter = flow("F", node(
        "n", action("call_webhook", method="GET", url="https://x.example.org", result_name="R"),
        action("start_session", flow={"uuid": target["uuid"], "name": "Target"}, create_contact=True),
    ))  # fmt: skip
    contact = amina(fields={"age": value})
    started = Conversation(starter, target, contact=contact, answers=[Answer(200, {}, b'{"a":7}')]).start()
    (values,) = started.events("session_triggered")
    trigger = Trigger("flow_action", parent=json.loads(json.dumps(values["parent"])))
    outcome = start(target["uuid"], Contact(uid("z")), trigger, started.around)
    assert [e.values["text"] for e in outcome.events if e.type == "msg_created"] == ["Amina Otieno 200 3 7"]


@pytest.mark.parametrize(("ancestors", "starts"), [(4, True), (5, False)])
def test_sessions_that_start_one_another_without_end_are_broken_off(ancestors: int, starts: bool) -> None:
    again = action("start_session", flow={"uuid": uid("flow F"), "name": "F"}, create_contact=True)
    conversation = Conversation(flow("F", node("n", again)))
    trigger = Trigger("flow_action", ancestors_since_input=ancestors)
    outcome = start(uid("flow F"), amina(), trigger, conversation.around)
    found = [e.values["ancestors_since_input"] for e in outcome.events if e.type == "session_triggered"]
    assert found == ([ancestors + 1] if starts else [])


def test_a_contact_without_a_channel_has_the_country_of_its_number() -> None:
    told = ran(say('@(has_phone("0788383383").match)'), contact=amina(urns=[Urn("tel:+250788123123")]))
    assert told.texts() == ["+250788383383"]


def _stretch() -> Stretch:
    conversation = ran(say("x"))
    return Stretch(conversation.outcome.session, conversation.around)


def test_a_time_in_another_zone_is_no_change() -> None:
    given = read_contact({"fields": {"due": {"text": "2026-05-12T10:00:00+03:00", "datetime": "2026-05-12T07:00:00Z"}}})
    set_due = action("set_contact_field", field={"key": "due", "name": "Due"}, value="2026-05-12T10:00:00+03:00")
    same = ran(set_due, contact=given)
    assert same.events("contact_field_changed") == []


def test_a_second_ticket_is_not_opened() -> None:
    opened = ran(action("open_ticket", note="one"), action("open_ticket", note="two"), say("[@locals._new_ticket]"))
    assert [one["topic"] for one in opened.events("ticket_opened")] == ["General"]
    assert opened.texts() == ["[]"]


@pytest.mark.parametrize("generation", ["new", "9"])
def test_all_urns_is_for_9_only(generation: Any) -> None:
    contact = amina(urns=[Urn("tel:+254712345678"), Urn("mailto:a@b.example"), Urn("tel:+254722000111")])
    sent = ran(say("x", all_urns=True), generation=generation, contact=contact)
    urns = [one["urn"] for one in sent.events("msg_created")]
    assert urns == ["tel:+254712345678"] + (["tel:+254722000111"] if generation == "9" else [])


def test_a_quick_reply_may_have_an_extra() -> None:
    sent = ran(say("x", quick_replies=["Yes<extra>I agree", "y" * 70]))
    assert sent.events("msg_created")[0]["quick_replies"] == ["Yes<extra>I agree", "y" * 61 + "..."]


def test_every_action_of_both_generations_is_carried_out_or_refused() -> None:
    from fakes.rapidpro.flows.engine.actions import ACTIONS
    from fakes.rapidpro.flows.engine.definitions.action_fields import NEW, OLD, SHARED

    assert {*SHARED, *NEW, *OLD} - set(ACTIONS) == {"say_msg", "play_audio"}
