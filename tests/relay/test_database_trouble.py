"""A database that is locked, frozen, full or gone: all are answered in time, nothing is acknowledged that is not so."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from relay import Relay, store
from tests.relay.neighbours import World, make_relay, post_text, settings

PATIENCE = 0.5
"""Instead of TEXT_SECONDS, so that the tests are quick."""


class Log:
    """Remembers what is logged."""

    def __init__(self) -> None:
        self.lines: list[dict[str, Any]] = []

    def info(self, event: str, **values: Any) -> None:
        self.lines.append({"event": event, **values})

    warning = error = info

    def events(self, *names: str) -> list[str]:
        return [line["event"] for line in self.lines if line["event"] in names]


@pytest.fixture
def log() -> Log:
    return Log()


@pytest.fixture
def relay(world: World, log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    monkeypatch.setattr(store, "TEXT_SECONDS", PATIENCE)
    database = settings(database=f"sqlite:///{tmp_path}/relay.db")
    relay = Relay(database, now=lambda: world.now, session=world, log=log)
    yield relay
    relay.close()


def health(relay: Relay) -> tuple[int, Any]:
    """Status and JSON of /health, which must come within a second."""
    began = time.monotonic()
    answer = relay.app.test_client().get("/health")
    assert time.monotonic() - began < 1
    return answer.status_code, answer.json


def stored(tmp_path: Path) -> int:
    with closing(sqlite3.connect(tmp_path / "relay.db")) as database:
        return int(database.execute("SELECT count(*) FROM inbox").fetchone()[0])


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another process holds the lock of the file."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_callers_give_up_later_than_the_relay_answers() -> None:
    assert store.TEXT_SECONDS < 10
    assert store.HEALTH_SECONDS < 1


def test_while_the_file_is_locked_all_are_answered_in_time_and_what_is_stored_later_counts_when_it_is_repeated(
    world: World, relay: Relay, tmp_path: Path
) -> None:
    with locked(tmp_path / "relay.db"):
        began = time.monotonic()
        refusals = [post_text(relay, id=f"run-{number}") for number in range(3)]
        assert time.monotonic() - began < 3 * PATIENCE + 1
        assert [refusal.status_code for refusal in refusals] == [503] * 3
        assert "send it again later" in refusals[0].text
        status, report = health(relay)
        assert (status, report["status"]) == (503, "stopped")
        assert "TimeoutError" in report["cause"]
    answers = [post_text(relay, id=f"run-{number}") for number in range(3)]
    assert [(answer.status_code, answer.json) for answer in answers] == [(200, {"saved": 1})] * 3
    assert health(relay)[0] == 200
    world.run(relay, 10)
    assert sorted(message["id"] for message in world.stored) == ["run-0", "run-1", "run-2"]


def test_while_postgresql_is_frozen_all_are_answered_in_time_and_what_is_stored_later_counts_when_it_is_repeated(
    world: World, empty_postgresql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "TEXT_SECONDS", PATIENCE)
    with closing(make_relay(world, database=empty_postgresql)) as relay:
        with relay._web_store._db.begin():
            server = relay._web_store._db.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        os.kill(server, signal.SIGSTOP)
        try:
            assert [post_text(relay, id=id_).status_code for id_ in ("begun", "not begun")] == [503] * 2
            assert health(relay)[1]["status"] == "stopped"
        finally:
            os.kill(server, signal.SIGCONT)
        assert [post_text(relay, id=id_).status_code for id_ in ("begun", "not begun")] == [200] * 2
        assert health(relay)[0] == 200
        world.run(relay, 10)
    assert sorted(message["id"] for message in world.stored) == ["begun", "not begun"]


def test_nothing_is_acknowledged_into_a_file_that_is_deleted(relay: Relay, tmp_path: Path, world: World) -> None:
    assert post_text(relay, id="before").status_code == 200
    (tmp_path / "relay.db").unlink()
    assert post_text(relay).status_code == 503
    status, report = health(relay)
    assert (status, report["status"]) == (503, "stopped")
    assert "deleted or replaced" in report["cause"]
    world.add_texts("Visit due")
    with pytest.raises(OSError, match="deleted or replaced"):
        world.run(relay, 100)
    assert world.sent() == []


def test_nothing_is_acknowledged_into_a_file_that_another_has_replaced(relay: Relay, tmp_path: Path) -> None:
    shutil.copy(tmp_path / "relay.db", tmp_path / "copy.db")
    (tmp_path / "copy.db").replace(tmp_path / "relay.db")
    assert post_text(relay).status_code == 503
    assert "replaced" in health(relay)[1]["cause"]


@contextmanager
def no_file_grows(size: int) -> Iterator[None]:
    """No file can grow beyond that size, as on a disk that is full."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_on_a_full_disk_texts_are_refused_and_health_says_so(relay: Relay, tmp_path: Path) -> None:
    assert post_text(relay, id="before").status_code == 200
    with no_file_grows((tmp_path / "relay.db-wal").stat().st_size):
        assert post_text(relay).status_code == 503
        status, report = health(relay)
        assert (status, report["status"]) == (503, "stopped")
        assert "OperationalError: " in report["cause"]
    assert stored(tmp_path) == 1
    assert post_text(relay).status_code == 200
    assert health(relay)[1]["status"] == "ok"
    assert stored(tmp_path) == 2


def test_trouble_is_logged_when_it_begins_and_when_it_is_over_and_not_in_between(
    relay: Relay, log: Log, tmp_path: Path
) -> None:
    with locked(tmp_path / "relay.db"):
        for _ in range(3):
            assert health(relay)[0] == 503
    assert post_text(relay).status_code == 200
    assert health(relay)[0] == 200
    assert log.events("stands_still", "works_again", "server_error") == ["stands_still", "works_again"]
    assert {line.get("what") for line in log.lines if "still" in line["event"]} == {"database"}
