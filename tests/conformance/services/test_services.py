"""Scenarios over sockets begin with the same settings at every hour of the day."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from typing import NoReturn

import pytest

from conformance.services import processes
from conformance.services.in_process import InProcessFakes
from conformance.services.processes import ALL_DAY, FakeProcesses
from conformance.verdicts import HarnessBroken
from fakes.cht.sentinel.due_tasks import within_hours
from fakes.ledger.keeping import JUDGED
from fakes.serving.process import StartError


@pytest.mark.parametrize(("hour", "minute"), [(0, 0), (8, 0), (23, 1), (23, 59)])
def test_reminders_are_sent_at_every_minute_of_the_day(hour: int, minute: int) -> None:
    assert within_hours(ALL_DAY, datetime(2026, 3, 2, hour, minute, tzinfo=UTC))


def test_without_these_settings_the_hour_before_midnight_sends_no_reminder() -> None:
    assert not within_hours({}, datetime(2026, 3, 2, 23, 30, tzinfo=UTC))


def test_fakes_that_a_run_starts_for_itself_keep_all_exchanges_that_there_is_room_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with closing(InProcessFakes("26", 1)) as fakes:
        assert fakes.parts().ledger.keeping == JUDGED
    started: list[list[str]] = []

    def start(*_: object, arguments: list[str], **__: object) -> NoReturn:
        started.append(arguments)
        raise StartError("not in this test")

    monkeypatch.setattr(processes, "start_fakes", start)
    with pytest.raises(HarnessBroken, match="not in this test"):
        FakeProcesses("26", 1)
    assert started == [["--ledger-spool", str(JUDGED.spool_mib)]]
