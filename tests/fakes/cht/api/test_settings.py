"""Settings that vary the recorded ones.

Held against cht-core `api/src/services/settings.js` and `api/src/controllers/settings.js`.
"""

from __future__ import annotations

import pytest

from tests.fakes.cht.client import client

SETTINGS = "/api/v1/settings"


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
