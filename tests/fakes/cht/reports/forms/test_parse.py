"""Texts that are reports: which form, which fields, which faults."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.cht.client import Client, client


def field(kind: str, tiny: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "labels": {"tiny": {"en": tiny}}, **more}


FORMS: dict[str, Any] = {
    "TEMP": {
        "meta": {"code": "TEMP"},
        "fields": {"temp": field("integer", "TEMP", required=True), "note": field("string", "N")},
    },
    "VISIT": {
        "meta": {"code": "VISIT"},
        "fields": {
            "patient_id": field("string", "ID"),
            "when": field("date", "DAY"),
            "well": field("boolean", "OK"),
            "mother.age": field("integer", "AGE"),
            "phone": field("phone_number", "TEL"),
            "kind": field("integer", "KIND", list=[[1, {"en": "home"}], [2, {"en": "clinic"}]]),
        },
    },
    "ONE": {"meta": {"code": "ONE"}, "fields": {"only": field("string", "A")}},
}


def harness() -> Client:
    given = {
        "settings": {"forms": FORMS, "default_country_code": "250"},
        "credentials": {"rapidpro:incoming": "secret"},
    }
    return client(given, user=None)


def record_of(text: Any, cht: Client | None = None) -> dict[str, Any]:
    cht = cht or harness()
    answer = cht.post(
        "/api/v2/sms/rapidpro/incoming-messages",
        json={"id": "run-1", "from": "0788123456", "content": text},
        headers={"Authorization": "Token secret"},
    )
    assert answer.json() == {"saved": 1}
    (found,) = cht.cht.state.all_docs()
    return found


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("TEMP TEMP 37", {"temp": 37}),
        ("TEMP 37", {"temp": 37}),
        ("temp temp 37", {"temp": 37}),
        ("TEMP, 37", {"temp": 37}),
        ("TEMP-TEMP 37", {"temp": 37}),
        ("  TEMP#TEMP 37", {"temp": 37}),
        ("TEMP TEMP 37 # N sleeps well", {"temp": 37, "note": "sleeps well"}),
        ("TEMP 37 sleeps well", {"temp": 37, "note": "sleeps well"}),
        ("TEMP ३७", {"temp": 37}),
        ("1!TEMP!37#calm", {"temp": 37, "note": "calm"}),
        ("1!TEMP!37", {"temp": 37}),
        ("J1!TEMP!TEMP#37#N#no \\# here", {"temp": 37, "note": "no # here"}),
        (
            "VISIT 12345 2024-10-01 1 24",
            {"patient_id": "12345", "when": 1727740800000, "well": True, "mother": {"age": 24}},
        ),
        ("VISIT DAY 2024-10-01#KIND 2#OK no", {"when": 1727740800000, "kind": "clinic", "well": None}),
        ("VISIT TEL 0788123456", {"phone": "+250788123456"}),
        ("TE\u200bMP 37", {"temp": 37}),
    ],
)
def test_a_text_of_a_form_is_read_field_by_field(text: str, fields: dict[str, Any]) -> None:
    record = record_of(text)
    assert record["fields"] == fields
    assert record["errors"] == []
    assert record["sms_message"]["message"] == text


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("TEMP", ["sys.missing_fields"]),
        ("TEMP hot", ["sys.missing_fields"]),
        ("TEMP 37.5", ["sys.incorrect_type"]),
        ("TEMP N well", ["sys.missing_fields"]),
        ("1!TEMP!37#a#b", ["extra_fields"]),
        ("Z9!TEMP!37", ["sys.missing_fields"]),
        ("   ", ["sys.empty"]),
        ("hello", []),
    ],
)
def test_errors_of_a_text_are_stored_in_the_record(text: str, codes: list[str]) -> None:
    assert [error["code"] for error in record_of(text)["errors"]] == codes


def test_an_error_has_a_message() -> None:
    (error,) = record_of("TEMP 37.5")["errors"]
    assert error["message"] == "Incorrect type of field temp, expected integer."


def test_an_error_has_the_message_of_a_translation_document() -> None:
    cht = harness()
    texts = {"_id": "messages-en", "type": "translations", "generic": {"sys.empty": "Nothing there."}}
    cht.cht.state.save(texts)
    answer = cht.post(
        "/api/v2/sms/rapidpro/incoming-messages",
        json={"id": "run-1", "from": "0788123456", "content": " "},
        headers={"Authorization": "Token secret"},
    )
    assert answer.status_code == 200
    record = next(doc for doc in cht.cht.state.all_docs() if doc.get("type") == "data_record")
    assert record["errors"] == [{"code": "sys.empty", "message": "Nothing there."}]


def test_the_first_word_is_kept_as_form_code_of_the_message_only() -> None:
    record = record_of("Hello, Amina")
    assert record["sms_message"]["form"] == "HELLO"
    assert "form" not in record


@pytest.mark.parametrize("text", [42, {"text": "TEMP 37"}, ["TEMP 37"], True])
def test_a_message_that_is_not_a_string_is_stored_without_a_form(text: Any) -> None:
    record = record_of(text)
    assert record["sms_message"]["message"] == text
    assert "form" not in record["sms_message"]
    assert record["errors"] == []


def test_with_forms_only_a_text_of_no_form_is_a_fault() -> None:
    cht = harness()
    cht.cht.state.settings = {**cht.cht.state.settings, "forms_only_mode": True}
    record = record_of("Hello", cht)
    assert record["form"] == "HELLO"
    assert record["errors"] == [{"code": "sys.form_not_found", "message": "Form 'HELLO' not found."}]


def test_the_sender_is_normalised_and_kept_as_given_too() -> None:
    record = record_of("Hello")
    assert record["from"] == "+250788123456"
    assert record["sms_message"]["from"] == "0788123456"


def as_admin() -> Client:
    cht = harness()
    cht.user = ("admin", "pass")
    return cht


def test_a_record_posted_as_form_fields_is_read_like_a_text() -> None:
    cht = as_admin()
    answer = cht.post("/api/v2/records", data={"message": "TEMP 37", "from": "+250788123456", "reported_date": "5"})
    assert answer.status_code == 200
    assert answer.json()["success"] is True
    record = cht.cht.state.get(answer.json()["id"])
    assert record is not None
    assert (record["form"], record["fields"]) == ("TEMP", {"temp": 37})


def test_a_record_posted_with_the_time_it_was_sent_keeps_that_time() -> None:
    cht = as_admin()
    for sent, expected in (("1600000000000", 1600000000000), ("2020-09-13T12:26:40Z", 1600000000000)):
        answer = cht.post("/api/v1/records?locale=fr", data={"message": "Hi", "from": "1", "sent_timestamp": sent})
        record = cht.cht.state.get(answer.json()["id"])
        assert record is not None
        assert record["reported_date"] == expected
        assert record["sms_message"]["locale"] == "fr"


def test_a_record_posted_as_json_names_its_form() -> None:
    cht = as_admin()
    body = {"_meta": {"form": "visit", "from": "0788123456"}, "Patient_ID": "12345", "well": 1, "when": "2024-10-01"}
    answer = cht.post("/api/v2/records", json=body)
    record = cht.cht.state.get(answer.json()["id"])
    assert record is not None
    assert record["form"] == "VISIT"
    assert record["fields"] == {"patient_id": "12345", "well": True, "when": 1727740800000}
    assert record["sms_message"] == {"form": "VISIT", "from": "0788123456"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"a": 1}, "Missing _meta property."),
        ({"_meta": {}}, "Missing required field: form"),
        ({"_meta": {"form": "NONE"}}, "Form not found: NONE"),
        ([], "Missing _meta property."),
        ({"_meta": {"form": 5}}, None),
    ],
)
def test_a_json_record_of_no_form_is_an_error_of_the_server(body: Any, reason: str | None) -> None:
    answer = as_admin().post("/api/v2/records", json=body, headers={"Accept": "application/json"})
    assert answer.status_code == 500
    assert answer.json().get("details") == reason


def test_a_record_without_message_sender_or_known_content_type_is_an_error_of_the_server() -> None:
    cht = as_admin()
    assert cht.post("/api/v2/records", data={"message": "Hi"}).text == 'Server error: "Missing required value: from"'
    assert cht.post("/api/v2/records", data={"from": "1"}).text == 'Server error: "Missing required field: message"'
    assert cht.post("/api/v2/records").text == "Server error"
    assert cht.post("/api/v2/records", data="x", headers={"Content-Type": "text/plain"}).status_code == 500


def test_posting_records_needs_the_permission() -> None:
    cht = harness()
    refused = cht.post("/api/v2/records", data={"message": "Hi", "from": "1"}, headers={"Accept": "application/json"})
    assert refused.status_code == 401
    cht.user = ("plain-user", "plain-pass")
    assert cht.post("/api/v2/records", data={"message": "Hi", "from": "1"}).status_code == 200
    cht.cht.state.settings = {**cht.cht.state.settings, "permissions": {}}
    assert cht.post("/api/v2/records", data={"message": "Hi", "from": "1"}).text == "Insufficient privileges"
