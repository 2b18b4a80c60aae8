"""What CHT does to a record before it is saved: the rules that the recordings show only in part."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fakes.cht.javascript import moments
from fakes.cht.javascript.mustache import TemplateError, render
from fakes.cht.javascript.paths import UNDEFINED, PathError, get_path, set_path
from fakes.cht.messages.generator import Context, view_of
from fakes.cht.messages.history import History, limit_of
from fakes.cht.messages.multipart import sms_parts, truncated
from fakes.cht.messages.outgoing_allowed import outgoing_allowed
from fakes.cht.messages.recipients import phone_of
from fakes.cht.outbound.cron import is_near
from fakes.cht.outbound.payload import as_json, digest
from fakes.cht.outbound.urls import join_url
from fakes.cht.transitions.lib.ids import with_check_digit
from tests.fakes.cht.recorded_traffic import World, docs_of, send, world

WEBHOOK = "/api/v2/sms/rapidpro/incoming-messages"
REPLIES = {"transitions": {"default_responses": {}}, "default_responses": {"start_date": "2020-01-01"}}
ANN = "+250788123456"
NOW = datetime(2026, 11, 23, 3, 47, 22, 496000, tzinfo=UTC)


def answering(**settings: Any) -> World:
    return world({"settings": {**REPLIES, **settings}, "credentials": {"rapidpro:incoming": "t"}})


def text_in(made: World, content: str = "hello", sender: str = ANN) -> dict[str, Any]:
    """The record of a text that comes in."""
    before = {doc["_id"] for doc in docs_of(made)}
    body = json.dumps({"id": f"in-{len(before)}", "from": sender, "content": content})
    headers = {"Authorization": "Token t", "Content-Type": "application/json"}
    assert send(made.cht, {"method": "POST", "path": WEBHOOK, "headers": headers, "body": body}).status == 200
    (record,) = [doc for doc in docs_of(made) if doc["_id"] not in before]
    return record


def states(record: dict[str, Any]) -> list[str]:
    return [task["state"] for task in record["tasks"]]


def test_from_the_sixth_on_equal_answers_within_half_an_hour_are_duplicates() -> None:
    made = answering()
    assert [states(text_in(made)) for _ in range(7)] == [["pending"]] * 5 + [["duplicate"]] * 2
    made.clock.advance(29 * 60)
    assert states(text_in(made)) == ["duplicate"]  # the half hour counts from the last one
    made.clock.advance(30 * 60)
    assert states(text_in(made)) == ["pending"]


def test_a_restart_of_the_server_clears_the_history_of_answers() -> None:
    made = answering(sms={"duplicate_limit": 1})
    assert [states(text_in(made)) for _ in range(2)] == [["pending"], ["duplicate"]]
    made.cht.restart()
    assert states(text_in(made)) == ["pending"]


@pytest.mark.parametrize(
    ("value", "limit"),
    [(None, 5), (3, 3), ("7", 7), (100, 20), (0, 5), (-1, 5), ("x", 5), ([], 5), (2.9, 2), (True, 1)],
)
def test_the_limit_of_duplicates(value: Any, limit: int) -> None:
    assert limit_of({"sms": {"duplicate_limit": value}}) == limit


def test_old_entries_of_the_history_are_removed() -> None:
    history = History()
    for number in range(1200):
        history.is_duplicate(str(number), "x", {}, number * 60_000)
    assert len(history._counts) < 1001


@pytest.mark.parametrize(
    ("rules", "sender", "allowed"),
    [
        ({}, "", True),
        ({}, ANN, True),
        ({"gateway_number": ANN}, "+250 788 123 456", False),
        ({"gateway_number": "+250788123457"}, ANN, True),
        ({"outgoing_deny_list": " , safaricom ,+25078"}, ANN, False),
        ({"outgoing_deny_list": " , safaricom ,+25078"}, "SAFARICOM Kenya", False),
        ({"outgoing_deny_list": " , "}, ANN, True),
        ({"outgoing_deny_shorter_than": "6 digits"}, "12345", False),
        ({"outgoing_deny_shorter_than": 5}, "12345", True),
        ({"outgoing_deny_shorter_than": "none"}, "1", True),
        ({"outgoing_deny_with_alphas": True}, "Orange", False),
        ({"outgoing_deny_with_alphas": "true"}, "Orange", True),
    ],
)
def test_which_senders_get_no_answer(rules: dict[str, Any], sender: str, allowed: bool) -> None:
    assert outgoing_allowed(rules, sender) == allowed


def test_a_rule_that_gets_a_number_instead_of_a_string_becomes_an_error_of_the_record() -> None:
    made = answering(outgoing_deny_shorter_than=6)
    headers = {"Authorization": "Token t", "Content-Type": "application/json"}
    body = '{"id": "1", "from": 12345, "content": "hello"}'
    assert send(made.cht, {"method": "POST", "path": WEBHOOK, "headers": headers, "body": body}).status == 200
    (record,) = docs_of(made)
    assert ([error["code"] for error in record["errors"]], record["tasks"]) == (["parse_error"], [])


def test_the_answer_is_in_the_language_of_the_settings() -> None:
    made = answering(locale_outgoing="fr")
    texts = {"_id": "messages-fr", "type": "translations", "generic": {"sms_received": "Merci, {{from}}."}}
    made.cht.state.save(texts)
    assert text_in(made)["tasks"][0]["messages"][0]["message"] == f"Merci, {ANN}."


def test_forms_only_mode_answers_that_the_form_is_not_known() -> None:
    record = text_in(answering(forms_only_mode=True, forms={}), "hello")
    assert "form is not known" in record["tasks"][0]["messages"][0]["message"]


@pytest.mark.parametrize("date", ["", "soon", "2999-01-01", None, 5])
def test_without_a_start_in_the_past_nothing_is_answered(date: Any) -> None:
    assert text_in(answering(default_responses={"start_date": date}))["tasks"] == []


def test_the_number_is_changed_as_the_settings_say() -> None:
    made = answering(
        outgoing_phone_replace={"match": "+250", "replace": "0"},
        outgoing_phone_filters=[{"match": "^0(7\\d)", "replace": "[$1]"}, {"match": "x"}, None],
    )
    assert text_in(made)["tasks"][0]["messages"][0]["to"] == "[78]8123456"


def test_an_unsupported_transition_causes_one_warning() -> None:
    made = answering(
        transitions={"default_responses": {}, "update_scheduled_reports": True, "muting": {"disable": True}}
    )
    assert [states(text_in(made)), states(text_in(made))] == [["pending"]] * 2
    assert [note for note in made.notes if "transition" in note] == [
        "the settings enable the transition 'update_scheduled_reports', which this fake does not support"
    ]


def test_sentinel_answers_a_record_that_did_not_come_by_sms_and_does_so_once() -> None:
    made = answering()
    made.cht.state.save({"_id": "a", "type": "data_record", "from": ANN, "reported_date": made.cht.state.now_ms()})
    made.clock.advance(1)
    assert states(docs_of(made)[0]) == ["pending"]
    made.cht.state.save({**(made.cht.state.get("a") or {}), "read": True})
    made.clock.advance(1)
    assert states(docs_of(made)[0]) == ["pending"]
    (info,) = docs_of(made, "sentinel")
    ran = info["transitions"]["default_responses"]
    assert (ran["ok"], ran["last_rev"][:2], info["initial_replication_date"]) == (True, "1-", "unknown")


def test_sentinel_does_not_answer_again_what_the_server_answered() -> None:
    made = answering()
    text_in(made)
    made.clock.advance(600)
    assert states(docs_of(made)[0]) == ["pending"]


def test_the_contact_of_a_known_number_is_put_into_the_record() -> None:
    made = answering(transitions={"update_clinics": {}})
    made.cht.state.save({"_id": "place", "type": "clinic", "name": "Clinic"})
    made.cht.state.save({"_id": "ann", "type": "person", "phone": ANN, "parent": {"_id": "place"}})
    assert text_in(made)["contact"] == {"_id": "ann", "parent": {"_id": "place"}}
    unknown = text_in(made, sender="+250788123457")
    assert [error["code"] for error in unknown["errors"]] == ["sys.facility_not_found"]


def test_a_broken_template_becomes_an_error_of_the_record() -> None:
    made = world(
        {
            "settings": {
                "transitions": {"registration": {}},
                "forms": {"Q": {"meta": {"code": "Q"}, "fields": {}, "public_form": True}},
                "registrations": [
                    {
                        "form": "q",
                        "events": [{"name": "on_create", "trigger": "add_nothing"}],
                        "messages": [{"message": "{{#a}}never closed"}, {"message": "fine", "recipient": "+1"}],
                    }
                ],
            },
            "credentials": {"rapidpro:incoming": "t"},
        }
    )
    record = text_in(made, "Q")
    assert [error["code"] for error in record["errors"]] == ["parse_error"]
    assert [task["messages"][0]["message"] for task in record["tasks"]] == ["fine"]
    assert ["add_nothing" in note for note in made.notes] == [True]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("Hi {{name}}", "Hi Ada"),
        ("{{contact.name}}, {{ contact.parent.name }}!", "Ann, Clinic!"),
        ("{{{name}}}{{&name}}{{! nothing }}{{unknown}}{{null}}", "AdaAda"),
        ("{{#name}}yes {{.}}{{/name}}{{^name}}no{{/name}}", "yes Ada"),
        ("{{#zero}}yes{{/zero}}{{^zero}}no {{zero}}{{/zero}}", "no 0"),
        ("{{#list}}<{{x}}{{name}}>{{/list}}{{^none}}none{{/none}}", "<1Ada><2Ada>none"),
        ("{{list.length}} {{list.1.x}} {{true}} {{half}}", "2 2 true 0.5"),
        ("one\n  {{#name}}\ntwo\n{{/name}}\nthree", "one\ntwo\nthree"),
        ("<b>&amp; 'quoted'", "<b>&amp; 'quoted'"),
    ],
)
def test_templates(template: str, text: str) -> None:
    view = {
        "name": "Ada",
        "contact": {"name": "Ann", "parent": {"name": "Clinic"}},
        "null": None,
        "zero": 0,
        "list": [{"x": 1}, {"x": 2}],
        "none": [],
        "true": True,
        "half": 0.5,
    }
    assert render(template, view) == text


@pytest.mark.parametrize("template", ["{{#a}}", "{{/a}}", "{{#a}}{{/b}}", "{{a", "{{#a}}" * 60 + "{{/a}}" * 60])
def test_broken_templates_are_refused(template: str) -> None:
    with pytest.raises(TemplateError):
        render(template, {})


def test_the_variables_of_a_template_in_order_of_precedence() -> None:
    doc = {"name": "doc", "fields": {"name": "field", "x": 1}, "x": 2, "contact": {"name": "c", "type": "clinic"}}
    patient = {"name": "patient", "patient_id": "1"}
    alone = view_of(doc, Context())
    assert (alone["name"], alone["x"], alone["clinic"]["name"]) == ("field", 1, "c")
    both = view_of(doc, Context(patient, registrations=[{"later": 1, "x": 3}], more={"x": 0}))
    assert (both["patient_name"], both["name"], both["x"], both["later"]) == ("patient", "patient", 0, 1)


@pytest.mark.parametrize(
    ("recipient", "phone"),
    [
        ("reporting_unit", "1"),
        (None, "1"),
        ("nobody knows", "1"),
        (["nobody", "chw"], "2"),
        ("chw", "2"),
        ("source", "3"),
        ("contact.phone", "4"),
        ("clinic", "5"),
        ("parent", "6"),
        ("grandparent", "7"),
        ("health_center", "6"),
        ("district", "7"),
        ("ancestor:health_center", "6"),
        ("link:nurse", "9"),
        ("+250788123456", "+250788123456"),
    ],
)
def test_the_recipient_of_a_message(recipient: Any, phone: str) -> None:
    def place(type_: str, number: str, parent: Any = None, **more: Any) -> dict[str, Any]:
        return {"type": type_, "contact": {"phone": number}, **({"parent": parent} if parent else {}), **more}

    top = place("region", "8")
    centre = place("health_center", "6", place("district_hospital", "7", top))
    contact = {
        "phone": "4",
        "type": "person",
        "parent": place("clinic", "5", centre, linked_docs={"nurse": {"phone": "9"}}),
    }
    view = {"from": "1", "fields": {"chw": "2"}, "source": "3", "contact": contact}
    assert phone_of({}, view, recipient) == phone


def test_an_unknown_recipient_stays_as_it_is_where_the_settings_say_so() -> None:
    assert phone_of({"sms": {"default_to_sender": False}}, {"from": "1"}, "nobody") == "nobody"
    assert phone_of({}, {}, "nobody") == "nobody"


def test_texts_too_long_for_the_limit_are_truncated() -> None:
    assert [len(sms_parts("a" * size)) for size in (160, 161, 306, 307)] == [1, 2, 2, 3]
    assert [len(sms_parts("é" * 80 + "ж" * size)) for size in (0, 1, 54, 55)] == [1, 2, 2, 3]
    assert truncated("a" * 306, 2) is None
    assert truncated("a" * 307, 2) == "a" * 303 + "..."


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("DD-MMM-YYYY", "23-Nov-2026"),
        ("D MMMM YY, h:mm a", "23 November 26, 3:47 am"),
        ("dddd Do [of] MMM HH:mm:ss.SSS", "Monday 23rd of Nov 03:47:22.496"),
        ("X x ZZ", "1795405642 1795405642496 +0000"),
        (None, "2026-11-23T03:47:22+00:00"),
    ],
)
def test_dates_are_written_by_layouts(layout: str | None, text: str) -> None:
    assert moments.write(NOW, layout) == text


def test_dates_are_shifted_by_offsets_times_and_days() -> None:
    assert [moments.offset(text) for text in ("2 weeks", "1 day", "x days", "3", "", None)] == [
        (2.0, "week"),
        (1.0, "day"),
        None,
        None,
        None,
        None,
    ]
    assert moments.add(datetime(2026, 1, 31, tzinfo=UTC), (1, "month")) == datetime(2026, 2, 28, tzinfo=UTC)
    assert moments.add(datetime(2024, 2, 29, tzinfo=UTC), (1, "year")) == datetime(2025, 2, 28, tzinfo=UTC)
    assert moments.at_time(NOW, "09:05") == datetime(2026, 11, 23, 9, 5, tzinfo=UTC)
    assert moments.at_time(NOW, "09:00 +0300") == datetime(2026, 11, 23, 6, tzinfo=UTC)
    assert moments.on_day(NOW, "Sunday") == NOW - timedelta(days=1)
    assert moments.on_day(NOW, "sat") == NOW + timedelta(days=5)
    assert moments.on_day(NOW, "someday") == NOW


def test_paths_read_and_write_like_the_real_library() -> None:
    doc: dict[str, Any] = {"a": [{"b": None}, "text"]}
    assert get_path(doc, "a.0.b") is None
    assert [get_path(doc, path) for path in ("a.length", "a.1.0", "a.1.length")] == [2, "t", 4]
    assert all(get_path(doc, path) is UNDEFINED for path in ("x", "a.2", "a.00", "a.0.b.c", "a.x"))
    made: dict[str, Any] = {}
    set_path(made, "list.2.x", 1)
    set_path(made, "list.name", 2)
    set_path(made, "object.x1", 3)
    assert made == {"list": [None, None, {"x": 1}], "object": {"x1": 3}}
    for path in ("object.x1.y", "list.99999"):
        with pytest.raises(PathError):
            set_path(made, path, 1)


def test_payloads_are_written_as_javascript_writes_them() -> None:
    payload = {"b": 1.0, "10": [0.5, {"z": 1, "a": 2}], "9": "é", "a": None}
    assert as_json(payload) == '{"9":"é","10":[0.5,{"z":1,"a":2}],"b":1,"a":null}'
    assert digest({"x": 1, "y": {"b": 2, "a": 3}}) == digest({"y": {"a": 3, "b": 2.0}, "x": 1})
    assert digest({"x": [{"a": 1, "b": 2}]}) != digest({"x": [{"b": 2, "a": 1}]})


@pytest.mark.parametrize(
    ("parts_", "url"),
    [
        (("http://a", "b"), "http://a/b"),
        (("http://a/", "/b/c"), "http://a/b/c"),
        (("http://a/x/", "/b//"), "http://a/x/b/"),
        (("http:/a", "b?c=1"), "http://a/b?c=1"),
        (("http://a", "?c=1"), "http://a?c=1"),
        (("http://a", None), "http://a"),
        ((None, None), ""),
    ],
)
def test_addresses_are_joined_with_one_slash(parts_: tuple[Any, ...], url: str) -> None:
    assert join_url(*parts_) == url


@pytest.mark.parametrize(
    ("expression", "near"),
    [
        ("* * * * *", True),
        ("45 3 * * *", True),
        ("52 3 * * *", True),
        ("53 3 * * *", False),
        ("42 3 * * *", False),
        ("*/15 * * * *", True),
        ("0-40/10,50 3 * * *", True),
        ("45 3 23 11 1", True),
        ("45 3 23 11 2", False),
        ("45 3 24 * *", False),
    ],
)
def test_a_cron_time_is_near_within_five_minutes(expression: str, near: bool) -> None:
    assert is_near(expression, NOW, timedelta(minutes=5)) == near


def test_short_ids_end_in_a_check_digit() -> None:
    assert [with_check_digit(digits) for digits in ("1234", "1324")] == ["12348", "13249"]
