"""Two relays on one database never do the same work twice."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from relay import SettingsError
from relay import database as database_module
from tests.relay.neighbours import START, Killed, World, fault_on, lose_response, make_relay, post_text, reply

NAMES = ("cht", "rapidpro")
BROADCASTS = "/api/v2/broadcasts.json"

HOLD_LOCK = """
import sys
from relay.store import Store
store = Store(sys.argv[1])
with store.try_lock("cht") as cht, store.try_lock("rapidpro") as rapidpro:
    print(cht and rapidpro, flush=True)
    sys.stdin.read()
"""


def test_two_alternating_relays_send_each_text_once(database: str) -> None:
    world = World()
    relays = [make_relay(world, database=database) for _ in range(2)]
    world.add_texts(*[f"Reminder {n:02}" for n in range(40)])
    for number in range(10):
        post_text(relays[number % 2], id=f"run-{number}")
    for step in range(20):
        relays[step % 2].work(world.now)
        world.now += timedelta(seconds=31)
    assert sorted(world.sent()) == [f"Reminder {n:02}" for n in range(40)]
    assert len(world.stored) == 10
    for relay in relays:
        relay.close()


def test_two_concurrent_relays_send_each_text_once(database: str) -> None:
    world = World()
    one = threading.Lock()
    original = world.request

    def one_at_a_time(*args: Any, **options: Any) -> Any:
        with one:
            return original(*args, **options)

    world.request = one_at_a_time  # type: ignore[method-assign]  # World is not thread-safe
    relays = [make_relay(world, database=database) for _ in range(2)]
    world.add_texts(*[f"Reminder {n:03}" for n in range(120)])
    failures: list[BaseException] = []

    def run(relay: Any, first: int) -> None:
        try:
            for number in range(first, first + 30):
                post_text(relay, id=f"run-{number}", content=f"Text {number}")
                relay.work(world.now)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=(relay, 100 * n)) for n, relay in enumerate(relays)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(5):
        world.run(relays[0], 60)
    assert not failures
    assert sorted(world.sent()) == [f"Reminder {n:03}" for n in range(120)]
    assert len(world.stored) == 60
    assert len({message["id"] for message in world.stored}) == 60
    for relay in relays:
        relay.close()


def test_while_one_relay_works_another_makes_no_calls_and_retries_soon(database: str) -> None:
    world = World()
    second = make_relay(world, database=database)
    observed: list[Any] = []

    def work_meanwhile(_act: Any) -> None:
        observed.append(len(world.send_times()))
        observed.append(second.work(world.now) - world.now)
        observed.append(len(world.send_times()))

    world.faults.append(fault_on("POST", BROADCASTS, work_meanwhile))
    world.add_texts("One", "Two")
    first = make_relay(world, database=database)
    first.work(world.now)
    assert observed == [1, timedelta(seconds=1), 1]
    assert world.sent() == ["One", "Two"]
    first.close()
    second.close()


def test_the_lock_of_a_killed_process_is_free_at_once(database: str) -> None:
    world = World()
    world.add_texts("One", "Two")
    relay = make_relay(world, database=database)
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD_LOCK, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "True\n"
    assert relay.work(world.now) == START + timedelta(seconds=1)
    assert world.calls == []
    other.kill()
    other.communicate()
    for _ in range(1000):  # PostgreSQL notices the end of the process a moment later
        if relay.work(world.now) > START + timedelta(seconds=1):
            break
    assert world.sent() == ["One", "Two"]
    relay.close()


def test_on_postgresql_the_lock_of_a_process_that_stands_still_for_a_minute_is_taken_from_it(
    empty_postgresql: str,
) -> None:
    assert database_module.FROZEN_SECONDS == 60
    world = World()
    world.add_texts("One")
    relay = make_relay(world, database=empty_postgresql)
    program = "import relay.database; relay.database.FROZEN_SECONDS = 1\n" + HOLD_LOCK
    other = subprocess.Popen(
        [sys.executable, "-c", program, empty_postgresql], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "True\n"
    assert relay.work(world.now) == START + timedelta(seconds=1)
    assert world.calls == []
    end = time.monotonic() + 30
    while relay.work(world.now) == START + timedelta(seconds=1):
        assert time.monotonic() < end
        threading.Event().wait(0.05)
    assert world.sent() == ["One"]
    other.kill()
    other.communicate()
    relay.close()


def test_another_relay_continues_the_work_of_a_relay_that_died(database: str) -> None:
    world = World()
    world.add_texts("One", "Two")
    world.faults.append(fault_on("POST", BROADCASTS, lambda act: act() and Killed()))
    first = make_relay(world, database=database)
    with pytest.raises(Killed):
        first.work(world.now)
    second = make_relay(world, database=database)
    world.run(second, 600)
    assert sorted(world.sent()) == ["One", "Two"]
    second.close()
    first.close()


def test_a_relay_with_a_broken_connection_stops_at_once_and_continues_with_a_new_one(empty_postgresql: str) -> None:
    engine = create_engine(empty_postgresql)
    world = World()
    first, second = (make_relay(world, database=empty_postgresql) for _ in range(2))

    def cut_connections(_act: Any) -> None:
        with engine.begin() as db:
            db.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"))

    world.faults.append(fault_on("POST", BROADCASTS, cut_connections))
    world.add_texts("One", "Two")
    with pytest.raises(SQLAlchemyError):
        first.work(world.now)
    assert len(world.send_times()) == 1
    for relay in (first, second):
        for name in NAMES:  # each has a connection of its own, and all were cut
            with suppress(SQLAlchemyError):
                relay.work_on(name, world.now)
        world.run(relay, 600)
    assert sorted(world.sent()) == ["One", "Two"]
    assert post_text(first).status_code == 503
    assert post_text(first).status_code == 200
    first.close()
    second.close()
    engine.dispose()


def test_a_text_with_a_lost_response_is_looked_up_by_the_other_relay(database: str) -> None:
    world = World()
    first, second = (make_relay(world, database=database) for _ in range(2))
    world.faults.append(fault_on("POST", BROADCASTS, lose_response))
    world.add_texts("One", "Two")
    first.work(world.now)
    world.run(second, 600)
    assert sorted(world.sent()) == ["One", "Two"]
    first.close()
    second.close()


def test_a_lock_that_fails_for_another_reason_is_an_error(tmp_path: Any) -> None:
    relay = make_relay(World(), database=f"sqlite:///{tmp_path}/relay.db")
    (tmp_path / "relay.db-lock-outbox").mkdir()
    with pytest.raises(OSError, match=r"relay\.db-lock-outbox"):
        relay.work(START)
    relay.close()


@pytest.mark.parametrize("database", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/relay", "nonsense"])
def test_an_in_memory_or_unsupported_database_is_refused(database: str) -> None:
    with pytest.raises(SettingsError, match=r"RELAY_DATABASE cannot be used: .+\."):
        make_relay(World(), database=database)


def test_texts_survive_a_restart(database: str) -> None:
    world = World()
    world.faults.append(lambda _m, _p, _b, _a: ConnectionError("nothing is listening"))
    first = make_relay(world, database=database)
    post_text(first)
    first.work(world.now)
    first.close()
    world.faults.clear()
    second = make_relay(world, database=database)
    assert post_text(second).status_code == 200
    world.run(second, 60)
    assert [message["id"] for message in world.stored] == ["run-1"]
    second.close()


def test_throttling_survives_a_restart(database: str) -> None:
    world = World()
    world.faults.append(fault_on("POST", BROADCASTS, reply(429, {}, Retry_After="3000")))
    world.add_texts("One")
    first = make_relay(world, database=database)
    first.work(world.now)
    first.close()
    second = make_relay(world, database=database)
    world.run(second, 2999)
    assert world.send_times() == [START]
    world.run(second, 10)
    assert world.send_times() == [START, START + timedelta(seconds=3000)]
    second.close()
