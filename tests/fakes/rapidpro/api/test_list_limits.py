"""Lists of more than a hundred items, in every field and version: the words, and what is checked first.

Read at v6.4.0, v8.0.0, v8.1.36 and v9.0.0: temba/api/v2/fields.py (validate_size; later max_length).
"""

from typing import Any

import pytest

from fakes.rapidpro.versions.profiles import PROFILES
from tests.fakes.rapidpro.versions.test_profiles import INTAKE, Caller

OLD = "This field can only contain up to 100 items."
NEW = "Ensure this field has no more than 100 elements."
BY_PROFILE = {"6.4": OLD, "7.4": OLD, "8.0": OLD, "9.0": NEW, "9.3": NEW, "10": NEW, "26": NEW, "next": NEW}
NUMBERS = [f"tel:+250788{n:06d}" for n in range(101)]
NAMES = [f"name {n}" for n in range(101)]
LISTS: tuple[tuple[str, dict[str, Any], str, list[Any]], ...] = (
    ("broadcasts", {"text": "Hello"}, "urns", NUMBERS),
    ("broadcasts", {"text": "Hello"}, "contacts", NAMES),
    ("broadcasts", {"text": "Hello"}, "groups", NAMES),
    ("flow_starts", {"flow": INTAKE}, "urns", NUMBERS),
    ("flow_starts", {"flow": INTAKE}, "contacts", NAMES),
    ("flow_starts", {"flow": INTAKE}, "groups", NAMES),
    ("contacts", {}, "urns", NUMBERS),
    ("contacts", {}, "groups", NAMES),
    ("contact_actions", {"action": "block"}, "contacts", NAMES),
    ("message_actions", {"action": "archive"}, "messages", list(range(101))),
)


def told(profile: str, endpoint: str, body: Any, field: str) -> Any:
    """What the API says about one field."""
    return Caller(PROFILES[profile]).post(f"{endpoint}.json", body)[field]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("endpoint", "rest", "field", "items"), LISTS, ids=lambda value: str(value)[:24])
def test_every_list_of_101_items_is_refused_in_the_words_of_the_version(
    endpoint: str, rest: dict[str, Any], field: str, items: list[Any], profile: str
) -> None:
    assert told(profile, endpoint, {**rest, field: items}, field) == [BY_PROFILE[profile]]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize("endpoint", ["broadcasts", "flow_starts", "contacts"])
def test_a_bad_address_in_a_long_list_is_told_only_where_the_addresses_are_checked_first(
    endpoint: str, profile: str
) -> None:
    bodies = {"broadcasts": {"text": "Hello"}, "flow_starts": {"flow": INTAKE}, "contacts": {}}
    bad = {"0": ["Invalid URN: foo:1. Ensure phone numbers contain country codes."]}
    found = told(profile, endpoint, {**bodies[endpoint], "urns": ["foo:1", *NUMBERS]}, "urns")
    assert found == ([OLD] if BY_PROFILE[profile] == OLD else bad)


@pytest.mark.parametrize("profile", PROFILES)
def test_old_versions_count_the_characters_of_a_text_in_place_of_addresses(profile: str) -> None:
    no_list = 'Expected a list of items but got type "str".'
    found = told(profile, "flow_starts", {"flow": INTAKE, "urns": "x" * 101}, "urns")
    assert found == [OLD if BY_PROFILE[profile] == OLD else no_list]
    assert told(profile, "flow_starts", {"flow": INTAKE, "urns": "x" * 100}, "urns") == [no_list]


@pytest.mark.parametrize("profile", PROFILES)
def test_101_values_of_fields_are_counted_before_or_after_they_are_checked(profile: str) -> None:
    values: dict[str, Any] = {f"field_{n}": "x" for n in range(101)}
    assert told(profile, "contacts", {"fields": values}, "fields") == [BY_PROFILE[profile]]
    values["field_0"] = ["not a text"]
    found = told(profile, "contacts", {"fields": values}, "fields")
    assert found == ([OLD] if BY_PROFILE[profile] == OLD else {"field_0": ["Not a valid string."]})


@pytest.mark.parametrize("profile", PROFILES)
def test_exactly_a_hundred_addresses_are_taken(profile: str) -> None:
    caller = Caller(PROFILES[profile])
    for endpoint, body in (("broadcasts", {"text": "Hello"}), ("flow_starts", {"flow": INTAKE})):
        assert caller.ask("POST", f"{endpoint}.json", json={**body, "urns": NUMBERS[:100]}).status == 201
