"""Dates derived from a registration: birth, last menstrual period.

Source: cht-core `transitions/registration.js`.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from fakes.cht.couch.documents import Doc
from fakes.cht.javascript import js, moments
from fakes.cht.javascript import values as jv
from fakes.cht.javascript.paths import UNDEFINED

LMP_DATES = ("lmp_date", "date_lmp")
LMP_WEEKS = ("weeks_since_lmp", "last_menstrual_period", "lmp")
AGES = (
    ("year", ("years_since_dob", "years_since_birth", "age_in_years")),
    ("month", ("months_since_dob", "months_since_birth", "age_in_months")),
    ("week", ("weeks_since_dob", "dob", "weeks_since_birth", "age_in_weeks")),
    ("day", ("days_since_dob", "days_since_birth", "age_in_days")),
)
PREGNANCY = (40.0, "week")


def lmp_date(doc: Doc) -> datetime | None:
    """The start of a pregnancy: a date in ms since 1970 (also as text), else weeks before the report; else None."""
    fields = _fields(doc)
    date = _lmp_date(fields)
    if date:
        return moments.read(date)
    counted = (jv.number(fields.get(name, UNDEFINED)) for name in LMP_WEEKS)
    weeks = next((number for number in counted if not math.isnan(number)), None)
    return _before(doc, weeks, "week") if weeks else None


def birth_date(doc: Doc) -> datetime | None:
    """The date of birth: the age at the report, or without an age its day; None if the report has no valid date."""
    for unit, names in AGES:
        values = _defined(_fields(doc), names)
        age = jv.leading_integer(next(iter(values), UNDEFINED))
        if not math.isnan(age):
            return _before(doc, age, unit)
    return _before(doc, 0, "day")


def _lmp_date(fields: Mapping[str, Any]) -> float | None:
    """The first date that is a number; an empty value before it ends the search."""
    for name in LMP_DATES:
        value = fields.get(name, UNDEFINED)
        if value is not UNDEFINED and not js.truthy(value):
            return None
        number = jv.leading_integer(value)
        if not math.isnan(number):
            return number
    return None


def _before(doc: Doc, amount: float, unit: str) -> datetime | None:
    reported = moments.read(doc.get("reported_date"))
    if reported is None:
        return None
    midnight = datetime(reported.year, reported.month, reported.day, tzinfo=UTC)
    try:
        return moments.add(midnight, (amount, unit), -1)
    except (OverflowError, ValueError):
        return None


def _fields(doc: Doc) -> Mapping[str, Any]:
    fields = doc.get("fields")
    return fields if isinstance(fields, dict) else {}


def _defined(fields: Mapping[str, Any], names: Iterable[str]) -> list[Any]:
    return [fields[name] for name in names if fields.get(name) is not None]
