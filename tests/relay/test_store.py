"""What the relay's memory gives back, on each kind of database: in which order, held back by what, for how long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from relay.messages import Message, Report, Stage
from relay.policy import Incoming, Outgoing
from relay.store import FAR, KEEP, Store

NOW = 1_772_600_000.0
DAY = 86400
AMINA, ZAWADI = "+250788123001", "+250788123002"


@pytest.fixture
def store(database: str) -> Iterator[Store]:
    store = Store(database)
    yield store
    store.close()


def take(store: Store, *ids: str, to: str = AMINA, now: float = NOW, words: str = "Visit due") -> None:
    """CHT hands out texts."""
    store.told([], [], [Message(each, to, words) for each in ids], now)


def taken(store: Store, text_id: str, **changes: Any) -> Outgoing:
    """CHT hands out a text to a phone of its own, or to that of `changes`, and it becomes like this."""
    take(store, text_id, to=changes.pop("to", f"phone of {text_id}"), now=NOW - 1, words=changes.pop("words", "Visit"))
    text = next(text for text in ready(store) if text.id == text_id)._replace(**{"next_at": NOW, **changes})
    store.save(text)
    return text


def ready(store: Store) -> list[Outgoing]:
    """All that may be sent, by taking one after the other away and putting all back."""
    found = []
    while (text := store.next(NOW)) is not None:
        store.save(text._replace(stage=Stage.REFUSED))
        found.append(text)
    store.save(*found)
    return found


def ids(texts: list[Any]) -> list[str]:
    return [text.id for text in texts]


def received(store: Store, *numbers: int, phone: str = AMINA, now: float = NOW) -> None:
    """RapidPro brings texts."""
    for number in numbers:
        assert store.receive(Message(f"run-{number}", phone, f"Text {number}"), now)


def for_cht(store: Store, now: float = NOW) -> list[Incoming]:
    return store.for_cht(now, 50)[0]


# --- out


def test_texts_are_sent_in_the_order_in_which_they_became_due_and_were_handed_out(store: Store) -> None:
    take(store, "later", to="1", now=NOW - 1)
    for each in ("first", "second", "third"):
        take(store, each, to=each, now=NOW - 2)
    take(store, "not yet", to="2", now=NOW + 1)
    first = store.next(NOW)
    assert first is not None
    store.save(first)  # PostgreSQL moves it behind the others
    assert ids(ready(store)) == ["first", "second", "third", "later"]


@pytest.mark.parametrize(
    ("stage", "attempts", "following"),
    [
        (Stage.READY, 0, ["other"]),
        (Stage.READY, 2, ["other"]),
        (Stage.READY, 3, ["other", "held"]),
        (Stage.SENDING, 1, ["other"]),
        (Stage.SENDING, 3, ["other", "held"]),
        (Stage.ACCEPTED, 1, ["other", "held"]),
        (Stage.REFUSED, 1, ["other", "held"]),
    ],
)
def test_a_text_in_trouble_holds_back_later_ones_to_its_phone_for_three_attempts(
    store: Store, stage: Stage, attempts: int, following: list[str]
) -> None:
    take(store, "other", to=ZAWADI, now=NOW - 2)
    trouble = taken(store, "trouble", to=AMINA)
    take(store, "held")
    store.save(trouble._replace(stage=stage, attempts=attempts, next_at=NOW + 100))
    assert ids(ready(store)) == following


def test_a_text_is_not_held_back_by_a_later_one(store: Store) -> None:
    first = taken(store, "first", to=AMINA)
    store.save(first._replace(next_at=NOW + 100))
    take(store, "second")
    store.save(first)
    assert ids(ready(store)) == ["first", "second"]


def test_what_was_handed_out_before_is_only_told_again(store: Store) -> None:
    taken(store, "one", stage=Stage.ACCEPTED, to_tell=False, status="SENT")
    assert store.for_cht(NOW, 50)[1] == []
    take(store, "one")
    assert store.for_cht(NOW, 50)[1] == [Report("one", "SENT", None)]
    assert ready(store) == []


def test_states_are_told_in_the_order_of_the_texts_until_they_are_told(store: Store) -> None:
    for each in ("one", "two", "three"):
        taken(store, each)
    store.save(taken(store, "four"))
    first = next(text for text in ready(store) if text.id == "one")
    store.save(first)
    assert ids(store.for_cht(NOW, 3)[1]) == ["one", "two", "three"]
    store.told([], [Report("one", "UNSENT"), Report("three", "UNSENT")], [], NOW)
    assert ids(store.for_cht(NOW, 50)[1]) == ["two", "four"]


def test_states_are_asked_for_in_the_order_in_which_they_are_due(store: Store) -> None:
    taken(store, "later", stage=Stage.ACCEPTED, next_at=NOW)
    taken(store, "sooner", stage=Stage.ACCEPTED, next_at=NOW - 5)
    taken(store, "not yet", stage=Stage.ACCEPTED, next_at=NOW + 1)
    taken(store, "never again", stage=Stage.ACCEPTED, next_at=None)
    taken(store, "unknown", stage=Stage.SENDING)
    assert ids(store.watched(NOW, 50)) == ["sooner", "later"]
    assert ids(store.watched(NOW, 1)) == ["sooner"]


@pytest.mark.parametrize(
    ("changes", "goes_along"),
    [
        ({}, True),
        ({"to": ZAWADI}, False),
        ({"words": "Other"}, False),
        ({"since": NOW - DAY - 1}, False),
        ({"broadcast_id": "7"}, False),
        ({"broadcast_uuid": "u-7"}, False),
        ({"stage": Stage.REFUSED}, False),
    ],
)
def test_with_a_text_to_look_up_go_equal_ones_of_its_day_that_were_accepted_under_no_name(
    store: Store, changes: dict[str, Any], goes_along: bool
) -> None:
    nameless = {"to": AMINA, "words": "Visit", "stage": Stage.ACCEPTED, "since": NOW - 100}
    taken(store, "nameless", **{**nameless, **changes})
    taken(store, "lost", to=AMINA, words="Visit", stage=Stage.SENDING, since=NOW, attempts=1)
    assert sorted(ids(store.unsettled(NOW))) == (["lost", "nameless"] if goes_along else ["lost"])
    assert store.unsettled(NOW - 1) == []


def test_a_name_of_any_kind_is_known_as_ours(store: Store) -> None:
    taken(store, "one", stage=Stage.ACCEPTED, broadcast_id="7", broadcast_uuid="u-7", message_ref="m-7")
    assert store.taken({"7", "u-7", "m-7", "8"}) == {"7", "u-7", "m-7"}
    assert store.taken(set()) == set()


# --- in


@pytest.mark.parametrize(("attempts", "following"), [(1, [3]), (2, [3]), (3, [2, 3])])
def test_a_text_that_cht_cannot_bear_holds_back_later_ones_of_its_phone_for_three_attempts(
    store: Store, attempts: int, following: list[int]
) -> None:
    received(store, 1, 2)
    received(store, 3, phone=ZAWADI)
    for _ in range(attempts):
        store.blame(for_cht(store, NOW + 100)[:1], NOW + 100)
    assert ids(for_cht(store)) == [f"run-{number}" for number in following]
    assert ids(for_cht(store, NOW + 100)) == ["run-1", "run-2", "run-3"]


def test_a_text_is_not_held_back_by_a_later_one_of_its_phone(store: Store) -> None:
    received(store, 1, 2)
    store.blame([for_cht(store)[1]], NOW + 100)
    assert ids(for_cht(store)) == ["run-1"]


def test_texts_go_to_cht_in_the_order_in_which_they_came_until_it_has_them(store: Store) -> None:
    received(store, 1, 2, 3)
    first, _, third = for_cht(store)
    store.blame([first], NOW)
    assert ids(for_cht(store)) == ["run-1", "run-2", "run-3"]
    assert ids(store.for_cht(NOW, 2)[0]) == ["run-1", "run-2"]
    store.told([first, third], [], [], NOW)
    assert ids(for_cht(store)) == ["run-2"]


# --- who works when


def due(store: Store, now: float = NOW) -> list[float]:
    return [moment for moment, _ in store.neighbours(now)]


def test_without_work_cht_is_due_when_it_is_to_be_asked_and_rapidpro_never(store: Store) -> None:
    (_, cht), (_, rapidpro) = store.neighbours(NOW)
    assert (cht.name, rapidpro.name) == ("cht", "rapidpro")
    assert due(store) == [0, FAR]
    store.fared(cht._replace(due_at=NOW + 60))
    store.fared(rapidpro._replace(due_at=NOW + 60))
    assert due(store) == [NOW + 60, FAR]


def test_cht_is_due_for_a_text_that_is_not_held_back_and_for_a_state(store: Store) -> None:
    store.fared(store.neighbours(NOW)[0][1]._replace(due_at=NOW + 1000))
    received(store, 1, 2)
    assert due(store)[0] == NOW
    store.blame([for_cht(store)[0]], NOW + 100)
    assert due(store)[0] == NOW + 100
    taken(store, "one", stage=Stage.REFUSED)
    assert due(store)[0] == 0


@pytest.mark.parametrize("stage", [Stage.READY, Stage.SENDING, Stage.ACCEPTED])
def test_rapidpro_is_due_for_the_first_text_of_any_stage_and_never_for_finished_ones(
    store: Store, stage: Stage
) -> None:
    taken(store, "finished", stage=Stage.ACCEPTED, next_at=None)
    taken(store, "later", stage=stage, next_at=NOW + 200)
    taken(store, "first", stage=stage, next_at=NOW + 100)
    assert due(store)[1] == NOW + 100


def test_rapidpro_is_not_due_for_a_text_that_is_held_back(store: Store) -> None:
    taken(store, "trouble", to=AMINA, attempts=1, next_at=NOW + 100)
    take(store, "held")
    assert due(store)[1] == NOW + 100


def test_a_neighbour_that_is_left_alone_is_due_afterwards(store: Store) -> None:
    received(store, 1)
    take(store, "one")
    for _, neighbour in store.neighbours(NOW):
        store.fared(neighbour._replace(blocked_until=NOW + 50, failures=2, error="refused"))
    assert due(store) == [NOW + 50, NOW + 50]
    assert {(one.failures, one.error) for _, one in store.neighbours(NOW)} == {(2, "refused")}


# --- looking after itself


def test_finished_texts_are_forgotten_after_a_month_and_others_never(store: Store) -> None:
    received(store, 1, 2)
    store.told([for_cht(store)[0]], [], [], NOW)
    finished = {"stage": Stage.ACCEPTED, "next_at": None, "to_tell": False, "since": NOW}
    taken(store, "finished", broadcast_id="finished", **finished)
    taken(store, "untold", broadcast_id="untold", **{**finished, "to_tell": True})
    taken(store, "watched", broadcast_id="watched", **{**finished, "next_at": NOW + 5})
    names = {"finished", "untold", "watched"}
    other = Message("run-1", AMINA, "Another text")
    store.prune(NOW + KEEP - 1)
    assert store.taken(names) == names
    assert not store.receive(other, NOW)
    store.prune(NOW + KEEP + 1)
    assert store.taken(names) == {"untold", "watched"}
    assert store.receive(other, NOW)
    assert ids(for_cht(store)) == ["run-2", "run-1"]


def test_health_counts_what_is_to_be_done(store: Store) -> None:
    received(store, 1, 2, 3)
    store.told([for_cht(store)[0]], [], [], NOW)
    taken(store, "finished", stage=Stage.ACCEPTED, next_at=None, to_tell=False)
    taken(store, "watched", stage=Stage.ACCEPTED)
    taken(store, "unknown", stage=Stage.SENDING)
    for number in range(4):
        taken(store, f"ready-{number}")
    queues, neighbours = store.health()
    assert queues == {"to_cht": 2, "to_send": 4, "outcome_unknown": 1, "states_to_tell": 6, "states_to_ask": 1}
    assert [neighbour.name for neighbour in neighbours] == ["cht", "rapidpro"]
