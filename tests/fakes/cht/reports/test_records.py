"""JSON records that vary the usual ones, as the source's own modules store them (seen under Node).

Sources: cht-core `api/src/services/records.js`, `api/src/services/report/validate.js`, `api/src/config.js`.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.cht.client import client

FORMS = {
    "TEMP": {
        "meta": {"code": "TEMP"},
        "facility_reference": "note",
        "fields": {"temp": {"type": "integer", "required": True}, "note": {"type": "string"}, "when": {"type": "date"}},
    }
}


def stored(body: Any, **settings: Any) -> Any:
    cht = client({"settings": {"forms": FORMS, **settings}})
    answer = cht.post("/api/v2/records", json=body)
    assert answer.json()["success"] is True
    return cht.get(f"/medic/{answer.json()['id']}").json()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (3.5, 3),
        (-3.5, -3),
        (1e21, None),
        (True, None),
        (None, None),
        ("2024-10-01", 1727740800000),
        ("no date", None),
        (1700000000000, 1700000000000),
    ],
)
def test_a_date_is_whole_milliseconds_or_nothing(given: object, kept: object) -> None:
    assert stored({"_meta": {"form": "temp"}, "temp": 1, "when": given})["fields"]["when"] == kept


def test_null_is_kept_and_what_was_not_sent_is_not_there() -> None:
    named = stored({"_meta": {"form": "temp", "from": None}, "temp": 1, "note": None})
    assert (named["from"], named["refid"], named["fields"]["note"]) == (None, None, None)
    unnamed = stored({"_meta": {"form": "temp"}, "temp": 1})
    assert not {"from", "refid"} & set(unnamed)


@pytest.mark.parametrize(("extra", "told"), [([], True), ({}, True), (1, True), (0, False), ("", False)])
def test_extra_fields_are_an_error_when_the_record_says_that_it_has_some(extra: object, told: bool) -> None:
    errors = stored({"_meta": {"form": "temp"}, "temp": 1, "_extra_fields": extra})["errors"]
    assert [error["code"] for error in errors] == (["extra_fields"] if told else [])


def test_a_language_that_is_an_object_leaves_the_places_of_an_error_open() -> None:
    errors = stored({"_meta": {"form": "temp", "locale": {"a": 1}}})["errors"]
    assert errors[0]["message"] == "Missing or invalid fields: {{fields}}."


def test_a_blank_text_has_no_form_to_name_when_only_forms_are_wanted() -> None:
    cht = client({"settings": {"forms": FORMS, "forms_only_mode": True}})
    answer = cht.post("/api/v2/records", data={"message": " ", "from": "+250788123456"})
    errors = cht.get(f"/medic/{answer.json()['id']}").json()["errors"]
    assert errors[1] == {"code": "sys.form_not_found", "message": "Form '' not found."}
