"""Scenarios over sockets begin with the same settings at every hour of the day."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from conformance.services.processes import ALL_DAY
from fakes.cht.sentinel.due_tasks import within_hours


@pytest.mark.parametrize(("hour", "minute"), [(0, 0), (8, 0), (23, 1), (23, 59)])
def test_reminders_are_sent_at_every_minute_of_the_day(hour: int, minute: int) -> None:
    assert within_hours(ALL_DAY, datetime(2026, 3, 2, hour, minute, tzinfo=UTC))


def test_without_these_settings_the_hour_before_midnight_sends_no_reminder() -> None:
    assert not within_hours({}, datetime(2026, 3, 2, 23, 30, tzinfo=UTC))
