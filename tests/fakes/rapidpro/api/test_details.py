"""Smaller differences between the answers of versions: params of flow starts, users, tickets, anonymous workspaces.

Read at v6.4.0 to v26.3.54: temba/api/v2/serializers.py (FlowStartWrite-, UserRead-, BroadcastWrite-, MsgWrite-,
ContactReadSerializer), temba/api/v2/views.py (UsersEndpoint), temba/api/v2/fields.py (ContactField, TicketField),
temba/utils/text/obfuscate.py.
"""

from __future__ import annotations

from typing import Any

import pytest

from fakes.rapidpro.api.values.contact_refs import LETTERS, SIX_LETTERS, ref_of
from fakes.rapidpro.seed.default import default_seed
from tests.fakes.rapidpro.api.test_variations import ANN, NOW, URNS, poster

FLOW = "000000f0-0000-4000-8000-000000000001"
BORN = "2025-12-01T00:00:00Z"
FLOWS = [{"workspace": 1, "uuid": FLOW, "name": "Intake", "created_on": BORN, "modified_on": BORN}]
START = {**URNS, "flow": FLOW}


def test_params_have_a_limited_length_as_json_with_escapes_in_version_26() -> None:
    errors = {"params": ["Cannot exceed 10,000 characters encoded."]}
    assert poster("26", flows=FLOWS)("flow_starts", {**START, "params": {"a": "x" * 9_992}}) == (400, errors)
    assert poster("26", flows=FLOWS)("flow_starts", {**START, "params": {"a": "é" * 2_000}}) == (400, errors)
    assert poster("26", flows=FLOWS)("flow_starts", {**START, "params": {"a": "x" * 9_991}})[0] == 201
    assert poster("10", flows=FLOWS)("flow_starts", {**START, "params": {"a": "x" * 10_000}})[0] == 201


def test_extra_is_brought_into_a_narrow_form_in_every_version() -> None:
    given = {"a b": None, "list": [1, "x"], "long": "x" * 641}
    shown = poster("26", flows=FLOWS)("flow_starts", {**START, "extra": given})[1]["params"]
    assert shown == {"a_b": "", "list": {"0": 1, "1": "x"}, "long": "x" * 640}
    assert poster("26", flows=FLOWS)("flow_starts", {**START, "extra": {"e": 1}, "params": {}})[1]["params"] == {"e": 1}


def test_only_the_first_256_values_of_extra_are_kept() -> None:
    given = {f"k{number:03}": number for number in range(300)}
    shown = poster("26", flows=FLOWS)("flow_starts", {**START, "extra": given})[1]["params"]
    assert list(shown) == [f"k{number:03}" for number in range(256)]


def emails(profile: str, query: str) -> list[str]:
    user = {"active": True, "staff": False}
    found = poster(profile, users=[
        *default_seed(NOW)["users"],
        {**user, "email": "ed@example.com", "name": "Ed Itor", "roles": {"1": "editor"}},
        {**user, "email": "ag@example.com", "name": "Ag Ent", "roles": {"1": "agent"}},
    ])("users", {}, query, "GET")[1]["results"]  # fmt: skip
    return sorted(row["email"] for row in found if row["email"].endswith("example.com"))


@pytest.mark.parametrize(
    ("profile", "query", "found"),
    [
        ("26", "role=editor", ["ed@example.com"]),
        ("7.4", "role=editor&role=agent", ["ag@example.com", "ed@example.com"]),
        ("26", "role=editor&role=nobody", ["ed@example.com"]),
        ("26", "role=nobody", []),
        ("26", "email=ED@Example.com", ["ed@example.com"]),
        ("10", "email=ed@example.com&email=ag@example.com", ["ag@example.com", "ed@example.com"]),
        ("9.3", "email=ed@example.com", ["ag@example.com", "ed@example.com"]),
    ],
)
def test_users_are_found_by_role_and_in_newer_versions_by_email(profile: str, query: str, found: list[str]) -> None:
    assert [one for one in emails(profile, query) if one[:2] in ("ed", "ag")] == found


def test_users_are_found_by_uuid_in_version_26() -> None:
    post = poster("26")
    uuid = post("users", {}, "", "GET")[1]["results"][0]["uuid"]
    assert [row["uuid"] for row in post("users", {}, f"uuid={uuid}&uuid={ANN}", "GET")[1]["results"]] == [uuid]
    for query, wrong in (("uuid=abc", "abc"), ("uuid=", ""), (f"uuid=abc&uuid={uuid}", "abc")):
        assert post("users", {}, query, "GET") == (400, {"detail": f"Param 'uuid': {wrong} is not a valid UUID."})
    many = "&".join([f"uuid={uuid}"] * 101)
    assert post("users", {}, many, "GET") == (400, {"detail": "Param 'uuid' can have a maximum of 100 values."})


@pytest.mark.parametrize(("profile", "name"), [("6.4", "broadcasts"), ("8.0", "broadcasts"), ("10", "messages")])
@pytest.mark.parametrize(
    ("ticket", "errors"),
    [("x", ["No such object: x"]), (None, ["This field may not be null."]), ([], ["Must be a string or integer"])],
)
def test_a_ticket_is_looked_for_where_versions_take_one(
    profile: str, name: str, ticket: Any, errors: list[str]
) -> None:
    text = {**URNS, "contact": ANN, "text": "Hello"}
    assert poster(profile)(name, {**text, "ticket": ticket}) == (400, {"ticket": errors})
    assert poster("26")(name, {**text, "ticket": ticket})[0] == 201, "ignored"


@pytest.mark.parametrize(
    ("profile", "shown"),
    [
        ("6.4", {}),
        ("7.4", {}),
        ("8.0", {"anon_display": "0000000001"}),
        ("26", {"ref": ref_of(1), "anon_display": ref_of(1)}),
        ("next", {"ref": ref_of(1)}),
    ],
)
def test_in_an_anonymous_workspace_something_stands_for_a_contacts_addresses(
    profile: str, shown: dict[str, str]
) -> None:
    spaces = [{**default_seed(NOW)["workspaces"][0], "anonymous": True}]
    post = poster(profile, workspaces=spaces)
    ann = post("contacts", {}, f"uuid={ANN}", "GET")[1]["results"][0]
    assert {name: ann[name] for name in ("ref", "anon_display") if name in ann} == shown
    assert list(ann)[: 2 + len(shown)] == ["uuid", "name", *shown]
    message = post("messages", {}, f"contact={ANN}", "GET")[1]["results"][0]
    assert (list(message["contact"]), message["urn"]) == (["uuid", "name"], None)


RUN = {
    "workspace": 1, "id": 1, "uuid": "00000077-0000-4000-8000-000000000001", "flow": FLOW, "contact": ANN,
    "status": "completed", "created_on": BORN, "modified_on": BORN,
}  # fmt: skip


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("6.4", {}),
        ("8.0", {"urn": "tel:********", "urn_display": None, "anon_display": "0000000001"}),
        ("26", {"urn": "tel:********", "urn_display": None, "ref": ref_of(1), "anon_display": ref_of(1)}),
    ],
)
def test_a_run_in_an_anonymous_workspace_masks_its_contact(profile: str, expected: dict[str, Any]) -> None:
    spaces = [{**default_seed(NOW)["workspaces"][0], "anonymous": True}]
    shown = poster(profile, workspaces=spaces, flows=FLOWS, runs=[RUN])("runs", {}, "", "GET")[1]["results"][0][
        "contact"
    ]
    assert shown == {"uuid": ANN, "name": "Ann", **expected}


def test_short_names_differ_and_have_seven_letters_for_great_numbers_only() -> None:
    short = {ref_of(number) for number in range(1, 2_000)}
    assert len(short) == 1_999
    assert {len(one) for one in short} == {6}
    assert [len(ref_of(number)) for number in (SIX_LETTERS - 1, SIX_LETTERS)] == [6, 7]
    assert [ref_of(number) for number in (1, 1_001, SIX_LETTERS)] == ["E2E6MX", "QJ4226", "GQENS3N"], "as RapidPro does"
    assert set("".join(short)) <= set(LETTERS)
