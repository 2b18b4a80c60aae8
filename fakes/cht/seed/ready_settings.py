"""Two ready-made app settings of typical SMS programmes, for `given.settings` of a seed.

A seed with these settings is enough; `antenatal_reminders` also needs the documents of `health_workers`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Settings = dict[str, Any]
NURSE = "+263772000001"
"""Who gets a message when a client of the two-way texting reports a problem."""
FOLLOW_UP_DAYS = 13
VISIT_WEEKS = (12, 20, 26, 30, 34, 36, 38)
"""Weeks of pregnancy in which a visit is due."""


def antenatal_reminders(service: str = "medic-gateway", country: str = "254") -> Settings:
    """A health worker registers a pregnancy and gets reminders of each visit, until she reports it.

    `P 10 Ada` (weeks since the last period, name) registers, and the answer has a case number; `V 12345` reports a
    visit and clears its reminders; `D 12345` reports the delivery and clears all. `service` is the outgoing service.
    """
    return {
        "locale": "en",
        "default_country_code": country,
        "date_format": "D MMM YYYY",
        "sms": {"outgoing_service": service},
        "transitions": _on("update_clinics", "registration", "accept_case_reports", "default_responses"),
        "default_responses": {"start_date": "2020-01-01"},
        "forms": {
            "P": _form("P", "Pregnancy", last_menstrual_period=_field("LMP", "integer"), name=_field("NAME", "string")),
            "V": _form("V", "Visit", case_id=_field("CASE", "string")),
            "D": _form("D", "Delivery", case_id=_field("CASE", "string")),
        },
        "registrations": [_pregnancy()],
        "accept_case_reports": [
            _silences("V", "Thank you, the visit of {{name}} is noted.", silence_for="8 days"),
            _silences("D", "Thank you, the delivery of {{name}} is noted."),
        ],
        "schedules": [
            {
                "name": "antenatal visits",
                "start_from": "lmp_date",
                "messages": [message for group, week in enumerate(VISIT_WEEKS, 1) for message in _visit(group, week)],
            }
        ],
    }


def health_workers(*people: tuple[str, str]) -> list[dict[str, Any]]:
    """Documents for (name, phone number) pairs: known senders, in one clinic."""
    clinic = {"_id": "clinic-1", "type": "clinic", "name": "Clinic 1", "reported_date": 1_600_000_000_000}
    persons = [
        {"_id": f"person-{number}", "type": "person", "name": name, "phone": phone, "parent": {"_id": "clinic-1"}}
        for number, (name, phone) in enumerate(people, 1)
    ]
    return [clinic, *persons]


def two_way_texting(service: str = "medic-gateway", country: str = "263", nurse: str = NURSE) -> Settings:
    """Each morning of days 1 to 13 after a procedure a client is asked how he is, and answers by text.

    The clinic enrols him with `R 0771234567 Tino`. He answers `0` if all is well; `1` also alerts the nurse; people
    read any other text, which gets the default answer. The clinic ends the follow-up with `X 12345`. The forms are
    public: senders need not be known.
    """
    return {
        "locale": "en",
        "default_country_code": country,
        "sms": {"outgoing_service": service},
        "transitions": _on("registration", "default_responses"),
        "default_responses": {"start_date": "2020-01-01"},
        "forms": {
            "R": _form(
                "R", "Enrolment", phone=_field("PHONE", "phone_number"), name=_field("NAME", "string"), public=True
            ),
            "0": _form("0", "All is well", public=True),
            "1": _form("1", "A problem", public=True),
            "X": _form("X", "End of follow-up", case_id=_field("CASE", "string"), public=True),
        },
        "registrations": _two_way_registrations(nurse),
        "schedules": [
            {
                "name": "two-way texting",
                "start_from": "reported_date",
                "messages": [_daily(day) for day in range(1, FOLLOW_UP_DAYS + 1)],
            }
        ],
    }


def _pregnancy() -> Settings:
    answer = (
        "Thank you {{contact.name}}. {{name}} is registered as case {{case_id}}."
        "{{#expected_date}} She is due on {{#date}}{{expected_date}}{{/date}}.{{/expected_date}}"
    )
    schedule = _event("assign_schedule", params="antenatal visits", bool_expr="doc.lmp_date !== null")
    events = [_event("add_case"), _event("add_expected_date"), schedule]
    return {"form": "P", "events": events, "messages": [_message(answer)]}


def _silences(form: str, answer: str, **more: str) -> Settings:
    return {"form": form, "silence_type": "antenatal visits", "messages": [_message(answer)], **more}


def _two_way_registrations(nurse: str) -> list[Settings]:
    welcome = "Hello {{name}}, we will ask you every morning how you are. Answer 0 or 1."
    enrolled = [_message("{{name}} is enrolled as case {{case_id}}."), _message(welcome, to="phone")]
    alert = _message("{{from}} reports a problem. Please call.", to=nurse)
    name = "two-way texting"
    return [
        {"form": "R", "events": [_event("add_case"), _event("assign_schedule", params=name)], "messages": enrolled},
        {"form": "0", "events": [], "messages": [_message("Good to hear. We will ask again tomorrow.")]},
        {
            "form": "1",
            "events": [],
            "messages": [_message("Thank you for telling us. A nurse will call you today."), alert],
        },
        {
            "form": "X",
            "events": [_event("clear_schedule", params=name)],
            "messages": [_message("Case {{case_id}} gets no more texts.")],
        },
    ]


def _on(*names: str) -> Settings:
    return {name: {} for name in names}


def _form(code: str, label: str, *, public: bool = False, **fields: Settings) -> Settings:
    placed = {key: {**field, "position": place} for place, (key, field) in enumerate(fields.items())}
    return {"meta": {"code": code, "label": {"en": label}}, "fields": placed, "public_form": public}


def _field(label: str, type_: str) -> Settings:
    return {"labels": {"tiny": {"en": label}}, "type": type_, "required": True}


def _event(trigger: str, *, params: str = "", bool_expr: str = "") -> Settings:
    return {"name": "on_create", "trigger": trigger, "params": params, "bool_expr": bool_expr}


def _message(text: str, *, to: str = "reporting_unit") -> Settings:
    return {"message": _texts(text), "recipient": to, "event_type": "report_accepted"}


def _texts(text: str) -> Sequence[Settings]:
    return [{"locale": "en", "content": text}]


def _visit(group: int, week: int) -> tuple[Settings, Settings]:
    """A reminder on the Monday of the week, and a question one week later."""
    about = {"group": group, "recipient": "reporting_unit", "send_time": "09:00"}
    return (
        {**about, "offset": f"{week} weeks", "send_day": "Monday",
         "message": _texts("{{name}} (case {{case_id}}) is due for a visit this week.")},
        {**about, "offset": f"{week + 1} weeks", "send_day": "Monday",
         "message": _texts("Did {{name}} come for her visit? Then answer V {{case_id}}.")},
    )  # fmt: skip


def _daily(day: int) -> Settings:
    text = f"Day {day}: how are you, {{{{name}}}}? Answer 0 if all is well, 1 if there is a problem."
    return {"group": day, "offset": f"{day} days", "send_time": "08:00", "recipient": "phone", "message": _texts(text)}
