"""The two ready-made settings, run on a virtual clock by a gateway phone and the people around it."""

from __future__ import annotations

import json
from typing import Any

from fakes.cht.seed.ready_settings import NURSE, antenatal_reminders, health_workers, two_way_texting
from tests.fakes.cht.recorded_traffic import World, docs_of, send, world

ADMIN = {"Authorization": "Basic YWRtaW46cGFzcw==", "Content-Type": "application/json", "Accept": "application/json"}
DAY = 86_400.0
CLINIC, CLIENT = "+263772000009", "+263771234567"
ANN, STRANGER = "+254712345678", "+254712345679"


class Phone:
    """A gateway phone: posts incoming texts, fetches outgoing texts and reports them as delivered."""

    def __init__(self, made: World) -> None:
        self.made = made
        self._ids = 0

    def bring(self, sender: str, text: str) -> None:
        """Post an incoming text."""
        self._ids += 1
        self._call(messages=[{"id": f"in-{self._ids}", "from": sender, "content": text}])

    def fetch(self) -> list[tuple[str, str]]:
        """(number, text) of everything that waits, now delivered."""
        found = []
        while batch := self._call():
            found += [(message["to"], message["content"]) for message in batch]
            self._call(updates=[{"id": message["id"], "status": "DELIVERED"} for message in batch])
        return found

    def _call(self, **body: Any) -> list[dict[str, str]]:
        request = {"method": "POST", "path": "/api/sms", "headers": ADMIN, "body": json.dumps(body)}
        reply = send(self.made.cht, request)
        assert reply.status == 200
        messages: list[dict[str, str]] = json.loads(reply.body)["messages"]
        return [] if "updates" in body or "messages" in body else messages


def by_form(made: World, form: str) -> dict[str, Any]:
    """The only record of a form."""
    (found,) = [doc for doc in docs_of(made) if doc.get("form") == form]
    return found


def enrolled() -> Phone:
    phone = Phone(world({"settings": two_way_texting(), "now": "2026-01-05T10:00:00Z"}))
    phone.bring(CLINIC, "R 0771234567 Tino Moyo")
    return phone


def test_a_client_is_enrolled_and_both_sides_get_a_message() -> None:
    phone = enrolled()
    case = by_form(phone.made, "R")["case_id"]
    assert sorted(phone.fetch()) == [
        (CLIENT, "Hello Tino Moyo, we will ask you every morning how you are. Answer 0 or 1."),
        (CLINIC, f"Tino Moyo is enrolled as case {case}."),
    ]
    assert phone.made.notes == []


def test_the_client_is_asked_each_morning_of_days_1_to_13_and_never_again() -> None:
    phone = enrolled()
    phone.fetch()
    asked = []
    for _ in range(15):
        phone.made.clock.advance(DAY)
        asked.append(phone.fetch())
    question = "Day {}: how are you, Tino Moyo? Answer 0 if all is well, 1 if there is a problem."
    assert asked == [[(CLIENT, question.format(day))] for day in range(1, 14)] + [[]] * 2
    assert {task["state"] for task in by_form(phone.made, "R")["scheduled_tasks"]} == {"delivered"}


def test_a_question_goes_out_at_eight_and_not_before() -> None:
    phone = enrolled()
    phone.fetch()
    phone.made.clock.advance(22 * 3600 - 1)  # a second to eight
    assert phone.fetch() == []
    phone.made.clock.advance(301)
    assert [to for to, _ in phone.fetch()] == [CLIENT]


def test_answers_0_and_1_and_free_texts_are_answered_each_in_its_way() -> None:
    phone = enrolled()
    phone.fetch()
    phone.bring(CLIENT, "0")
    assert phone.fetch() == [(CLIENT, "Good to hear. We will ask again tomorrow.")]
    phone.bring(CLIENT, "1")
    told = (CLIENT, "Thank you for telling us. A nurse will call you today.")
    assert sorted(phone.fetch()) == sorted([told, (NURSE, f"{CLIENT} reports a problem. Please call.")])
    phone.bring(CLIENT, "it hurts a little")
    ((to, text),) = phone.fetch()
    assert (to, text.startswith("SMS message received")) == (CLIENT, True)


def test_the_clinic_ends_a_follow_up() -> None:
    phone = enrolled()
    phone.made.clock.advance(3 * DAY)
    phone.fetch()
    case = by_form(phone.made, "R")["case_id"]
    phone.bring(CLINIC, f"X {case}")
    assert phone.fetch() == [(CLINIC, f"Case {case} gets no more texts.")]
    states = [task["state"] for task in by_form(phone.made, "R")["scheduled_tasks"]]
    assert states == ["delivered"] * 3 + ["cleared"] * 10
    phone.made.clock.advance(14 * DAY)
    assert phone.fetch() == []


def pregnant() -> Phone:
    given = {
        "settings": antenatal_reminders(),
        "docs": health_workers(("Ann", ANN)),
        "now": "2026-01-05T10:00:00Z",
    }
    phone = Phone(world(given))
    phone.bring(ANN, "P 10 Ada")
    return phone


def test_a_pregnancy_is_registered_with_the_date_of_birth_expected() -> None:
    phone = pregnant()
    case = by_form(phone.made, "P")["case_id"]
    words = f"Thank you Ann. Ada is registered as case {case}. She is due on 3 Aug 2026."
    assert phone.fetch() == [(ANN, words)]
    assert by_form(phone.made, "P")["contact"] == {"_id": "person-1", "parent": {"_id": "clinic-1"}}
    assert phone.made.notes == []


def test_she_is_reminded_on_mondays_and_asked_a_week_later() -> None:
    phone = pregnant()
    case = by_form(phone.made, "P")["case_id"]
    phone.fetch()
    sent = []
    for week in range(1, 5):
        phone.made.clock.advance(7 * DAY)
        sent += [(week, text) for _, text in phone.fetch()]
    reminder = f"Ada (case {case}) is due for a visit this week."
    question = f"Did Ada come for her visit? Then answer V {case}."
    assert sent == [(2, reminder), (3, question)]


def test_a_visit_clears_what_belongs_to_it_and_a_delivery_the_rest() -> None:
    phone = pregnant()
    case = by_form(phone.made, "P")["case_id"]
    phone.fetch()
    phone.made.clock.advance(14 * DAY)
    assert len(phone.fetch()) == 1
    phone.bring(ANN, f"V {case}")
    assert phone.fetch() == [(ANN, "Thank you, the visit of Ada is noted.")]
    states = [task["state"] for task in by_form(phone.made, "P")["scheduled_tasks"]]
    assert states == ["delivered", "cleared"] + ["scheduled"] * 12
    phone.bring(ANN, f"D {case}")
    assert phone.fetch() == [(ANN, "Thank you, the delivery of Ada is noted.")]
    tasks = by_form(phone.made, "P")["scheduled_tasks"]
    assert [task["state"] for task in tasks] == ["delivered"] + ["cleared"] * 13
    assert tasks[1]["cleared_by"] == by_form(phone.made, "V")["_id"]
    phone.made.clock.advance(8 * DAY)
    assert phone.fetch() == []


def test_a_pregnancy_without_weeks_has_no_reminders() -> None:
    phone = Phone(world({"settings": antenatal_reminders(), "docs": health_workers(("Ann", ANN))}))
    phone.bring(ANN, "P 0 Ada")
    registered = by_form(phone.made, "P")
    assert (registered["lmp_date"], registered.get("scheduled_tasks")) == (None, None)
    assert phone.fetch() == [(ANN, f"Thank you Ann. Ada is registered as case {registered['case_id']}.")]


def test_a_report_from_an_unknown_sender_or_about_an_unknown_case_is_rejected() -> None:
    phone = pregnant()
    phone.fetch()
    phone.bring(STRANGER, "P 10 Eve")
    assert phone.fetch() == [(STRANGER, "This number is not registered for sending reports.")]
    phone.bring(ANN, "V 99999")
    ((to, text),) = phone.fetch()
    assert (to, "is registered" in text) == (ANN, True)
    assert [error["code"] for error in by_form(phone.made, "V")["errors"]] == ["registration_not_found"]
