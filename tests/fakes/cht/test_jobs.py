"""Jobs: while one waits, time and the others go on; on a virtual clock in one order only, and without real time."""

from __future__ import annotations

import threading

import pytest

from fakes.cht.jobs import Jobs
from fakes.clock import SystemClock, VirtualClock

PATIENCE = 10.0


class Diary:
    """Who did what, and when."""

    def __init__(self) -> None:
        self.clock = VirtualClock()
        self.jobs = Jobs(self.clock)
        self.lines: list[tuple[float, str]] = []
        self._begun = self.clock.timestamp()

    def note(self, word: str) -> None:
        self.lines.append((round(self.clock.timestamp() - self._begun, 3), word))

    def start(self, name: str, *waits: float) -> bool:
        def action() -> None:
            for seconds in waits:
                self.note(name)
                self.jobs.pass_time(seconds)
            self.note(f"{name} ends")

        return self.jobs.start(action)

    def begin(self, name: str, *waits: float) -> None:
        assert self.start(name, *waits)


def test_a_job_that_waits_blocks_neither_the_clock_nor_another_job() -> None:
    diary = Diary()
    diary.start("a", 3, 3)
    diary.clock.call_later(1, lambda: diary.note("timer"))
    diary.clock.call_later(2, lambda: diary.begin("b", 2))
    diary.clock.advance(10)
    assert diary.lines == [(0, "a"), (1, "timer"), (2, "b"), (3, "a"), (4, "b ends"), (6, "a ends")]


def test_a_job_that_never_waits_has_ended_after_its_start() -> None:
    diary = Diary()
    assert diary.start("a")
    assert diary.lines == [(0, "a ends")]


def test_outside_of_jobs_time_passes_for_all_and_sleep_in_job_does_nothing() -> None:
    diary = Diary()
    diary.jobs.sleep_in_job(5)
    assert diary.clock.timestamp() == diary._begun
    diary.jobs.pass_time(5)
    assert diary.clock.timestamp() == diary._begun + 5


def test_stopped_jobs_end_where_they_wait_and_do_nothing_more() -> None:
    diary = Diary()
    diary.start("a", 3)
    diary.start("b", 5)
    diary.jobs.stop()
    diary.clock.advance(10)
    assert diary.lines == [(0, "a"), (0, "b")]


def test_a_job_that_waits_while_it_is_being_stopped_is_stopped_too() -> None:
    diary = Diary()
    threads: list[threading.Thread] = []

    def stubborn() -> None:
        threads.append(threading.current_thread())
        try:
            diary.jobs.pass_time(1)
        finally:
            diary.jobs.pass_time(1)

    diary.jobs.start(stubborn)
    diary.jobs.stop()
    diary.clock.advance(5)
    threads[0].join(PATIENCE)
    assert not threads[0].is_alive()


def test_what_a_job_raises_reaches_the_caller_that_moves_the_clock() -> None:
    diary = Diary()

    def fail() -> None:
        diary.jobs.pass_time(1)
        raise ValueError("broken")

    assert diary.jobs.start(fail)
    with pytest.raises(ValueError, match="broken"):
        diary.clock.advance(2)


def test_inside_a_job_that_moves_the_clock_itself_no_other_job_begins() -> None:
    """Else passes against a server that is always slow would begin within each other without end."""
    diary = Diary()
    started: list[bool] = []
    diary.clock.call_later(1, lambda: started.append(diary.start("b")))
    diary.jobs.start(lambda: diary.clock.advance(3))
    assert (started, diary.lines) == ([False], [])


def test_in_real_time_a_job_that_waits_blocks_neither_clock_nor_caller() -> None:
    clock = SystemClock()
    jobs = Jobs(clock)
    go_on, ended, rang = threading.Event(), threading.Event(), threading.Event()

    def wait() -> None:
        go_on.wait(PATIENCE)
        ended.set()

    jobs.start(wait)
    clock.call_later(0.001, rang.set)
    assert rang.wait(PATIENCE)
    assert not ended.is_set()
    go_on.set()
    assert ended.wait(PATIENCE)
    clock.close()


def test_what_a_job_raises_in_real_time_is_recorded() -> None:
    jobs = Jobs(SystemClock())
    threads: list[threading.Thread] = []
    begun = threading.Event()

    def fail() -> None:
        threads.append(threading.current_thread())
        begun.set()
        raise ValueError("broken")

    jobs.start(fail)
    assert begun.wait(PATIENCE)
    threads[0].join(PATIENCE)
    assert [str(failure) for failure in jobs.failures] == ["broken"]
