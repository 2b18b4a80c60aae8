"""Checks of single fields of a request: one function per type, with RapidPro's own error texts.

Source: Django REST framework's fields, rapidpro temba/api/v2/fields.py. A check returns the clean value or raises
`Invalid` with the errors of the field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fakes.rapidpro.versions.profile import Profile

REQUIRED = "This field is required."
NULL = "This field may not be null."
BLANK = "This field may not be blank."
NO_STRING = "Not a valid string."
MAX_ITEMS = 100
MAX_CHECKED = 5_000
"""Later items of a longer list are not checked: RapidPro would check them, for minutes."""
SURROGATES = range(0xD800, 0xE000)

Check = Callable[[Any], Any]


class Invalid(Exception):
    """What is wrong with a field: a list of sentences, or sentences by index or key."""

    def __init__(self, errors: Sequence[str] | Mapping[str, Any]) -> None:
        super().__init__(errors)
        self.errors: Any = errors if isinstance(errors, Mapping) else list(errors)


def invalid(sentence: str) -> Invalid:
    """An error with one sentence."""
    return Invalid([sentence])


def text(value: Any, *, limit: int | None = None, trim: bool = True, blank: bool = False) -> str:
    """A string; numbers become strings. `limit` in code points, after trimming."""
    if value is None:
        raise invalid(NULL)
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise invalid(NO_STRING)
    clean = str(value).strip() if trim else str(value)
    if not blank and not clean:
        raise invalid(BLANK)
    found = []
    if limit is not None and len(clean) > limit:
        found.append(f"Ensure this field has no more than {limit} characters.")
    if "\x00" in clean:
        found.append("Null characters are not allowed.")
    if not clean.isascii() and (surrogate := next((char for char in clean if ord(char) in SURROGATES), None)):
        found.append(f"Surrogate characters are not allowed: U+{ord(surrogate):X}.")
    if found:
        raise Invalid(found)
    return clean


def name(value: Any, *, limit: int) -> str:
    """A name of a group or label; errors of the name come first (temba/utils/fields.py, NameValidator)."""
    if value is None:
        raise invalid(NULL)
    found, clean = [], str(value).strip()
    if isinstance(value, str) and len(clean) > limit:
        found.append(f"Cannot be longer than {limit} characters.")
    elif isinstance(value, str) and (bad := next((char for char in '"\\' if char in clean), None)):
        found.append(f"Cannot contain the character: {bad}")
    elif isinstance(value, str) and "\x00" in clean:
        found.append("Cannot contain null characters.")
    try:
        clean = text(value, limit=limit)
    except Invalid as problem:
        raise Invalid([*found, *problem.errors]) from None
    if found:
        raise Invalid(found)
    return clean


def choice(value: Any, words: tuple[str, ...]) -> str:
    """One of some words."""
    if value is None:
        raise invalid(NULL)
    if value not in words:
        raise invalid(f'"{value}" is not a valid choice.')
    return str(value)


def boolean(value: Any) -> bool:
    """A boolean, or a word for one."""
    known = {
        **dict.fromkeys(("t", "y", "yes", "true", "on", "1"), True),
        **dict.fromkeys(("f", "n", "no", "false", "off", "0"), False),
    }
    if value is None:
        raise invalid(NULL)
    if isinstance(value, bool | int | float) and value in (0, 1):
        return bool(value)
    if isinstance(value, str) and value.lower() in known:
        return known[value.lower()]
    raise invalid("Must be a valid boolean.")


def too_many(profile: Profile, limit: int = MAX_ITEMS) -> str:
    """The error for a list or object of more than `limit` items."""
    if profile.counts_items_first:
        return f"This field can only contain up to {limit} items."
    return f"Ensure this field has no more than {limit} elements."


def count_first(value: Any, profile: Profile) -> None:
    """In versions that count before anything else: at most `MAX_ITEMS` items, keys or characters. Raises Invalid.

    Source: rapidpro temba/api/v2/fields.py, validate_size (until v8.1.35), which takes whatever has a length.
    """
    if profile.counts_items_first and isinstance(value, str | list | dict) and len(value) > MAX_ITEMS:
        raise invalid(too_many(profile))


def items(value: Any, check: Check, profile: Profile, *, limit: int = MAX_ITEMS) -> list[Any]:
    """A list of checked items; errors by index of the bad items come before the length, except in old versions."""
    count_first(value, profile)
    if value is None:
        raise invalid(NULL)
    if not isinstance(value, list):
        raise invalid(f'Expected a list of items but got type "{type(value).__name__}".')
    clean, errors = [], {}
    for index, item in enumerate(value[:MAX_CHECKED]):
        try:
            clean.append(check(item))
        except Invalid as problem:
            errors[str(index)] = problem.errors
    if errors:
        raise Invalid(errors)
    if len(value) > limit:
        raise invalid(too_many(profile, limit))
    return clean


def dictionary(value: Any, check_item: Callable[[str, Any], Any]) -> dict[str, Any]:
    """An object of checked values; errors by key."""
    if value is None:
        raise invalid(NULL)
    if not isinstance(value, dict):
        raise invalid(f'Expected a dictionary of items but got type "{type(value).__name__}".')
    if not value:
        raise invalid("This dictionary may not be empty.")
    clean, errors = {}, {}
    for key, item in value.items():
        try:
            clean[str(key)] = check_item(str(key), item)
        except Invalid as problem:
            errors[str(key)] = problem.errors
    if errors:
        raise Invalid(errors)
    return clean


def check_fields(given: Mapping[str, Any], checks: Mapping[str, Check], required: Sequence[str] = ()) -> dict[str, Any]:
    """The values of the checked fields that are present, in order. Raises Invalid with the errors by field."""
    clean, errors = {}, {}
    for name, check in checks.items():
        if name not in given:
            if name in required:
                errors[name] = [REQUIRED]
            continue
        try:
            clean[name] = check(given[name])
        except Invalid as problem:
            errors[name] = problem.errors
    if errors:
        raise Invalid(errors)
    return clean
