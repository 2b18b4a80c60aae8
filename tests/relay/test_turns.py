"""Two relays on one database never do the same thing twice."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from relay import SettingsError
from tests.relay.neighbours import START, Killed, World, lost, on, relay_in, reply, text_in

BROADCASTS = "/api/v2/broadcasts.json"

HOLD_THE_TURN = """
import sys
from relay.store import Store
with Store(sys.argv[1]).turn() as ours:
    print(ours, flush=True)
    sys.stdin.read()
"""


def test_two_relays_taking_turns_send_each_text_once(database: str) -> None:
    world = World()
    relays = [relay_in(world, database=database) for _ in range(2)]
    world.wants(*[f"Reminder {n:02}" for n in range(40)])
    for number in range(10):
        text_in(relays[number % 2], id=f"run-{number}")
    for step in range(20):
        relays[step % 2].work(world.now)
        world.now += timedelta(seconds=31)
    assert sorted(world.sent()) == [f"Reminder {n:02}" for n in range(40)]
    assert len(world.stored) == 10
    for relay in relays:
        relay.close()


def test_two_relays_at_the_same_time_send_each_text_once(database: str) -> None:
    world = World()
    lock = threading.Lock()
    real = world.request

    def one_at_a_time(*given: Any, **how: Any) -> Any:
        with lock:
            return real(*given, **how)

    world.request = one_at_a_time  # type: ignore[method-assign]  # the script is not made for threads
    relays = [relay_in(world, database=database) for _ in range(2)]
    world.wants(*[f"Reminder {n:03}" for n in range(120)])
    failures: list[BaseException] = []

    def run(relay: Any, first: int) -> None:
        try:
            for number in range(first, first + 30):
                text_in(relay, id=f"run-{number}", content=f"Text {number}")
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


def test_while_one_relay_works_another_keeps_its_hands_off_and_comes_back_soon(database: str) -> None:
    world = World()
    second = relay_in(world, database=database)
    seen: list[Any] = []

    def meanwhile(_act: Any) -> None:
        seen.append(len(world.posts()))
        seen.append(second.work(world.now) - world.now)
        seen.append(len(world.posts()))

    world.faults.append(on("POST", BROADCASTS, meanwhile))
    world.wants("One", "Two")
    first = relay_in(world, database=database)
    first.work(world.now)
    assert seen == [1, timedelta(seconds=1), 1]
    assert world.sent() == ["One", "Two"]
    first.close()
    second.close()


def test_the_work_of_a_process_that_is_killed_is_taken_over_at_once(database: str) -> None:
    world = World()
    world.wants("One", "Two")
    relay = relay_in(world, database=database)
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD_THE_TURN, database], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "True\n"
    assert relay.work(world.now) == START + timedelta(seconds=1)
    assert world.calls == []
    other.kill()
    other.communicate()
    for _ in range(1000):  # PostgreSQL learns of it a moment later
        if relay.work(world.now) > START + timedelta(seconds=1):
            break
    assert world.sent() == ["One", "Two"]
    relay.close()


def test_the_work_of_a_relay_that_died_is_taken_over(database: str) -> None:
    world = World()
    world.wants("One", "Two")
    world.faults.append(on("POST", BROADCASTS, lambda act: act() and Killed()))
    first = relay_in(world, database=database)
    with pytest.raises(Killed):
        first.work(world.now)
    second = relay_in(world, database=database)
    world.run(second, 600)
    assert sorted(world.sent()) == ["One", "Two"]
    second.close()
    first.close()


def test_a_relay_whose_connection_broke_stops_at_once_and_goes_on_with_a_new_one(empty_postgresql: str) -> None:
    engine = create_engine(empty_postgresql)
    world = World()
    first, second = (relay_in(world, database=empty_postgresql) for _ in range(2))

    def cut(_act: Any) -> None:
        with engine.begin() as db:
            db.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"))

    world.faults.append(on("POST", BROADCASTS, cut))
    world.wants("One", "Two")
    with pytest.raises(SQLAlchemyError):
        first.work(world.now)
    assert len(world.posts()) == 1
    with pytest.raises(SQLAlchemyError):  # its connection was cut too
        second.work(world.now)
    world.run(second, 600)
    world.run(first, 600)
    assert sorted(world.sent()) == ["One", "Two"]
    assert text_in(first).status_code == 503
    assert text_in(first).status_code == 200
    first.close()
    second.close()
    engine.dispose()


def test_a_text_whose_answer_is_lost_is_settled_by_the_other_relay(database: str) -> None:
    world = World()
    first, second = (relay_in(world, database=database) for _ in range(2))
    world.faults.append(on("POST", BROADCASTS, lost))
    world.wants("One", "Two")
    first.work(world.now)
    world.run(second, 600)
    assert sorted(world.sent()) == ["One", "Two"]
    first.close()
    second.close()


def test_a_lock_that_cannot_be_had_for_another_reason_is_an_error(tmp_path: Any) -> None:
    relay = relay_in(World(), database=f"sqlite:///{tmp_path}/relay.db")
    (tmp_path / "relay.db-turn").mkdir()
    with pytest.raises(OSError, match=r"relay\.db-turn"):
        relay.work(START)
    relay.close()


@pytest.mark.parametrize("database", ["sqlite://", "sqlite:///:memory:", "mysql://localhost/relay", "nonsense"])
def test_a_database_that_keeps_nothing_or_is_not_known_is_refused(database: str) -> None:
    with pytest.raises(SettingsError, match=r"RELAY_DATABASE cannot be used: .+\."):
        relay_in(World(), database=database)


def test_texts_survive_a_restart(database: str) -> None:
    world = World()
    world.faults.append(lambda _m, _p, _b, _a: ConnectionError("nobody is there"))
    first = relay_in(world, database=database)
    text_in(first)
    first.work(world.now)
    first.close()
    world.faults.clear()
    second = relay_in(world, database=database)
    assert text_in(second).status_code == 200
    world.run(second, 60)
    assert [message["id"] for message in world.stored] == ["run-1"]
    second.close()


def test_a_throttle_outlives_a_restart(database: str) -> None:
    world = World()
    world.faults.append(on("POST", BROADCASTS, reply(429, {}, Retry_After="3000")))
    world.wants("One")
    first = relay_in(world, database=database)
    first.work(world.now)
    first.close()
    second = relay_in(world, database=database)
    world.run(second, 2999)
    assert world.posts() == [START]
    world.run(second, 10)
    assert world.posts() == [START, START + timedelta(seconds=3000)]
    second.close()
