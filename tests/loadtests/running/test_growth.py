"""The beginning and the end of a run, compared."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from loadtests.results import RequestSample, Watched
from loadtests.running.growth import growth

BEGAN = datetime(2026, 3, 2, 8, tzinfo=UTC)


def look(second: int) -> Watched:
    return Watched(
        at=BEGAN + timedelta(seconds=second), sent_in=second * 10, sent_out=0, reports=second * 9, on_phones=0,
        channel_queue=0, cpu={}, memory_mb={"relay": 60.0 + second}, lag_ms=0,
    )  # fmt: skip


def test_memory_answers_and_queues_of_the_first_and_the_last_fifth_are_told() -> None:
    requests = [
        RequestSample(BEGAN + timedelta(seconds=place / 10), "a text", 10.0 + place, ok=True, driver=place % 2 == 1)
        for place in range(1000)
    ]
    assert growth([look(second) for second in range(100)], requests) == [
        "memory from the first to the last fifth: relay 70 to 150 MB",
        "answers from the first to the last fifth: p95 200 to 1000 ms",
        "texts on their way from the first to the last fifth: 10 to 90",
    ]


def test_of_a_short_run_there_is_nothing_to_compare() -> None:
    assert growth([look(second) for second in range(19)], []) == []


def test_few_answers_are_not_compared() -> None:
    found = growth([look(second) for second in range(20)], [])
    assert [sentence.split(" from ")[0] for sentence in found] == ["memory", "texts on their way"]
