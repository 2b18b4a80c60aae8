"""Names of groups, labels, fields and globals: each version's answers to invalid names.

Read at v6.4.0, v7.4.0, v8.0.0, v9.3.76 and v26.3.54: temba/api/v2/serializers.py (ContactField-, ContactGroup-,
Global-, LabelWriteSerializer), temba/api/views.py (WriteAPIMixin, before v8.3 temba/api/v2/views_base.py),
temba/contacts/models.py (ContactField), temba/globals/models.py, temba/utils/fields.py (NameValidator).
"""

from __future__ import annotations

from typing import Any

import pytest

from fakes.rapidpro.seed.default import default_seed
from tests.fakes.rapidpro.api.test_variations import NOW, poster

UNIQUE, BLANK, NULL = "This field must be unique.", "This field may not be blank.", "This field may not be null."
REQUIRED, LONG = "This field is required.", "Ensure this field has no more than 36 characters."
CHARACTERS = "Can only contain letters, numbers and hypens."
RESERVED = 'Generated key "{}" is invalid or a reserved name.'
NURSES = "00000060-0000-4000-8000-000000000001"
TEXT = {"type": "text"}


@pytest.mark.parametrize("name", ["groups", "labels"])
@pytest.mark.parametrize(
    ("profile", "given", "errors"),
    [
        ("26", " NURSES ", [UNIQUE]),
        ("26", 'a"b', ['Cannot contain the character: "']),
        ("26", "x" * 65, ["Cannot be longer than 64 characters.", "Ensure this field has no more than 64 characters."]),
        ("6.4", "nurses", [UNIQUE]),
        ("6.4", "-a", ["Name contains illegal characters."]),
        ("6.4", "x" * 65, ["Ensure this field has no more than 64 characters."]),
    ],
)
def test_a_name_of_a_group_or_label_must_be_unused_and_valid(
    profile: str, name: str, given: str, errors: list[str]
) -> None:
    post = poster(profile, labels=[{"workspace": 1, "uuid": NURSES[:-1] + "9", "name": "Nurses"}])
    assert post(name, {"name": given}) == (400, {"name": errors})


def test_the_name_of_a_status_group_is_wrong_twice_in_new_versions() -> None:
    errors = ["Cannot contain the character: \\", UNIQUE]
    assert poster("26")("groups", {"name": "\\active"}) == (400, {"name": errors})
    assert poster("9.0")("groups", {"name": "active"}) == (400, {"name": [UNIQUE]})
    assert poster("6.4")("groups", {"name": "active"})[0] == 201


def test_a_group_can_keep_its_name_and_change_its_case() -> None:
    status, shown = poster("26")("groups", {"name": "NURSES"}, f"uuid={NURSES}")
    assert (status, shown["name"]) == (200, "NURSES")


def test_the_group_of_every_workspace_cannot_be_changed() -> None:
    post = poster("26")
    system = next(one["uuid"] for one in post("groups", {}, "", "GET")[1]["results"] if one["system"])
    assert post("groups", {"name": "New"}, f"uuid={system}") == (403, {"detail": "Cannot modify system object."})
    assert post("groups", {}, f"uuid={system}", "DELETE") == (403, {"detail": "Cannot delete system object."})


@pytest.mark.parametrize(
    ("profile", "given", "errors"),
    [
        ("26", {**TEXT, "name": "AGE"}, {"name": [UNIQUE]}),
        ("26", {**TEXT, "name": "last seen on"}, {"name": [UNIQUE]}),
        ("26", {**TEXT, "name": "a_b"}, {"name": [CHARACTERS]}),
        ("26", {**TEXT, "name": "1st"}, {"name": [RESERVED.format("1st")]}),
        ("26", {**TEXT, "name": "URNs"}, {"name": [RESERVED.format("urns")]}),
        ("26", {**TEXT, "name": "--"}, {"name": [RESERVED.format("")]}),
        ("26", {**TEXT, "name": "x" * 37}, {"name": [LONG]}),
        ("26", {**TEXT, "name": ""}, {"name": [BLANK]}),
        ("26", TEXT, {"non_field_errors": ["Field 'name' is required."]}),
        ("26", {"name": "Village"}, {"non_field_errors": ["Field 'type' is required."]}),
        ("26", {"name": "Village", "type": "numeric"}, {"type": ['"numeric" is not a valid choice.']}),
        ("26", {"name": "Village", "value_type": "number"}, {"value_type": ['"number" is not a valid choice.']}),
        ("26", {"name": "Village", "type": None}, {"type": [NULL]}),
        ("9.0", {**TEXT, "name": "Ticket"}, {"name": [RESERVED.format("ticket")]}),
        ("8.0", {**TEXT, "name": "Slack"}, {"name": [RESERVED.format("slack")]}),
        ("7.4", {**TEXT, "name": "Village"}, {"label": [REQUIRED], "value_type": [REQUIRED]}),
        ("6.4", {"label": "ID", "value_type": "text"}, {"label": [RESERVED.format("id")]}),
        ("7.4", {"label": "ID", "value_type": "text"}, {"label": [UNIQUE]}),
    ],
)
def test_a_field_of_contacts_is_refused_in_the_real_words(
    profile: str, given: dict[str, Any], errors: dict[str, Any]
) -> None:
    assert poster(profile)("fields", given) == (400, errors)


@pytest.mark.parametrize(("profile", "names"), [("7.4", ("label",)), ("26", ("name", "label"))])
def test_a_field_can_also_be_written_by_its_old_names(profile: str, names: tuple[str, ...]) -> None:
    status, shown = poster(profile)("fields", {"label": "Weight  in-kg", "value_type": "numeric"})
    assert (status, shown["key"], shown["value_type"]) == (201, "weight_in_kg", "numeric")
    assert {shown[name] for name in names} == {"Weight  in-kg"}


def test_two_names_with_one_key_are_one_field_in_old_versions_and_a_server_error_in_new_ones() -> None:
    post = poster("6.4")
    assert post("fields", {"label": "First-Child", "value_type": "text"})[0] == 201
    status, shown = post("fields", {"label": "First Child", "value_type": "datetime"})
    assert (status, shown["label"], shown["value_type"]) == (201, "First Child", "datetime")
    post = poster("7.4")
    assert post("fields", {"label": "First-Child", "value_type": "text"})[0] == 201
    assert post("fields", {"label": "First Child", "value_type": "text"})[0] == 500


@pytest.mark.parametrize(
    ("given", "errors"),
    [
        ({"name": "Org: Name", "value": "x"}, {"name": ["Name contains illegal characters."]}),
        ({"name": "2nd_level", "value": "x"}, {"name": ["Name creates Key that is invalid"]}),
        ({"name": "X" * 37, "value": "x"}, {"name": [LONG]}),
        ({"value": "x"}, {"non_field_errors": ["Name is required when creating new global."]}),
        ({"name": "Clinic"}, {"value": [REQUIRED]}),
        ({"name": "Clinic", "value": "x" * 10_001},
         {"value": ["Ensure this field has no more than 10000 characters."]}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("profile", ["6.4", "26"])
def test_a_global_is_refused_in_the_real_words(profile: str, given: dict[str, Any], errors: dict[str, Any]) -> None:
    assert poster(profile)("globals", given) == (400, errors)


def test_a_global_of_another_name_and_the_same_key_takes_the_value() -> None:
    post = poster("26")
    assert post("globals", {"name": "Clinic Name", "value": "A"})[0] == 201
    assert post("globals", {"name": "CLINIC name", "value": "B"}) == (400, {"name": [UNIQUE]})
    status, shown = post("globals", {"name": "clinic-name", "value": "B"})
    assert (status, shown["name"], shown["value"]) == (201, "Clinic Name", "B")
    status, shown = post("globals", {"name": "Ignored", "value": "C"}, "key=clinic_name")
    assert (status, shown["name"], shown["value"]) == (200, "Clinic Name", "C")


@pytest.mark.parametrize("name", ["groups", "labels", "fields", "globals"])
def test_a_workspace_cannot_exceed_its_limit_of_objects(name: str) -> None:
    given = {"name": "One", "type": "text", "label": "One", "value_type": "text", "value": "x"}
    spaces = [{**default_seed(NOW)["workspaces"][0], "limits": {name: 0}}]
    sentence = "Cannot create object because workspace has reached limit"
    assert poster("26", workspaces=spaces)(name, given) == (409, {"detail": f"{sentence}."})
    assert poster("9.3", workspaces=spaces)(name, given) == (409, {"detail": f"{sentence} of 0."})
    status, errors = poster("6.4", workspaces=spaces)(name, given)
    assert (status, list(errors)) == (400, ["non_field_errors"])
    assert errors["non_field_errors"][0].endswith(
        f"{name} and the limit is 0. You must delete existing ones before you can create new ones."
    )


def test_without_a_limit_of_its_own_a_workspace_may_have_250() -> None:
    post = poster("26", labels=[
        {"workspace": 1, "uuid": f"00000070-0000-4000-8000-{number:012}", "name": f"L{number}"} for number in range(249)
    ])  # fmt: skip
    assert [post("labels", {"name": name})[0] for name in ("Last", "Beyond")] == [201, 409]
    assert post("labels", {"name": "Renamed"}, "uuid=00000070-0000-4000-8000-000000000001")[0] == 200


def test_a_limit_of_version_6_4_forbids_changes_too_but_not_of_fields() -> None:
    spaces = [{**default_seed(NOW)["workspaces"][0], "limits": {"groups": 0, "fields": 0}}]
    post = poster("6.4", workspaces=spaces)
    assert post("groups", {"name": "Midwives"}, f"uuid={NURSES}")[0] == 400
    assert post("fields", {"label": "Years", "value_type": "numeric"}, "key=age")[0] == 200
