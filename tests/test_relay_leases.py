"""Two relays on one database never do the same thing twice."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine

from relay.owner import is_dead, owner_name
from relay.tables import metadata
from tests.relay_neighbours import START, Killed, World, lost, on, relay_in, text_in

BROADCASTS = "/api/v2/broadcasts.json"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[str]:
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/relay.db"
        return
    url: str = request.getfixturevalue("postgresql_url")
    engine = create_engine(url)
    metadata.drop_all(engine)
    yield url
    metadata.drop_all(engine)
    engine.dispose()


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


def test_while_one_relay_sends_another_keeps_its_hands_off(database: str) -> None:
    world = World()
    second = relay_in(world, database=database)
    seen: list[Any] = []

    def meanwhile(_act: Any) -> None:
        seen.append(len(world.posts()))
        second.work(world.now)
        seen.append(len(world.posts()))

    world.faults.append(on("POST", BROADCASTS, meanwhile))
    world.wants("One", "Two")
    first = relay_in(world, database=database)
    first.work(world.now)
    assert seen == [1, 1]
    assert world.sent() == ["One", "Two"]
    first.close()
    second.close()


def test_the_work_of_a_relay_that_died_is_taken_over_when_its_lease_ends(database: str) -> None:
    world = World()
    world.wants("One", "Two")
    world.faults.append(on("POST", BROADCASTS, lambda act: act() and Killed()))
    first = relay_in(world, database=database)
    with pytest.raises(Killed):
        first.work(world.now)
    second = relay_in(world, database=database)
    due = second.work(world.now)
    assert START < due <= START + timedelta(seconds=90)
    world.run(second, 600)
    assert sorted(world.sent()) == ["One", "Two"]
    second.close()
    first.close()


def test_a_relay_that_slept_through_its_lease_does_not_send(database: str) -> None:
    world = World()
    first, second = (relay_in(world, database=database) for _ in range(2))

    def sleep(act: Any) -> Any:
        world.now += timedelta(minutes=10)
        second.work(world.now)
        return lost(act)

    world.faults.append(on("POST", "/api/sms", None, sleep))
    world.wants("One", "Two")
    first.work(world.now)
    world.run(first, 1200)
    assert sorted(world.sent()) == ["One", "Two"]
    first.close()
    second.close()


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
    from tests.relay_neighbours import reply

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


def test_only_a_process_that_is_gone_counts_as_dead() -> None:
    mine = owner_name(object())
    place = mine.rsplit("|", 2)[0]
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert is_dead(f"{place}|{gone.pid}|1")
    assert not is_dead(mine)
    assert not is_dead(f"{place}|{os.getppid()}|1")
    assert not is_dead(f"elsewhere|{gone.pid}|1")
