"""Values that vary the recorded ones, as the source reads them (seen on its own modules under Node).

Sources: cht-core `api/src/services/report/{smsparser,textforms-parser}.js`, `api/src/services/records.js`,
`shared-libs/phone-number/src/phone-number.js`.
"""

from __future__ import annotations

from typing import Any

import pytest

from fakes.cht.messages.phone_number import normalize
from tests.fakes.cht.client import client

FORMS = {
    "D": {"meta": {"code": "D"}, "fields": {"v": {"type": "date", "labels": {"tiny": "V"}}}},
    "I": {"meta": {"code": "I"}, "fields": {"v": {"type": "integer", "labels": {"tiny": "V"}}}},
    "O": {"meta": {"code": "O"}, "fields": {"v": {"type": "string", "labels": {"tiny": "V"}}}},
    "M": {"meta": {"code": "M"}, "fields": {"a.b": {"type": "integer", "labels": {"tiny": "AB"}}}},
    "BS": {
        "meta": {"code": "BS"},
        "fields": {
            "y": {"type": "bsYear", "labels": {"tiny": "Y"}},
            "date": {"type": "bsAggreDate", "labels": {"tiny": "DATE"}},
        },
    },
}


def fields_of(text: str) -> Any:
    cht = client({"settings": {"forms": FORMS}, "credentials": {"rapidpro:incoming": "secret"}}, user=None)
    answer = cht.post(
        "/api/v2/sms/rapidpro/incoming-messages",
        json={"id": "run-1", "from": "+250788123456", "content": text},
        headers={"Authorization": "Token secret"},
    )
    assert answer.json() == {"saved": 1}
    (found,) = cht.cht.state.all_docs()
    return found["fields"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1!D!2024-1-5", 1704412800000),
        ("1!D!2024/10/01", 1727740800000),
        ("1!D!10/01/2024", 1727740800000),
        ("1!D!01-10-2024", 1704844800000),
        ("D 2024-10", 1727740800000),
        ("1!D!2024", 1704067200000),
        ("1!D!99", 915148800000),
        ("1!D!5", 988675200000),
        ("1!D!2024-02-30", None),
        ("D V 2024-02-30", 1709251200000),
        ("D V 3.5", 3),
        ("D V 12345678901234567890", None),
    ],
)
def test_dates_are_read_as_the_runtime_of_the_source_reads_them(text: str, value: Any) -> None:
    assert fields_of(text) == {"v": value}


@pytest.mark.parametrize(("text", "value"), [("1!I!0x10", 16), ("I V 0b11", 3), ("J1!I!V#  ", 0), ("I V abc", None)])
def test_whole_numbers_may_be_written_in_other_bases_and_blanks_are_zero(text: str, value: Any) -> None:
    assert fields_of(text) == {"v": value}


def test_a_number_with_a_word_behind_it_keeps_its_digits() -> None:
    assert fields_of("O V 1.50 kg") == {"v": "1.50kg"}


def test_a_group_of_fields_without_values_is_an_empty_object() -> None:
    assert fields_of("J1!M!other#1") == {"a": {}}


def test_a_date_put_together_of_an_unreadable_year_is_null() -> None:
    assert fields_of("1!BS!abc#2024-10-01") == {"y": "abc", "date": None}


@pytest.mark.parametrize("code", ["+250", "0250", "250 ", "250abc", True, "1.0"])
def test_a_country_code_that_is_not_plain_digits_is_none(code: Any) -> None:
    assert normalize({"default_country_code": code, "phone_validation": "none"}, "0788123456") is False


def test_blanks_before_the_plus_need_a_country_code() -> None:
    assert normalize({}, "  +250788123456") is False
    assert normalize({"default_country_code": 250}, "  +250788123456") == "+250788123456"
