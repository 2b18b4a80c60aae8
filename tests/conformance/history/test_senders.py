"""Whose report it is: CHT's documented flow passes on a short code with the scheme of its URN."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.history.observe import observe

KNOWN = frozenset({"60396", "112", "+250788200001"})


class NoTraffic:
    """A control API of services in which nothing happened."""

    def get(self, path: str, **_: Any) -> dict[str, Any]:
        return {"messages": [], "texts": {}} if "rapidpro" in path else {}


@pytest.mark.parametrize(
    ("sender", "seen"),
    [
        ("60396", "60396"),
        ("tel:60396", "60396"),
        ("tel:112", "112"),
        ("+250788200001", "+250788200001"),
        ("tel:+250788200001", None),
        ("+60396", None),
        ("+25060396", None),
        ("mailto:60396", None),
        ("tel:060396", None),
    ],
)
def test_a_report_belongs_to_the_number_that_sent_it_and_to_no_other(sender: str, seen: str | None) -> None:
    document = {"from": sender, "sms_message": {"message": "hello", "gateway_ref": "run-1"}}
    control: Any = NoTraffic()
    history = observe(control, [document], KNOWN, (), ())
    assert [report.number for report in history.reports] == ([] if seen is None else [seen])
