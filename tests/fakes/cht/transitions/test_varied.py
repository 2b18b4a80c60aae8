"""Schedules, replies and templates that vary the recorded ones, as the source reads them (templates seen under Node).

Sources: cht-core `sentinel/src/schedule/index.js`, `shared-libs/message-utils/src/index.js` and, in
`shared-libs/transitions/src`, `schedule/due_tasks.js`, `lib/messages.js`, `transitions/default_responses.js`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from fakes.cht.javascript.moments import write
from fakes.cht.javascript.month_names import language_of
from fakes.cht.javascript.mustache import TemplateError, render
from fakes.cht.sentinel.due_tasks import within_hours
from tests.fakes.cht.recorded_traffic import World, docs_of, send, world

NOW = "2024-10-02T10:00:00Z"
TOKEN = {"Authorization": "Token t", "Content-Type": "application/json"}
VIEW = {
    "name": "Ada",
    "age": 30,
    "no": False,
    "list": [1, 2],
    "objs": [{"name": "B"}, {"age": 5}],
    "obj": {"name": "C", "in": {"deep": "D"}},
    "html": '<b>&"',
}


def due(day: str, *messages: Any, **more: Any) -> dict[str, Any]:
    task = {"due": f"2024-10-{day}T08:00:00.000Z", "state": "scheduled"}
    return {**task, **({"messages": list(messages)} if messages else {}), **more}


def text(number: int, message: Any = "hello") -> dict[str, Any]:
    return {"uuid": f"u{number}", "to": "+250788123456", "message": message}


def run(*docs: dict[str, Any], **settings: Any) -> dict[str, list[str]]:
    """The states of the scheduled tasks by document after one run of the schedules."""
    made = world({"settings": settings, "docs": list(docs), "now": NOW})
    made.control.post("/cht/run", json={"pass": "schedules"})
    found = {doc["_id"]: doc for doc in docs_of(made)}
    return {key: [task["state"] for task in doc.get("scheduled_tasks", [])] for key, doc in found.items()}


def report(name: str, *tasks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"_id": name, "type": "data_record", "reported_date": 1, "scheduled_tasks": list(tasks), **more}


@pytest.mark.parametrize(
    "bad",
    [
        due("01", text(1), text(2)) | {"messages": [{"message": 5}, text(2)]},
        due("01", message_key="k", recipient="reporting_unit", message=[{"locale": "en", "content": "{{#a}}"}])
        | {"message_key": None},
    ],
    ids=["text-no-text", "broken-template"],
)
def test_a_document_that_fails_blocks_all_later_ones(bad: dict[str, Any]) -> None:
    after = run(report("a", due("02", text(3))), report("b", bad), report("c", due("01", text(4), due=NOW)))
    assert after == {"a": ["scheduled"], "b": ["scheduled"], "c": ["scheduled"]}
    earlier = report("z", due("01", text(5), due="2024-09-30T08:00:00.000Z"))
    assert run(report("b", bad), earlier) == {"b": ["scheduled"], "z": ["pending"]}


def test_a_scheduled_task_among_the_immediate_ones_aborts_the_run_too() -> None:
    """The document has no scheduled_tasks to go through."""
    odd = {"_id": "odd", "type": "data_record", "reported_date": 1, "tasks": [due("01", text(1))]}
    assert run(odd, report("a", due("02", text(2)))) == {"odd": [], "a": ["scheduled"]}


def test_a_date_of_an_immediate_task_makes_equal_reminders_due() -> None:
    odd = report("odd", due("01", text(1, "")), tasks=[due("01", text(2))])
    assert run(odd) == {"odd": ["scheduled"]}
    assert run(odd, sms={"clear_failing_schedules": True}) == {"odd": ["clear"]}


def test_only_scheduled_tasks_of_the_last_seven_days_turn_pending() -> None:
    tasks = [
        due("01", text(number), state=state) for number, state in enumerate(("muted", "denied", "cleared", "sent"))
    ]
    old = due("01", text(8), due="2024-09-25T09:59:59.999Z")
    edge = due("01", text(9), due="2024-09-25T10:00:00.000Z")
    future = due("01", text(10), due="2024-10-02T10:00:01.000Z")
    after = run(report("a", *tasks, old, edge, future))["a"]
    assert after == ["muted", "denied", "cleared", "sent", "scheduled", "pending", "scheduled"]


@pytest.mark.parametrize(
    ("settings", "hour", "within"),
    [
        ({"schedule_evening_hours": 0}, 22, True),
        ({"schedule_evening_hours": ""}, 22, True),
        ({"schedule_evening_hours": "9"}, 10, False),
        ({"schedule_morning_hours": "abc"}, 0, True),
        ({"schedule_evening_hours": "abc"}, 1, False),
        ({"schedule_morning_hours": "9.5"}, 9, True),
        ({"schedule_morning_hours": True}, 0, False),
        ({"schedule_morning_hours": 25}, 23, False),
    ],
)
def test_hours_that_are_odd_values(settings: dict[str, Any], hour: int, within: bool) -> None:
    assert within_hours(settings, datetime(2024, 10, 1, hour, tzinfo=UTC)) is within


def answered(sender: Any = "+250788123456", **settings: Any) -> dict[str, Any]:
    """The record of a text, answered by the settings."""
    given: dict[str, Any] = {
        "transitions": {"default_responses": True},
        "default_responses": {"start_date": "2020-01-01"},
        **settings,
    }
    made: World = world({"settings": given, "credentials": {"rapidpro:incoming": "t"}, "now": NOW})
    path = "/api/v2/sms/rapidpro/incoming-messages"
    body = {"id": "1", "from": sender, "content": "hi"}
    send(made.cht, {"method": "POST", "path": path, "headers": TOKEN, "body": json.dumps(body)})
    (record,) = docs_of(made)
    return record


@pytest.mark.parametrize(
    ("date", "answers"),
    [
        ("2020/01/01", 1),
        ("2020", 1),
        ("20200101", 1),
        ("since 2020-5", 1),
        ("01-10-2024", 1),
        ("2024-10-02", 1),
        ("2024-10-03", 0),
        ("2024-02-30", 0),
        ("soon", 0),
        (" ", 0),
    ],
)
def test_from_which_day_on_texts_are_answered(date: str, answers: int) -> None:
    assert len(answered(default_responses={"start_date": date})["tasks"]) == answers


@pytest.mark.parametrize(
    ("sender", "rules", "words"),
    [
        (250788, {"outgoing_deny_list": "07"}, "x.toLowerCase is not a function: sms_received"),
        (250788, {"outgoing_deny_shorter_than": 5}, "x.toLowerCase is not a function: sms_received"),
        (250788, {"outgoing_deny_with_alphas": True}, "from.match is not a function: sms_received"),
        ("+250788123456", {"outgoing_deny_list": ["07"]}, "denyList.split is not a function: sms_received"),
        ("+250788123456", {"outgoing_deny_list": 7}, "denyList.split is not a function: sms_received"),
    ],
)
def test_a_rule_that_throws_becomes_an_error_of_the_record(sender: Any, rules: dict[str, Any], words: str) -> None:
    record = answered(sender, **rules)
    assert (record["errors"], record["tasks"]) == ([{"code": "parse_error", "message": words}], [])


@pytest.mark.parametrize(
    ("template", "filled"),
    [
        ("{{{ html }}}|{{& html}}|{{html}}", '<b>&"|<b>&"|<b>&"'),
        ("{{no}} {{missing}} {{list}} {{obj}}", "false  1,2 [object Object]"),
        ("{{name.length}} {{list.length}} {{list.1}} {{obj.in.deep}} {{obj.missing}}", "3 2 2 D "),
        ("{{#objs}}{{name}}{{age}};{{/objs}}", "B30;Ada5;"),
        ("{{#list}}{{.}},{{/list}}{{^list}}none{{/list}}", "1,2,"),
        ("a\n  {{#name}}  \nb\n{{/name}}\nc", "a\nb\nc"),
        ("a {{! aside }}\nb\n {{! alone }} \nc", "a \nb\nc"),
        ("x{{>part}}y", "xy"),
        ("{{=<% %>=}}<% name %>{{name}}<%={{ }}=%>{{age}}", "Ada{{name}}30"),
        ("{ {}} }}{", "{ {}} }}{"),
    ],
)
def test_templates_are_filled_in_as_mustache_does(template: str, filled: str) -> None:
    assert render(template, VIEW) == filled


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{name", "Unclosed tag at 6"),
        ("{{{name}}", "Unclosed tag at 9"),
        ("{{#name}}x", 'Unclosed section "name" at 10'),
        ("x{{/name}}", 'Unopened section "name" at 1'),
        ("{{#name}}{{/age}}", 'Unclosed section "name" at 9'),
        ("{{=x=}}", "Invalid tags: x"),
    ],
)
def test_errors_of_templates_have_the_words_of_mustache(template: str, words: str) -> None:
    with pytest.raises(TemplateError) as fault:
        render(template, VIEW)
    assert str(fault.value) == words


def silenced(silence_for: Any, **report_more: Any) -> list[str]:
    """The states of three reminders, after a report about their case that silences them."""
    place = {"_id": "place-1", "type": "clinic"}
    person = {"_id": "ann", "type": "person", "phone": "+250788123456", "parent": {"_id": "place-1"}}
    form = {"meta": {"code": "V"}, "public_form": True, "fields": {"case_id": {"type": "string"}}}
    about = {"type": "visits", "messages": [text(1)]}
    tasks = [
        due("04", group=1, **about),
        due("20", group=1, **about),
        due("25", group=2, **about, state="muted"),
    ]
    registration = report("r", *tasks, form="R", case_id="12345", contact={"_id": "ann"})
    accepts = {"form": "V", "silence_type": "visits", "silence_for": silence_for}
    settings = {
        "transitions": {"update_clinics": True, "accept_case_reports": True},
        "forms": {"V": form, "R": {**form, "meta": {"code": "R"}}},
        "registrations": [{"form": "R"}],
        "accept_case_reports": [{key: value for key, value in accepts.items() if value is not None}],
    }
    made = world({"settings": settings, "docs": [place, person, registration], "now": NOW})
    sent = {"_meta": {"form": "V", "from": "+250788123456", **report_more}, "case_id": "12345"}
    headers = {"Authorization": "Basic YWRtaW46cGFzcw==", "Content-Type": "application/json"}
    reply = send(made.cht, {"method": "POST", "path": "/api/v2/records", "headers": headers, "body": json.dumps(sent)})
    assert reply.status == 200
    (stored,) = [doc for doc in docs_of(made) if doc["_id"] == "r"]
    return [task["state"] for task in stored["scheduled_tasks"]]


@pytest.mark.parametrize(
    ("silence_for", "states"),
    [
        (None, ["cleared", "cleared", "cleared"]),
        ("", ["cleared", "cleared", "cleared"]),
        ("8 days", ["cleared", "cleared", "scheduled"]),
        ("30 days", ["cleared", "cleared", "cleared"]),
        ("1 day", ["scheduled", "scheduled", "scheduled"]),
        ("soon", ["scheduled", "scheduled", "scheduled"]),
    ],
)
def test_a_report_clears_the_groups_that_begin_within_its_silence(silence_for: Any, states: list[str]) -> None:
    """`transitions/accept_patient_reports.js`: a span that cannot be read has no length."""
    expected = [state if state == "cleared" or place < 2 else "muted" for place, state in enumerate(states)]
    assert silenced(silence_for) == expected


def test_conditions_of_triggers_are_evaluated_before_any_trigger_changes_the_record() -> None:
    """`transitions/registration.js`: the second condition does not see the case that the first trigger makes."""
    form = {"meta": {"code": "R"}, "public_form": True, "fields": {"name": {"type": "string", "labels": {"tiny": "N"}}}}
    events = [
        {"name": "on_create", "trigger": "add_case"},
        {"name": "on_create", "trigger": "add_expected_date", "bool_expr": "doc.case_id"},
    ]
    registrations = [{"form": "R", "events": events}]
    record = registered({"R": form}, registrations)
    assert len(record["case_id"]) == 5
    assert "expected_date" not in record


def registered(forms: dict[str, Any], registrations: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    settings = {"transitions": {"registration": True}, "forms": forms, "registrations": registrations, **more}
    made = world({"settings": settings, "credentials": {"rapidpro:incoming": "t"}, "now": NOW})
    body = {"id": "1", "from": "+250788123456", "content": "R Ada"}
    path = "/api/v2/sms/rapidpro/incoming-messages"
    send(made.cht, {"method": "POST", "path": path, "headers": TOKEN, "body": json.dumps(body)})
    (record,) = docs_of(made)
    return record


@pytest.mark.parametrize(
    ("start_from", "dates"),
    [
        ("reported_date", ["2024-10-03T10:00:00.000Z"]),
        ("fields.name", [None]),
        (["fields.nothing", "reported_date"], ["2024-10-03T10:00:00.000Z"]),
        (["fields.name", "reported_date"], [None]),
        ("fields.nothing", []),
    ],
)
def test_a_schedule_that_counts_from_no_date_makes_tasks_without_one(start_from: Any, dates: list[str | None]) -> None:
    """`lib/schedules.js`: an invalid date is written as null, and nothing is before it."""
    form = {"meta": {"code": "R"}, "public_form": True, "fields": {"name": {"type": "string", "labels": {"tiny": "N"}}}}
    message = {"offset": "1 day", "message": "hello", "recipient": "reporting_unit", "group": 1}
    schedules = [{"name": "visits", "start_from": start_from, "messages": [message]}]
    event = {"name": "on_create", "trigger": "assign_schedule", "params": "visits"}
    record = registered({"R": form}, [{"form": "R", "events": [event]}], schedules=schedules)
    assert [task["due"] and task["due"][:16] for task in record.get("scheduled_tasks", [])] == [
        date and date[:16] for date in dates
    ]


def test_spanish_writes_short_months_without_a_dot_between_dashes() -> None:
    moment = datetime(2024, 3, 1, tzinfo=UTC)
    spanish = language_of("es")
    assert [write(moment, layout, spanish) for layout in ("DD-MMM-YYYY", "D MMM")] == ["01-mar-2024", "1 mar."]


@pytest.mark.parametrize(
    ("locale", "written"),
    [
        ("en", "Friday 1st March, Fri Mar"),
        ("fr", "vendredi 1er mars, ven. mars"),
        ("fr-CA", "vendredi 1er mars, ven. mars"),
        ("es", "viernes 1º marzo, vie. mar."),
        ("sw", "Ijumaa 1 Machi, Ijm Mac"),
        ("xx", "Friday 1st March, Fri Mar"),
    ],
)
def test_dates_in_a_message_are_in_the_language_of_the_record(locale: str, written: str) -> None:
    """`shared-libs/message-utils/src/index.js`, formatDate; names as moment.js has them."""
    form = {"meta": {"code": "R"}, "public_form": True, "fields": {"name": {"type": "string", "labels": {"tiny": "N"}}}}
    message = {"message": [{"locale": "en", "content": "{{#date}}2024-03-01{{/date}}"}], "recipient": "reporting_unit"}
    settings = {"locale_outgoing": locale, "date_format": "dddd Do MMMM, ddd MMM"}
    registration = {"form": "R", "events": [], "messages": [{**message, "event_type": "report_accepted"}]}
    (task,) = registered({"R": form}, [registration], **settings)["tasks"]
    assert task["messages"][0]["message"] == written
