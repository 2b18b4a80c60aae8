"""The rule functions that look up other data: other reports, contacts, the calendar.

Source: cht-core `shared-libs/validation/src/validation_utils.js`.

A function that throws counts as false, and its negation as true, as in the real CHT.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.javascript import moments
from fakes.cht.javascript import values as jv
from fakes.cht.javascript.dates import EPOCH, parse_moment, to_ms
from fakes.cht.javascript.paths import UNDEFINED
from fakes.cht.messages.phone_number import normalize
from fakes.cht.reports.validation.freetext import Freetext, SearchError
from fakes.cht.reports.validation.functions import FUNCTIONS, Arguments, RuleFunction, Values, argument, value_of
from fakes.cht.state import State

LETTERS = {
    "ms": "millisecond", "s": "second", "m": "minute", "h": "hour", "d": "day", "w": "week", "M": "month",
    "Q": "quarter", "y": "year",
}  # fmt: skip
UNITS = (*LETTERS.values(),)
INVALID_IN_SPANS = ("D", "date", "dates", "e", "E", "W", "gg", "GG", "DDD", "isoweek", "isoweeks")
"""Date units that are invalid in spans."""
Span = tuple[float, str]
NO_SPAN: Span = (0.0, "day")


class RuleFunctions:
    """All rule functions, including those that look up other data. The current day is that of the state's clock."""

    def __init__(self, state: State, views: ContactViews) -> None:
        self._state = state
        self._views = views
        self._freetext = Freetext(state)
        self.functions: Mapping[str, RuleFunction] = {
            **FUNCTIONS,
            "exists": self._exists,
            "unique": self._is_unique,
            "uniquewithin": self._is_unique_within,
            "isafter": self._is_after,
            "isbefore": self._is_before,
            "isisoweek": self._is_iso_week,
            "validphone": self._is_valid_phone,
            "uniquephone": self._is_unique_phone,
        }

    def _exists(self, values: Values, _value: Any, arguments: Arguments) -> bool:
        form = f"form:{jv.text(argument(arguments, 0))}".lower()
        return self._has_reports(values, [argument(arguments, 1)], form) is True

    def _is_unique(self, values: Values, _value: Any, arguments: Arguments) -> bool:
        return self._has_reports(values, arguments) is False

    def _is_unique_within(self, values: Values, _value: Any, arguments: Arguments) -> bool:
        return self._has_reports(values, arguments[:-1], since=[*arguments, UNDEFINED][len(arguments) - 1]) is False

    def _has_reports(
        self, values: Values, names: Sequence[Any], form: str | None = None, since: Any = UNDEFINED
    ) -> bool | None:
        """Whether another report without errors has the same values in all fields; None if the search is invalid."""
        if not names:
            return None
        queries = [f"{jv.text(name)}:{_lower(value_of(values, name))}" for name in names]
        try:
            with self._state.lock:
                found = [self._freetext.reports(one) for one in (*queries, *([form] if form else ()))]
                ids = [one for one in found[-1] if all(one in others for others in found) and one != values.get("_id")]
                docs = [doc for doc_id in ids if (doc := self._state.docs.get(doc_id)) is not None]
            begin = self._begin(since) if docs else None
        except (SearchError, TypeError):
            return None
        return any(not doc.get("errors") and (begin is None or _is_since(doc, begin)) for doc in docs)

    def _begin(self, since: Any) -> int | None:
        """The time in ms from which reports count; None for all. Raises TypeError if `since` is not a string."""
        if not jv.truthy(since):
            return None
        span = read_span(since)
        try:
            return to_ms(moments.add(self._state.now(), NO_SPAN if span is None else span, -1))
        except (OverflowError, ValueError):
            return None

    def _is_after(self, values: Values, value: Any, arguments: Arguments) -> bool:
        days = self._days(values, value, argument(arguments, 0), 1)
        return days is not None and days[0] >= days[1]

    def _is_before(self, values: Values, value: Any, arguments: Arguments) -> bool:
        days = self._days(values, value, argument(arguments, 0), -1)
        return days is not None and days[0] <= days[1]

    def _days(self, values: Values, value: Any, span: Any, sign: int) -> tuple[date, date] | None:
        """The day of the value, and the day at the span from the report; None if one of them is invalid."""
        try:
            actual, parsed = self._moment(value), read_span(span)
            reported = self._moment(values.get("reported_date", UNDEFINED))
            if actual is None or reported is None or parsed is None:
                return None
            return actual.date(), moments.add(reported, parsed, sign).date()
        except (TypeError, OverflowError, ValueError):
            return None

    def _moment(self, value: Any) -> datetime | None:
        if value is UNDEFINED or value == {} or value == []:
            return self._state.now()
        if isinstance(value, str):
            value = parse_moment(value)
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return None
        return EPOCH + timedelta(milliseconds=value)

    def _is_iso_week(self, values: Values, _value: Any, arguments: Arguments) -> bool:
        """Whether a field has a week that exists in the year of another field, or in this year."""
        week_name, year_name = argument(arguments, 0), argument(arguments, 1)
        names = [jv.text(one) for one in (week_name, year_name) if one is week_name or jv.truthy(one)]
        if any(name not in values for name in names):
            return False
        week = jv.text(values[names[0]])
        year = jv.text(values[names[1]]) if len(names) > 1 else f"{self._state.now():%Y}"
        if not (re.fullmatch("[0-9]{1,2}", week) and re.fullmatch("[0-9]{4}", year)):
            return False
        return 1 <= int(week) <= _weeks_in(int(year))

    def _is_valid_phone(self, values: Values, _value: Any, arguments: Arguments) -> bool:
        phone = value_of(values, argument(arguments, 0))
        return normalize(self._state.settings, phone) is not False

    def _is_unique_phone(self, values: Values, _value: Any, arguments: Arguments) -> bool:
        """Whether no contact has the number; without a number, whether no contact has any."""
        phone = value_of(values, argument(arguments, 0))
        with self._state.lock:
            if phone is UNDEFINED:
                return not self._views.has_phones()
            return not isinstance(phone, str) or self._views.contact_by_phone(phone) is None


def read_span(text: Any) -> Span | None:
    """A span such as `3 months`, or a number of ms; None without a number. Raises TypeError if it is not a string.

    A span with an unknown unit has no length.
    """
    if not isinstance(text, str):
        raise TypeError("a span must be a string")
    parts = text.split(" ")
    amount = jv.leading_integer(parts[0])
    name = parts[1] if len(parts) > 1 else "ms"
    unit = LETTERS.get(name) or LETTERS.get(name.lower()) or name.lower().removesuffix("s")
    if name in INVALID_IN_SPANS or name.lower() in INVALID_IN_SPANS or (unit in UNITS and amount != amount):
        return None
    if unit == "quarter":
        return amount * 3, "month"
    return (amount, unit) if unit in UNITS else NO_SPAN


def _weeks_in(year: int) -> int:
    """The number of ISO 8601 weeks of a year; the calendar repeats every 400 years."""
    return datetime(2000 + year % 400, 12, 28, tzinfo=UTC).isocalendar().week


def _lower(value: Any) -> str:
    return value.lower() if isinstance(value, str) else jv.text(value)


def _is_since(doc: Mapping[str, Any], begin: int) -> bool:
    return jv.number(doc.get("reported_date", UNDEFINED)) >= begin
