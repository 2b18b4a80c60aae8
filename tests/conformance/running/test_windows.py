"""The suite catches the kind, not the window that somebody has seen: other windows of time are caught, too."""

from __future__ import annotations

import pytest

from conformance.requirements.catalogue import load, select
from conformance.running.runner import conform
from conformance.running.worlds import InProcessWorlds
from conformance.verdicts import Verdict
from tests.broken.times import DAY, HOUR, MINUTE, WINDOWS, with_window

OTHERS = {
    "drops equal texts in": 90.0,
    "drops equal texts out": 5 * MINUTE,
    "repeats a text in": 8 * DAY,
    "repeats a text out": 20 * HOUR,
    "stops working": 8 * DAY,
    "gives up a text in": 3 * HOUR,
    "gives up a text out": 8 * DAY,
    "hands a text over late": 20 * MINUTE,
    "says delivered without a report": 3 * HOUR,
    "says failed without a report": 20 * MINUTE,
    "begins anew when it did not run": 20 * HOUR,
}


@pytest.mark.parametrize("name", WINDOWS)
def test_another_window_is_caught_under_the_same_requirement(name: str) -> None:
    kind, seen, (id_, *_) = WINDOWS[name]
    assert OTHERS[name] not in seen
    worlds = InProcessWorlds("26", 1, with_window(kind, OTHERS[name]), name)
    report = conform(worlds, select(load(), [id_]))
    assert report.broken == []
    assert [report.verdict(one) for one in report.requirements] == [Verdict.FAILED]
