"""Registrations, reports about patients and mutings, texted in as health workers do.

Sources: cht-core `shared-libs/transitions/src/transitions/{registration,accept_patient_reports,muting}.js` and
`shared-libs/validation/src/validation.js`. What exactly is written is compared in `test_fakes_cht_source.py`.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakes.cht.contacts.lineage import hydrate, minify
from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.messages.texts import translate
from fakes.cht.transitions.lib.loading import SENTINEL, SERVER, configuration_error
from tests.fakes.cht.recorded_traffic import World, docs_of, send, world

NOW = "2024-10-02T10:00:00Z"
ANN = "+250788123456"
PATH = "/api/v2/sms/rapidpro/incoming-messages"
HEADERS = {"Authorization": "Token t", "Content-Type": "application/json"}
TYPES = [{"id": "clinic"}, {"id": "person", "person": True, "parents": ["clinic"]}]
PLACE = {"_id": "place", "type": "clinic", "name": "Hill Clinic", "place_id": "33333"}
SENDER = {"_id": "ann", "type": "person", "name": "Ann", "phone": ANN, "parent": {"_id": "place"}}
ADA = {"_id": "ada", "type": "person", "name": "Ada", "patient_id": "12345", "parent": {"_id": "place"}}
VISITS = {
    "name": "visits",
    "start_from": "reported_date",
    "messages": [
        {"group": week, "offset": f"{week} weeks", "message": "Visit {{patient_name}}", "recipient": "reporting_unit"}
        for week in (1, 2)
    ],
}


def form(code: str, *fields: str, kind: str = "string") -> dict[str, Any]:
    described = {name: {"type": kind, "labels": {"tiny": name}, "position": place} for place, name in enumerate(fields)}
    return {"meta": {"code": code}, "fields": described}


SETTINGS: dict[str, Any] = {
    "contact_types": TYPES,
    "default_country_code": "250",
    "transitions": {"update_clinics": True, "registration": True, "accept_patient_reports": True, "muting": True},
    "muting": {"mute_forms": ["OFF"], "unmute_forms": ["ON"]},
    "schedules": [VISITS],
    "forms": {
        "NEW": form("NEW", "patient_name"),
        "PREG": form("PREG", "patient_id", "weeks_since_lmp"),
        "VISIT": form("VISIT", "patient_id", "weight"),
        "OFF": form("OFF", "patient_id"),
        "ON": form("ON", "patient_id"),
    },
    "registrations": [
        {
            "form": "NEW",
            "events": [{"name": "on_create", "trigger": "add_patient"}],
            "messages": [{"message": "{{patient_name}} of {{patient.parent.name}} is {{patient_id}}"}],
        },
        {
            "form": "PREG",
            "events": [
                {"name": "on_create", "trigger": "add_expected_date"},
                {"name": "on_create", "trigger": "assign_schedule", "params": "visits"},
            ],
            "validations": {
                "list": [
                    {"property": "patient_id", "rule": r"regex('^\d{5}$')", "message": "No ID: {{patient_id}}"},
                    {"property": "weeks_since_lmp", "rule": "integer && between(2, 42)", "translation_key": "weeks"},
                ]
            },
            "messages": [{"message": "Due {{expected_date}}"}],
        },
    ],
    "patient_reports": [
        {
            "form": "VISIT",
            "silence_type": "visits",
            "silence_for": "8 days",
            "messages": [
                {"event_type": "report_accepted", "message": "Thanks for {{patient_name}}"},
                {
                    "event_type": "report_accepted",
                    "message": "{{patient_name}} is light",
                    "recipient": "+250788000001",
                    "bool_expr": "doc.fields.weight < 40",
                },
                {"event_type": "registration_not_found", "message": "Who is {{patient_id}}?"},
            ],
        }
    ],
}
TEXTS = {"_id": "messages-en", "type": "translations", "generic": {"weeks": "Weeks are 2 to 42"}}


def clinic(**settings: Any) -> World:
    given = {"settings": {**SETTINGS, **settings}, "credentials": {"rapidpro:incoming": "t"}, "now": NOW}
    made = world({**given, "docs": [PLACE, SENDER, ADA, TEXTS]})
    made.clock.advance(1)
    return made


def text(made: World, content: str) -> dict[str, Any]:
    """The record of a text of Ann's, as it is once sentinel has seen it."""
    before = {doc["_id"] for doc in docs_of(made)}
    body = json.dumps({"id": f"in-{len(before)}", "from": ANN, "content": content})
    assert send(made.cht, {"method": "POST", "path": PATH, "headers": HEADERS, "body": body}).status == 200
    made.clock.advance(1)
    (record,) = [doc for doc in docs_of(made) if doc["_id"] not in before and doc["type"] == "data_record"]
    return record


def replies(record: dict[str, Any]) -> list[str]:
    return [task["messages"][0]["message"] for task in record["tasks"]]


def reminders(made: World, record: dict[str, Any]) -> list[str]:
    found = made.cht.state.get(record["_id"]) or {}
    return [task["state"] for task in found.get("scheduled_tasks", [])]


def test_a_registration_that_passes_is_answered_and_gets_its_schedule() -> None:
    made = clinic()
    record = text(made, "PREG 12345 8")
    assert (replies(record), reminders(made, record)) == (["Due 2025-05-14T00:00:00.000Z"], ["scheduled"] * 2)
    assert "errors" not in record or record["errors"] == []


def test_a_registration_that_does_not_pass_is_answered_and_gets_no_schedule() -> None:
    record = text(clinic(), "PREG 123 50")
    assert [(one["code"], one["message"]) for one in record["errors"]] == [
        ("invalid_patient_id", "No ID: 123"),
        ("invalid_weeks_since_lmp", "Weeks are 2 to 42"),
    ]
    assert replies(record) == ["No ID: 123"]
    assert "scheduled_tasks" not in record
    assert "expected_date" not in record


def test_all_errors_can_be_answered_in_one_text() -> None:
    (new, pregnancy) = SETTINGS["registrations"]
    joined = {**pregnancy, "validations": {**pregnancy["validations"], "join_responses": True}}
    record = text(clinic(registrations=[new, joined]), "PREG 123 50")
    assert replies(record) == ["No ID: 123  Weeks are 2 to 42"]


@pytest.mark.parametrize(
    ("rule", "json_text"),
    [("min(", ""), ("regex('[')", "{}"), ("min(5))", '{"message":"Can\'t close the root block.","pos":4}'), (5, "{}")],
)
def test_a_rule_that_throws_becomes_an_error_of_the_record(rule: Any, json_text: str) -> None:
    new, pregnancy = SETTINGS["registrations"]
    broken = {**pregnancy, "validations": {"list": [{"property": "weeks_since_lmp", "rule": rule, "message": "x"}]}}
    record = text(clinic(registrations=[new, broken]), "PREG 12345 8")
    if not json_text:  # an argument that is missing is no number: nothing is at least that
        assert [one["code"] for one in record["errors"]] == ["invalid_weeks_since_lmp"]
        return
    words = f"Error on pupil validations: {json_text}"
    assert record["errors"] == [{"code": "invalid_report", "message": words}]
    assert replies(record) == [words]


def test_a_person_who_is_registered_can_be_reported_about() -> None:
    made = clinic()
    record = text(made, "NEW Zoe")
    code = record["patient_id"]
    (person,) = [doc for doc in docs_of(made) if doc.get("source_id") == record["_id"]]
    assert replies(record) == [f"Zoe of Hill Clinic is {code}"]
    assert {key: value for key, value in person.items() if key not in ("_id", "_rev", "source_id")} == {
        "type": "person", "name": "Zoe", "patient_id": code, "reported_date": record["reported_date"],
        "parent": {"_id": "place"}, "created_by": "ann",
    }  # fmt: skip
    assert replies(text(made, f"VISIT {code} 50")) == ["Thanks for Zoe"]


def test_a_report_about_an_unknown_patient_is_answered() -> None:
    record = text(clinic(), "VISIT 99999 50")
    assert (replies(record), record["errors"]) == (
        ["Who is 99999?"],
        [{"code": "registration_not_found", "message": "Who is 99999?"}],
    )


def test_a_report_clears_the_reminders_that_it_answers_and_those_soon_due() -> None:
    made = clinic()
    registration = text(made, "PREG 12345 8")
    made.clock.advance(7.5 * 86_400)
    assert reminders(made, registration) == ["pending", "scheduled"]
    record = text(made, "VISIT 12345 30")
    assert replies(record) == ["Thanks for Ada", "Ada is light"]
    assert record["registration_id"] == registration["_id"]
    assert reminders(made, registration) == ["cleared", "cleared"]
    stored = made.cht.state.get(registration["_id"]) or {}
    assert [task["cleared_by"] for task in stored["scheduled_tasks"]] == [record["_id"]] * 2


def test_a_report_is_recorded_in_the_reminder_that_it_answers() -> None:
    made = clinic(patient_reports=[{"form": "VISIT", "silence_type": "visits", "silence_for": "3 days"}])
    registration = text(made, "PREG 12345 8")
    stored = made.cht.state.get(registration["_id"]) or {}
    stored["scheduled_tasks"][0]["state"] = "sent"
    made.cht.state.save(stored)
    made.clock.advance(8 * 86_400)
    record = text(made, "VISIT 12345 50")
    stored = made.cht.state.get(registration["_id"]) or {}
    assert [task.get("responded_to_by") for task in stored["scheduled_tasks"]] == [[record["_id"]], None]


def test_an_id_that_a_form_reads_as_a_number_finds_nobody() -> None:
    """The ids that contacts are found by are texts (`ddocs/medic-db/medic-client/views/contacts_by_reference`)."""
    forms = {**SETTINGS["forms"], "VISIT": form("VISIT", "patient_id", kind="integer")}
    assert [one["code"] for one in text(clinic(forms=forms), "VISIT 12345")["errors"]] == ["registration_not_found"]


def test_a_place_needs_a_type_to_be_registered_about() -> None:
    registrations = [{"form": "HUT", "events": [], "messages": [{"message": "{{place.name}}"}]}]
    more = {"forms": {"HUT": form("HUT", "place_id")}, "registrations": registrations}
    assert replies(text(clinic(**more), "HUT 33333")) == ["Hill Clinic"]
    refused = text(clinic(**more, contact_types=TYPES[1:]), "HUT 33333")
    assert [one["code"] for one in refused["errors"]] == ["registration_not_found"]
    assert [one["code"] for one in text(clinic(**more), "HUT 12345")["errors"]] == ["registration_not_found"]


def test_a_muted_contact_gets_no_reminders_until_it_is_unmuted() -> None:
    made = clinic()
    registration = text(made, "PREG 12345 8")
    text(made, "OFF 12345")
    assert reminders(made, registration) == ["muted", "muted"]
    later = text(made, "PREG 12345 8")
    assert reminders(made, later) == ["muted", "muted"]
    made.clock.advance(8 * 86_400)
    assert reminders(made, registration) == ["muted", "muted"]  # nothing falls due
    text(made, "ON 12345")
    assert reminders(made, registration) == ["muted", "scheduled"]  # what was due yesterday is over
    assert "muted" not in (made.cht.state.get("ada") or {})
    histories = [doc["muting_history"] for doc in docs_of(made, "sentinel") if doc["_id"] == "ada-info"]
    assert [[one["muted"] for one in history] for history in histories] == [[True, False]]


def test_a_new_contact_below_a_muted_place_is_muted_too() -> None:
    made = clinic()
    stored = made.cht.state.get("place") or {}
    made.cht.state.save({**stored, "muted": "2024-10-01T00:00:00.000Z"})
    made.cht.state.save({"_id": "eve", "type": "person", "name": "Eve", "parent": {"_id": "place"}})
    made.clock.advance(1)
    assert (made.cht.state.get("eve") or {})["muted"] == "2024-10-02T10:00:01.000Z"


def test_with_one_misconfigured_transition_none_runs() -> None:
    made = clinic(contact_types=[])
    record = text(made, "PREG 123 50")
    assert "errors" not in record or record["errors"] == []
    assert any("no type 'person'" in note for note in made.notes)


@pytest.mark.parametrize(
    ("settings", "server", "words"),
    [
        ({"transitions": {"no_such": False}}, True, "'no_such'"),
        ({"transitions": {"registration": True}}, True, "registrations"),
        ({"transitions": {"muting": True}}, False, "muting.mute_forms"),
        ({"transitions": {"death_reporting": True}}, True, "death_reporting.mark_deceased_forms"),
        ({"transitions": {"muting": {"disable": True}}}, True, None),
    ],
)
def test_what_keeps_transitions_from_running(settings: dict[str, Any], server: bool, words: str | None) -> None:
    found = (configuration_error(settings, SERVER), configuration_error(settings, SENTINEL))
    assert [one is not None for one in found] == [server and words is not None, words is not None]
    assert words is None or all(words in one for one in found if one is not None)


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ("{bad", "not valid JSON"),
        ({"patient_id_field": "patient_id"}, "must not be"),
        ({"contact_type": "clinic"}, "a place"),
        ({"contact_type": "ghost"}, "'ghost'"),
    ],
)
def test_a_misconfigured_event_keeps_all_transitions_from_running(params: Any, words: str) -> None:
    event = {"name": "on_create", "trigger": "add_patient", "params": params}
    settings = {
        "transitions": {"registration": True},
        "registrations": [{"form": "R", "events": [event]}],
        "contact_types": TYPES,
    }
    assert words in (configuration_error(settings, SERVER) or "")


def test_people_can_report_about_themselves() -> None:
    own = [{"form": "ILL", "messages": [{"event_type": "report_accepted", "message": "Get well, {{patient_name}}"}]}]
    transitions = {"self_report": True, "update_sent_by": True, "resolve_pending": True}
    made = clinic(transitions=transitions, self_report=own, forms={"ILL": form("ILL", "since")})
    record = text(made, "ILL today")
    assert (record["fields"]["patient_uuid"], record["sent_by"]) == ("ann", "Ann")
    assert [task["state"] for task in record["tasks"]] == ["sent"]


def test_contacts_get_short_ids_and_deaths_are_recorded() -> None:
    deaths = {"mark_deceased_forms": ["DIED"], "undo_deceased_forms": ["ALIVE"]}
    forms = {"DIED": form("DIED", "patient_id"), "ALIVE": form("ALIVE", "patient_id")}
    transitions = {"generate_shortcode_on_contacts": True, "death_reporting": True, "update_clinics": True}
    made = clinic(transitions=transitions, death_reporting=deaths, forms=forms)
    made.cht.state.save({"_id": "eve", "type": "person", "name": "Eve", "parent": {"_id": "place"}})
    made.clock.advance(1)
    code = (made.cht.state.get("eve") or {})["patient_id"]
    record = text(made, f"DIED {code}")
    assert (made.cht.state.get("eve") or {})["date_of_death"] == record["reported_date"]
    text(made, f"ALIVE {code}")
    assert "date_of_death" not in (made.cht.state.get("eve") or {})


def reminder(due: str, state: str, group: int) -> dict[str, Any]:
    message = {"uuid": f"u{due}", "to": ANN, "message": "Visit"}
    return {"due": f"2024-{due}T08:00:00.000Z", "state": state, "group": group, "type": "visits", "messages": [message]}


def pregnancy(*tasks: dict[str, Any]) -> dict[str, Any]:
    about = {"type": "data_record", "form": "PREG", "reported_date": 1725000000000, "contact": {"_id": "ann"}}
    fields = {"patient_id": "12345", "weeks_since_lmp": 8}
    return {"_id": "preg", **about, "fields": fields, "scheduled_tasks": [*tasks]}


@pytest.mark.parametrize(("group", "answered"), [(1, True), (2, False)])
def test_a_report_ahead_of_the_next_group_answers_no_earlier_reminder(group: int, answered: bool) -> None:
    made = clinic()
    made.cht.state.save(pregnancy(reminder("09-25", "sent", 1), reminder("10-03", "scheduled", group)))
    record = text(made, "VISIT 12345 50")
    sent, coming = (made.cht.state.get("preg") or {})["scheduled_tasks"]
    assert (coming["state"], "responded_to_by" in sent) == ("cleared", answered)
    assert sent.get("responded_to_by", [record["_id"]]) == [record["_id"]]


def test_what_was_due_this_morning_is_scheduled_again_when_its_contact_is_unmuted() -> None:
    made = clinic()
    made.cht.state.save({**(made.cht.state.get("ada") or {}), "muted": "2024-09-01T00:00:00.000Z"})
    made.cht.state.save(pregnancy(reminder("10-01", "muted", 1), reminder("10-02", "muted", 2)))
    made.clock.advance(1)
    text(made, "ON 12345")
    assert reminders(made, {"_id": "preg"}) == ["muted", "scheduled"]


@pytest.mark.parametrize(("field", "unique"), [("visit", False), ("visit_date", True)])
def test_fields_whose_names_end_in_date_are_always_unique(field: str, unique: bool) -> None:
    """`ddocs/medic-db/medic/nouveau/reports_by_freetext/index.js` leaves them out."""
    checks = {"list": [{"property": field, "rule": f"unique('{field}')", "message": "Again"}]}
    reports = [{"form": "VISIT", "validations": checks, "messages": []}]
    made = clinic(forms={"VISIT": form("VISIT", "patient_id", field)}, patient_reports=reports, registrations=[])
    assert replies(text(made, "VISIT 12345 monday")) == []
    assert replies(text(made, "VISIT 12345 Monday")) == ([] if unique else ["Again"])


ORPHAN = {"_id": "ann", "type": "person", "name": "Ann", "phone": ANN}
WITHOUT_TEXT = [
    ("parent_not_found", {}, [ORPHAN]),
    ("parent_invalid", {"contact_types": [{"id": "clinic"}, {"id": "person", "person": True}]}, []),
    ("parent_field_not_provided", {}, []),
]


@pytest.mark.parametrize(("code", "settings", "docs"), WITHOUT_TEXT)
@pytest.mark.parametrize("own", [None, "Ask at the clinic."])
def test_a_rejection_for_which_cht_has_no_text_sends_nothing_unless_the_settings_have_one(
    code: str, settings: dict[str, Any], docs: list[dict[str, Any]], own: str | None
) -> None:
    params = json.dumps({"parent_id": "village"}) if code == "parent_field_not_provided" else None
    new = {"form": "NEW", "events": [{"name": "on_create", "trigger": "add_patient", "params": params}]}
    new["messages"] = [] if own is None else [{"event_type": code, "message": own}]
    made = clinic(registrations=[new], **settings)
    for doc in docs:
        stored = made.cht.state.get(doc["_id"]) or {}
        made.cht.state.save({**doc, "_rev": stored["_rev"]})
    record = text(made, "NEW Zoe")
    (task,) = record["tasks"]
    (message,) = task["messages"]
    assert task["state"] == "pending"
    waiting = [row.content for row in made.cht.state.messages.oldest(limit=25)]
    if own is None:
        assert (message["error"], "message" in message) == ("messages.errors.message.empty", False)
        assert record["errors"] == [{"code": code, "message": f"messages.generic.{code}"}]
        assert waiting == []
    else:
        assert waiting == [message["message"]] == [own]


@pytest.mark.parametrize(
    "code", ["parent_not_found", "parent_invalid", "parent_field_not_provided", "sender_not_found"]
)
def test_cht_has_no_text_of_its_own_for_these_rejections(code: str) -> None:
    key = f"messages.generic.{code}"
    assert translate(clinic().cht.state, key, "en") == key


NURSE = {"_id": "nurse", "type": "person", "name": "Nora", "phone": "+250788123999"}
CHIEF = {"_id": "chief", "type": "person", "name": "Carl", "phone": "+250788123888"}


def linked_clinic(link: Any, *, on: str = "place") -> World:
    """Ann's clinic, or Ann herself, is linked to a nurse; PREG answers and reminds the nurse."""
    to_nurse = {"recipient": "link:nurse", "message": "For the nurse"}
    reminder = {"group": 1, "offset": "1 weeks", "translation_key": "weeks", "recipient": "link:nurse"}
    new, pregnancy = SETTINGS["registrations"]
    made = clinic(
        registrations=[new, {**pregnancy, "messages": [to_nurse]}], schedules=[{**VISITS, "messages": [reminder]}]
    )
    for doc in (NURSE, CHIEF):
        made.cht.state.save(doc)
    holder = made.cht.state.get(on) or {}
    made.cht.state.save({**holder, "linked_docs": {"chief": "chief", "nurse": link}})
    return made


@pytest.mark.parametrize("link", ["nurse", {"_id": "nurse"}])
@pytest.mark.parametrize("on", ["place", "ann"])
def test_a_linked_person_gets_the_answer(link: Any, on: str) -> None:
    made = linked_clinic(link, on=on)
    record = text(made, "PREG 12345 8")
    assert [task["messages"][0]["to"] for task in record["tasks"]] == [NURSE["phone"]]
    assert (record["contact"], "patient" in record) == ({"_id": "ann", "parent": {"_id": "place"}}, False)


@pytest.mark.parametrize("link", ["nurse", {"_id": "nurse"}])
def test_a_linked_person_gets_the_reminder_that_is_due(link: Any) -> None:
    made = linked_clinic(link)
    record = text(made, "PREG 12345 8")
    made.clock.advance(8 * 86_400)
    stored = made.cht.state.get(record["_id"]) or {}
    (task,) = stored["scheduled_tasks"]
    assert (task["state"], task["messages"][0]["to"]) == ("pending", NURSE["phone"])
    assert stored["contact"] == {"_id": "ann", "parent": {"_id": "place"}}


@pytest.mark.parametrize("link", ["gone", {"_id": "gone"}, {"phone": None}, None, 5])
def test_without_a_linked_person_the_sender_gets_the_answer(link: Any) -> None:
    record = text(linked_clinic(link), "PREG 12345 8")
    assert [task["messages"][0]["to"] for task in record["tasks"]] == [ANN]


def test_links_are_filled_in_and_reduced_to_ids_again() -> None:
    made = linked_clinic({"_id": "nurse"})
    state, views = made.cht.state, ContactViews()
    doc = state.get("place") or {}
    hydrate(doc, state, views)
    assert {tag: one["name"] for tag, one in doc["linked_docs"].items()} == {"nurse": "Nora", "chief": "Carl"}
    minify(doc)
    assert doc["linked_docs"] == {"nurse": "nurse", "chief": "chief"}
    report = {"_id": "r", "type": "data_record", "linked_docs": {"nurse": {"_id": "nurse"}}}
    minify(report)
    assert report["linked_docs"] == {"nurse": {"_id": "nurse"}}, "only contacts are linked"
