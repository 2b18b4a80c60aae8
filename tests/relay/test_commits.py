"""Group commit: who waits together shares a commit, and nobody waits longer than was asked for."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from relay import commits
from relay.commits import MAX_CALLERS, GroupCommit

LONG = 20.0


class Database:
    """Commits slowly: each commit waits until `go` is set."""

    def __init__(self) -> None:
        self.batches: list[list[Any]] = []
        self.go, self.begun = threading.Event(), threading.Event()
        self.error: Exception | None = None

    def commit(self, requests: Sequence[Any]) -> list[Any]:
        self.batches.append(list(requests))
        self.begun.set()
        self.go.wait(LONG)
        if self.error is not None:
            raise self.error
        return [f"stored {request}" for request in requests]


@pytest.fixture
def database() -> Any:
    database = Database()
    yield database
    database.go.set()


def begin(group: GroupCommit, database: Database, pool: ThreadPoolExecutor, others: int) -> list[Future[Any]]:
    """The first request, whose commit has begun, and others that wait meanwhile."""
    first = pool.submit(group.ask, 0, LONG)
    assert database.begun.wait(LONG)
    waiting = [pool.submit(group.ask, number, LONG) for number in range(1, others + 1)]
    while len(group._waiting) < others:
        threading.Event().wait(0.001)
    return [first, *waiting]


def test_what_waits_during_a_commit_shares_the_next_one(database: Database) -> None:
    group = GroupCommit(database.commit)
    with ThreadPoolExecutor(32) as pool:
        answers = begin(group, database, pool, 20)
        database.go.set()
        assert [answer.result() for answer in answers] == [f"stored {number}" for number in range(21)]
    assert [len(batch) for batch in database.batches] == [1, 20]


def test_a_caller_gets_an_answer_in_time_and_what_was_not_begun_is_not_done_later(database: Database) -> None:
    group = GroupCommit(database.commit)
    for request in ("begun", "not begun"):
        with pytest.raises(TimeoutError):
            group.ask(request, 0.05)
    database.go.set()
    assert group.ask("later", LONG) == "stored later"
    assert database.batches == [["begun"], ["later"]]


def test_all_who_share_a_commit_get_its_error_and_later_ones_do_not(database: Database) -> None:
    group = GroupCommit(database.commit)
    database.error = OSError("disk full")
    with ThreadPoolExecutor(8) as pool:
        answers = begin(group, database, pool, 3)
        database.go.set()
        for answer in answers:
            with pytest.raises(OSError, match="disk full"):
                answer.result()
    database.error = None
    assert group.ask("later", LONG) == "stored later"


def test_one_more_than_may_wait_is_answered_at_once(database: Database) -> None:
    group = GroupCommit(database.commit)
    with ThreadPoolExecutor(MAX_CALLERS) as pool:
        answers = begin(group, database, pool, MAX_CALLERS - 1)
        with pytest.raises(TimeoutError):
            group.ask("too many", LONG)
        database.go.set()
        assert len([answer.result() for answer in answers]) == MAX_CALLERS
    assert group.ask("later", LONG) == "stored later"


def test_the_thread_ends_when_nothing_is_left_and_another_one_starts(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commits, "IDLE_SECONDS", 0.01)
    database.go.set()
    group = GroupCommit(database.commit)
    for request in ("one", "two"):
        before = set(threading.enumerate())
        assert group.ask(request, LONG) == f"stored {request}"
        for thread in set(threading.enumerate()) - before:
            thread.join(LONG)
        assert not group._running
