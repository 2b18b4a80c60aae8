"""Settings and credentials that vary the recorded ones.

Held against cht-core `api/src/services/settings.js` and `api/src/controllers/{settings,credentials}.js`.
"""

from __future__ import annotations

import pytest

from tests.fakes.cht.client import client

SETTINGS = "/api/v1/settings"
TEXT = {"Content-Type": "text/plain"}
INCOMING = "/api/v2/sms/rapidpro/incoming-messages"


@pytest.mark.parametrize(
    ("before", "change", "after"),
    [
        ({"b": 1}, {"b": {"c": 2}}, {"b": 1}),
        ("text", {"b": 1}, "text"),
        (True, {"b": 1}, True),
        (0, {"b": 1}, {"b": 1}),
        ("", {"b": 1}, {"b": 1}),
        (None, {"b": 1}, {"b": 1}),
        ({"b": 1}, {}, {"b": 1}),
        ({"b": 1}, None, None),
        ({"b": 1}, [1], [1]),
        ([1, 2], [3], [3]),
        ([1, 2], {"1": 5, "2": 6, "x": 7}, [1, 5, 6]),
        ([{"b": 1}], {"0": {"c": 2}}, [{"b": 1, "c": 2}]),
    ],
)
def test_a_change_of_settings_goes_into_objects_and_is_lost_in_anything_else(
    before: object, change: object, after: object
) -> None:
    cht = client({"settings": {"a": before}})
    answer = cht.put(SETTINGS, json={"a": change})
    assert answer.json() == {"success": True, "updated": before != after}
    assert cht.get(SETTINGS).json()["a"] == after


def test_settings_in_another_order_are_an_update() -> None:
    cht = client({"settings": {"a": 1, "b": 2}})
    whole = cht.get(SETTINGS).json()
    assert cht.put(f"{SETTINGS}?overwrite=1", json=whole).json()["updated"] is False
    turned = dict(reversed(whole.items()))
    assert cht.put(f"{SETTINGS}?overwrite=1", json=turned).json()["updated"] is True


@pytest.mark.parametrize(
    ("query", "after"),
    [
        ("replace=false", {"a": {"c": 2}, "d": 3}),
        ("replace=", {"a": {"b": 1, "c": 2}, "d": 3}),
        ("overwrite=false&replace=true", {"a": {"c": 2}}),
        ("other=true", {"a": {"b": 1, "c": 2}, "d": 3}),
    ],
)
def test_any_text_for_replace_and_overwrite_means_yes(query: str, after: dict[str, object]) -> None:
    cht = client({"settings": {"a": {"b": 1}, "d": 3}})
    cht.put(f"{SETTINGS}?{query}", json={"a": {"c": 2}})
    stored = cht.get(SETTINGS).json()
    del stored["permissions"]
    assert stored == after


def test_permissions_that_were_overwritten_get_the_default_ones_beside_them() -> None:
    cht = client()
    cht.put(f"{SETTINGS}?overwrite=true", json={"permissions": {"can_edit": ["nurse"]}})
    permissions = cht.get(SETTINGS).json()["permissions"]
    assert permissions["can_edit"] == ["nurse"]
    assert permissions["can_configure"] == ["program_officer"]


@pytest.mark.parametrize("body", ["null", '"text"', "5", "{"])
def test_settings_that_are_no_object_are_an_error_of_the_server(body: str) -> None:
    answer = client().put(SETTINGS, data=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.text) == (500, "Server error")


@pytest.mark.parametrize("body", ["{}", ""])
def test_no_settings_at_all_change_nothing(body: str) -> None:
    answer = client().put(SETTINGS, data=body, headers={"Content-Type": "application/json"})
    assert answer.json() == {"success": True, "updated": False}


@pytest.mark.parametrize("name", ["my key", "a%25b", "a%252Fb", "caf%C3%A9", "a%2Fb", "Mixed.Case"])
def test_credentials_may_have_any_name(name: str) -> None:
    cht = client()
    assert cht.put(f"/api/v1/credentials/{name}", data="x", headers=TEXT).json() == {"ok": True}
    decoded = {"a%25b": "a%b", "a%252Fb": "a%2Fb", "caf%C3%A9": "café", "a%2Fb": "a/b"}
    assert cht.cht.state.credentials[decoded.get(name, name)] == "x"


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (TEXT, " ", 200),
        (TEXT, "tökèn \U0001f600", 200),
        ({"Content-Type": "text/csv; charset=utf-8"}, "x", 200),
        ({"Content-Type": "application/xml"}, "x", 200),
        ({"Content-Type": "TEXT/PLAIN"}, "x", 200),
        ({"Content-Type": "text/html"}, "x", 400),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "x", 400),
        ({"Content-Type": "application/json"}, "{", 400),
        ({}, "x", 400),
        ({"Content-Type": "text/plain; charset=klingon"}, "x", 500),
    ],
)
def test_credentials_are_read_from_three_types_of_text(headers: dict[str, str], body: str, status: int) -> None:
    cht = client()
    answer = cht.put("/api/v1/credentials/a", data=body.encode(), headers=headers)
    assert answer.status_code == status
    assert cht.cht.state.credentials.get("a") == (body if status == 200 else None)


def test_an_incoming_token_is_compared_with_its_blanks_and_line_ends() -> None:
    cht = client()
    text = {"id": "1", "from": "+250788123456", "content": "hi"}
    for stored, given, status in (("a\n", "a", 403), (" ", "x", 403), ("a  b", "a  b", 200)):
        cht.put("/api/v1/credentials/rapidpro:incoming", data=stored, headers=TEXT)
        answer = cht.post(INCOMING, json=text, auth=None, headers={"Authorization": f"Token {given}"})
        assert answer.status_code == status


def test_a_name_is_needed_and_a_slash_at_the_end_is_no_name() -> None:
    for path in ("/api/v1/credentials", "/api/v1/credentials/", "/api/v1/credentials/a/"):
        assert client().put(path, data="x", headers=TEXT).status_code == 404
