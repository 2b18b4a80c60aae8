"""Router tests; as functions they return an object that is true or false and has a `match` and perhaps an `extra`.

Source: goflow flows/routers/cases.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from fakes.rapidpro.flows.expressions import datetimes
from fakes.rapidpro.flows.expressions.conversion import parse_datetime_text
from fakes.rapidpro.flows.expressions.environment import Env
from fakes.rapidpro.flows.expressions.patterns import search
from fakes.rapidpro.flows.expressions.signature import array, declare, moment, number, raw, record, text
from fakes.rapidpro.flows.expressions.text_search import email_in, numbers_in, phone_in
from fakes.rapidpro.flows.expressions.values import (
    DateTime,
    ErrorValue,
    ExpressionError,
    ObjectValue,
    Value,
    render,
)
from fakes.rapidpro.flows.expressions.words import words

_NO_LOCATIONS = "can't find locations in environment which is not location enabled"


def matched(match: Value, extra: ObjectValue | None = None) -> ObjectValue:
    """The outcome of a test that holds."""
    found: dict[str, Value] = {"match": match}
    if extra is not None:
        found["extra"] = extra
    return ObjectValue(found, True, has_default=True)


def unmatched() -> ObjectValue:
    """The outcome of a test that does not hold."""
    return ObjectValue({"match": ""}, False, has_default=True)


def has_error(_env: Env, value: Value) -> ObjectValue:
    return matched(value.message) if isinstance(value, ErrorValue) else unmatched()


def has_text(_env: Env, value: str) -> ObjectValue:
    trimmed = value.strip()
    return matched(trimmed) if trimmed else unmatched()


def has_only_text(_env: Env, value: str, expected: str) -> ObjectValue:
    return matched(value) if value == expected else unmatched()


def _pairs(first: str, second: str) -> tuple[list[str], list[str]]:
    return words(first), [word.lower() for word in words(second)]


def has_any_word(_env: Env, value: str, expected: str) -> ObjectValue:
    text_words, wanted_words = _pairs(value, expected)
    found = [word for word in text_words if word.lower() in wanted_words]
    return matched(" ".join(found)) if found else unmatched()


def has_all_words(_env: Env, value: str, expected: str) -> ObjectValue:
    text_words, wanted_words = _pairs(value, expected)
    found = [word for word in text_words if word.lower() in wanted_words]
    return matched(" ".join(found)) if set(wanted_words) <= {word.lower() for word in found} else unmatched()


def has_phrase(_env: Env, value: str, expected: str) -> ObjectValue:
    """The scan does not step back after a partial match."""
    text_words, wanted_words = _pairs(value, expected)
    if not wanted_words:
        return matched("")
    found: list[str] = []
    for word in text_words:
        found = [*found, word] if word.lower() == wanted_words[len(found)] else []
        if len(found) == len(wanted_words):
            return matched(" ".join(found))
    return unmatched()


def has_only_phrase(_env: Env, value: str, expected: str) -> ObjectValue:
    text_words, wanted_words = _pairs(value, expected)
    return matched(" ".join(text_words)) if [word.lower() for word in text_words] == wanted_words else unmatched()


def has_beginning(_env: Env, value: str, expected: str) -> ObjectValue:
    value, expected = value.strip(), expected.strip()
    start = value[: len(expected)]
    return matched(start) if value and expected and start.lower() == expected.lower() else unmatched()


def has_pattern(env: Env, value: str, pattern: str) -> ObjectValue:
    groups = search(pattern.strip(), value, env, "must be called with a valid regular expression")
    if groups is None:
        return unmatched()
    return matched(groups[0], ObjectValue({str(i): group for i, group in enumerate(groups)}))


def _number_test(holds: Callable[..., bool]) -> Callable[..., ObjectValue]:
    def test(env: Env, value: str, *limits: Decimal) -> ObjectValue:
        found = next((one for one in numbers_in(value, env) if holds(one, *limits)), None)
        return unmatched() if found is None else matched(found)

    return test


def _date_test(holds: Callable[[date, date], bool]) -> Callable[..., ObjectValue]:
    def test(env: Env, value: str, limit: DateTime | None = None) -> ObjectValue:
        try:
            found = datetimes.to_datetime(value, env, fill_time=True)
        except ExpressionError:
            return unmatched()
        day = found.at.astimezone(env.timezone).date()
        other = day if limit is None else limit.at.astimezone(env.timezone).date()
        return matched(found) if holds(day, other) else unmatched()

    return test


def has_time(env: Env, value: str) -> ObjectValue:
    try:
        return matched(datetimes.to_time(value, env))
    except ExpressionError:
        return unmatched()


def has_email(env: Env, value: str) -> ObjectValue:
    found = email_in(value, env)
    return matched(found) if found else unmatched()


def has_phone(env: Env, value: str, country: str | None = None) -> ObjectValue:
    found = phone_in(value, env.country if country is None else country, env)
    return matched(found) if found else unmatched()


def has_group(env: Env, groups: list[Any], uuid: str, *_name: Value) -> ObjectValue:
    for item in groups:
        group = record(item, env)
        if render(group.get("uuid")[0]) == uuid:
            return matched(group)
    return unmatched()


def has_category(_env: Env, result: ObjectValue, *names: str) -> ObjectValue:
    """Only results of a flow have categories: objects with a name and a time of creation."""
    texts = [result.get(name)[0] for name in ("name", "value", "category", "category_localized", "input")]
    created_on = result.get("created_on")[0]
    if not texts[0] or not all(isinstance(text, str | None) for text in texts) or not _is_moment(created_on):
        raise ExpressionError("first argument must be a result")
    category = texts[2] or ""
    return matched(category) if category in names else unmatched()


def _is_moment(value: Value) -> bool:
    if isinstance(value, str):
        try:
            return bool(parse_datetime_text(value))
        except ValueError:
            return False
    return isinstance(value, DateTime)


def _no_location(env: Env, *_given: str) -> ObjectValue:
    if env.has_locations:
        return unmatched()
    raise ExpressionError(_NO_LOCATIONS)


TEST_FUNCTIONS = MappingProxyType({
    "has_error": declare(raw)(has_error),
    "has_text": declare(text)(has_text),
    "has_value": declare(text)(has_text),
    "has_only_text": declare(text, text)(has_only_text),
    "has_any_word": declare(text, text)(has_any_word),
    "has_all_words": declare(text, text)(has_all_words),
    "has_phrase": declare(text, text)(has_phrase),
    "has_only_phrase": declare(text, text)(has_only_phrase),
    "has_beginning": declare(text, text)(has_beginning),
    "has_pattern": declare(text, text)(has_pattern),
    "has_number": declare(text)(_number_test(lambda _one: True)),
    "has_number_eq": declare(text, number)(_number_test(lambda one, limit: one == limit)),
    "has_number_lt": declare(text, number)(_number_test(lambda one, limit: one < limit)),
    "has_number_lte": declare(text, number)(_number_test(lambda one, limit: one <= limit)),
    "has_number_gt": declare(text, number)(_number_test(lambda one, limit: one > limit)),
    "has_number_gte": declare(text, number)(_number_test(lambda one, limit: one >= limit)),
    "has_number_between": declare(text, number, number)(_number_test(lambda one, low, high: low <= one <= high)),
    "has_date": declare(text)(_date_test(lambda _day, _other: True)),
    "has_date_lt": declare(text, moment)(_date_test(lambda day, other: day < other)),
    "has_date_eq": declare(text, moment)(_date_test(lambda day, other: day == other)),
    "has_date_gt": declare(text, moment)(_date_test(lambda day, other: day > other)),
    "has_time": declare(text)(has_time),
    "has_email": declare(text)(has_email),
    "has_phone": declare(text, text, needed=1)(has_phone),
    "has_group": declare(array, text, text, needed=2)(has_group),
    "has_category": declare(record, text, rest=text)(has_category),
    "has_intent": declare(record, text, number)(lambda _env, *_given: unmatched()),
    "has_top_intent": declare(record, text, number)(lambda _env, *_given: unmatched()),
    "has_state": declare(text)(_no_location),
    "has_district": declare(text, text, needed=1)(_no_location),
    "has_ward": declare(text, text, text, needed=1)(_no_location),
})  # fmt: skip
