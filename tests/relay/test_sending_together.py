"""Texts to several phones are sent at the same time; those to one phone one after the other."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from multiprocessing.pool import ThreadPool
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from relay import Relay
from relay.store import CONFIRM_AFTER, Store
from relay.sync import SENDS_TOGETHER
from tests.relay.neighbours import START, World, fault_on, lose_response, reply, settings

BROADCASTS = "/api/v2/broadcasts.json"


def phone(number: int) -> str:
    return f"+2507881230{number:02}"


def waiting_texts(world: World, phones: int, each: int = 1) -> list[str]:
    """So many texts for each of so many phones wait in CHT, phone by phone in turns."""
    texts = [f"Text {turn} for {number:02}" for turn in range(each) for number in range(phones)]
    for text, number in zip(texts, itertools.cycle(range(phones)), strict=False):
        world.add_texts(text, to=phone(number))
    return texts


@pytest.fixture(params=["in turn", "together"])
def relay(request: pytest.FixtureRequest, world: World) -> Iterator[Relay]:
    """A relay that sends one text after the other, or several in threads."""
    with ThreadPool(SENDS_TOGETHER) as pool:
        starmap: Any = {"in turn": itertools.starmap, "together": pool.starmap}[request.param]
        database = settings(database=f"sqlite:///{world.folder}/relay.db")
        relay = Relay(database, now=lambda: world.now, session=world, starmap=starmap)
        yield relay
        relay.close()


@pytest.mark.parametrize("relay", ["together"], indirect=True)
def test_texts_to_several_phones_are_on_their_way_at_the_same_time(world: World, relay: Relay) -> None:
    together = threading.Barrier(SENDS_TOGETHER, timeout=20)

    def wait_for_the_others(act: Callable[[], Any]) -> Any:
        together.wait()  # fails unless all are there
        return act()

    world.faults.append(fault_on("POST", BROADCASTS, *[wait_for_the_others] * 2 * SENDS_TOGETHER))
    texts = waiting_texts(world, 2 * SENDS_TOGETHER)
    world.run(relay, 60)
    assert sorted(world.sent()) == texts


def test_texts_to_one_phone_are_sent_one_after_the_other_in_order(world: World, relay: Relay) -> None:
    on_the_way, most, lock = Counter[str](), Counter[str](), threading.Lock()

    def watch(method: str, path: str, body: Any, act: Callable[[], Any]) -> Any:
        if (method, path) != ("POST", BROADCASTS):
            return None
        (urn,) = body["urns"]
        with lock:
            on_the_way[urn] += 1
            most[urn] = max(most[urn], on_the_way[urn])
        threading.Event().wait(0.002)
        with lock:
            answer = act()
            on_the_way[urn] -= 1
        return answer

    world.faults.append(watch)
    texts = waiting_texts(world, 3, each=6)
    world.run(relay, 60)
    assert set(most.values()) == {1}
    for number in range(3):
        ending = f"for {number:02}"
        assert [text for text in world.sent() if text.endswith(ending)] == [t for t in texts if t.endswith(ending)]


@pytest.mark.parametrize("failing", range(SENDS_TOGETHER))
def test_a_lost_response_among_texts_sent_together_repeats_none_of_them(
    world: World, relay: Relay, failing: int
) -> None:
    answers: list[Any] = [lambda act: act()] * failing
    world.faults.append(fault_on("POST", BROADCASTS, *answers, lose_response))
    texts = waiting_texts(world, 2 * SENDS_TOGETHER)
    world.run(relay, 1200)
    assert sorted(world.sent()) == texts


@pytest.mark.parametrize("relay", ["together"], indirect=True)
@pytest.mark.parametrize("last", [False, True])
def test_of_several_errors_the_one_that_says_how_long_to_wait_counts(world: World, relay: Relay, last: bool) -> None:
    together = threading.Barrier(SENDS_TOGETHER, timeout=20)

    def busy(_act: Callable[[], Any]) -> Any:
        together.wait()
        threading.Event().wait(0 if last else 0.1)
        return reply(503, "busy")

    def throttled(_act: Callable[[], Any]) -> Any:
        together.wait()
        threading.Event().wait(0.1 if last else 0)
        return reply(429, {"detail": "Request was throttled."}, Retry_After="900")

    world.faults.append(fault_on("POST", BROADCASTS, throttled, *[busy] * (SENDS_TOGETHER - 1)))
    texts = waiting_texts(world, 2 * SENDS_TOGETHER)
    world.run(relay, 5)
    assert len(world.send_times()) == SENDS_TOGETHER
    world.run(relay, 3600)
    later = [time for time in world.send_times() if time > START]
    assert min(later) >= START + timedelta(seconds=900)
    assert sorted(world.sent()) == texts


@pytest.mark.parametrize("relay", ["in turn"], indirect=True)
def test_after_an_error_the_rest_of_the_texts_is_not_tried_and_not_in_doubt(world: World, relay: Relay) -> None:
    world.faults.append(fault_on("POST", BROADCASTS, reply(429, {"detail": "Throttled."}, Retry_After="60")))
    texts = waiting_texts(world, SENDS_TOGETHER)
    world.run(relay, 50)
    assert len(world.send_times()) == 1
    world.run(relay, 15)
    assert world.sent() == texts
    assert not [call for call in world.calls if call[1:3] == ("GET", BROADCASTS)]  # nothing had to be looked up


def test_a_lock_that_one_thread_finds_lost_is_lost_for_the_others_too(database: str) -> None:
    store = Store(database)
    try:
        lost = OperationalError("SELECT 1", None, Exception("the connection is gone"))
        store.used_at -= 2 * CONFIRM_AFTER

        def fail(*_: Any) -> Any:
            raise lost

        execute, store._db.execute = store._db.execute, fail  # type: ignore[method-assign, assignment]
        for _ in range(2):
            with pytest.raises(OperationalError):
                store.confirm_lock()
        store._db.execute = execute  # type: ignore[method-assign]
    finally:
        store.close()
