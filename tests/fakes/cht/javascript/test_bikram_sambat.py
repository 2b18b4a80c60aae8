"""The Bikram Sambat calendar, against what the library bikram-sambat 1.8.1 answered for every day that it knows."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest

from fakes.cht.javascript.bikram_sambat import written
from fakes.cht.javascript.mustache import TemplateError
from fakes.cht.messages.generator import Messages
from fakes.cht.messages.history import History
from tests.fakes.cht.client import client

KNOWN_DAYS = 44_196
DIGEST = "ffc640f51ab2e7cdf80ce564e30089730e60ea3d2b6c7bc605a8f3730ce21128"
"""SHA-256 of the library's `toBik_text` for all of them, joined by line feeds."""


def filled(template: str) -> str:
    state = client().cht.state
    return Messages(state, History()).fill({"from": "+250788123456"}, {"message": template})


@pytest.mark.parametrize(
    ("day", "text"),
    [
        ("1913-04-13", "१ बैशाख १९७०"),
        ("1949-06-06", "२४ जेठ २००६"),
        ("1999-12-31", "१६ पौष २०५६"),
        ("2017-03-28", "१५ चैत २०७३"),
        ("2024-10-02", "१६ असोज २०८१"),
        ("2034-04-13", "३० चैत २०९०"),
    ],
)
def test_a_date_is_rendered_in_a_message(day: str, text: str) -> None:
    assert written(date.fromisoformat(day)) == text
    assert filled(f"Come on {{{{#bikram_sambat_date}}}}{day}{{{{/bikram_sambat_date}}}}.") == f"Come on {text}."


def test_milliseconds_are_a_date_too() -> None:
    assert filled("{{#bikram_sambat_date}}1727827200000{{/bikram_sambat_date}}") == "१६ असोज २०८१"


def test_every_known_day_is_as_the_library_writes_it() -> None:
    days = (date(1913, 4, 13) + timedelta(days=number) for number in range(KNOWN_DAYS))
    assert hashlib.sha256("\n".join(map(written, days)).encode()).hexdigest() == DIGEST


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1913-04-12", "Date outside supported range: 1913-04-12 AD"),
        ("2034-04-14", "No data for year: 2091 BS"),
        ("soon", "Date outside supported range: Invalid date AD"),
        ("", "Date outside supported range: Invalid date AD"),
    ],
)
def test_what_the_calendar_does_not_know_is_an_error_of_the_template(text: str, message: str) -> None:
    with pytest.raises(TemplateError, match=message):
        filled(f"{{{{#bikram_sambat_date}}}}{text}{{{{/bikram_sambat_date}}}}")
