"""Somebody else in the workspace sends: many broadcasts, in one request of the control API."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.rapidpro.control.test_tokens_and_rates import ControlledRapidPro


def test_broadcasts_of_others_are_listed_page_by_page_and_reach_the_phone() -> None:
    service = ControlledRapidPro()
    before = len(service.rows("broadcasts.json"))
    assert service.control_call("POST", "/broadcasts", {"count": 245, "number": "+250788999999"}) == (
        200,
        {"created": 245},
    )
    listed = service.rows("broadcasts.json")
    assert len(listed) == min(250, before + 245)
    assert listed[0]["urns"] == ["tel:+250788999999"]
    assert len({row["id"] for row in listed}) == len(listed)
    service.clock.advance(3600)
    _, phone = service.control_call("GET", "/phones/+250788999999/texts")
    assert len({text["text"] for text in phone["texts"]}) == 245


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"count": 0, "number": "+250788999999"},
        {"count": 1001, "number": "+250788999999"},
        {"count": True, "number": "+250788999999"},
        {"count": "3", "number": "+250788999999"},
        {"count": 3},
        {"count": 3, "number": 250788999999},
        {"count": 3, "number": "nobody"},
    ],
)
def test_what_others_cannot_send_is_answered_with_a_sentence(body: Any) -> None:
    status, answer = ControlledRapidPro().control_call("POST", "/broadcasts", body)
    assert status == 400
    assert "expected" in answer["error"]
