"""Group commit: who waits together shares a commit, and nobody waits longer than was asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from relay.database import MAX_CALLERS, GroupCommit

LONG = 20.0


class Database:
    """Commits slowly: each commit waits until `go` is set."""

    def __init__(self) -> None:
        self.batches: list[list[Any]] = []
        self.go, self.begun = threading.Event(), threading.Event()
        self.error: Exception | None = None

    def commit(self, requests: list[Any]) -> list[str]:
        self.batches.append(requests)
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


@pytest.fixture
def group(database: Database) -> Iterator[GroupCommit]:
    group = GroupCommit(database.commit)
    yield group
    group.close()


def begin(group: GroupCommit, database: Database, pool: ThreadPoolExecutor, others: int) -> list[Future[Any]]:
    """The first request, whose commit has begun, and others that wait meanwhile."""
    first = pool.submit(group.ask, 0, LONG)
    assert database.begun.wait(LONG)
    waiting = [pool.submit(group.ask, number, LONG) for number in range(1, others + 1)]
    while group._requests.qsize() < others:
        threading.Event().wait(0.001)
    return [first, *waiting]


def test_what_waits_during_a_commit_shares_the_next_one(group: GroupCommit, database: Database) -> None:
    with ThreadPoolExecutor(32) as pool:
        answers = begin(group, database, pool, 20)
        database.go.set()
        assert [answer.result() for answer in answers] == [f"stored {number}" for number in range(21)]
    assert [len(batch) for batch in database.batches] == [1, 20]


def test_a_caller_gets_an_answer_in_time_and_what_was_not_begun_is_not_done_later(
    group: GroupCommit, database: Database
) -> None:
    for request in ("begun", "not begun"):
        with pytest.raises(TimeoutError):
            group.ask(request, 0.05)
    database.go.set()
    assert group.ask("later", LONG) == "stored later"
    assert database.batches == [["begun"], ["later"]]


def test_all_who_share_a_commit_get_its_error_and_later_ones_do_not(group: GroupCommit, database: Database) -> None:
    database.error = OSError("disk full")
    with ThreadPoolExecutor(8) as pool:
        answers = begin(group, database, pool, 3)
        database.go.set()
        for answer in answers:
            with pytest.raises(OSError, match="disk full"):
                answer.result()
    database.error = None
    assert group.ask("later", LONG) == "stored later"


def test_one_more_than_may_wait_is_answered_at_once(group: GroupCommit, database: Database) -> None:
    with ThreadPoolExecutor(MAX_CALLERS) as pool:
        answers = begin(group, database, pool, MAX_CALLERS - 1)
        with pytest.raises(TimeoutError):
            group.ask("too many", LONG)
        database.go.set()
        assert len([answer.result() for answer in answers]) == MAX_CALLERS
    assert group.ask("later", LONG) == "stored later"


def test_its_thread_ends_when_it_is_not_used_any_more(database: Database) -> None:
    database.go.set()
    before = set(threading.enumerate())
    group = GroupCommit(database.commit)
    assert group.ask("one", LONG) == "stored one"
    (thread,) = set(threading.enumerate()) - before
    del group
    thread.join(LONG)
    assert not thread.is_alive()
