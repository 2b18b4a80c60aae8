"""What the store returns, on each kind of database: in which order, what is held back, and for how long."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from relay.models import Message, OutgoingText, SendState, StateUpdate
from relay.store import NEVER, RETENTION, WebStore, commit

NOW = 1_772_600_000.0
DAY = 86400
NAMES = ("cht", "rapidpro")
AMINA, ZAWADI = "+250788123001", "+250788123002"


@pytest.fixture
def store(database: str) -> Iterator[WebStore]:
    store = WebStore(database)
    yield store
    store.close()


def hand_out(store: WebStore, *ids: str, to: str = AMINA, now: float = NOW, content: str = "Visit due") -> None:
    """CHT hands out texts."""
    store.save_exchange([], [], [Message(id_, to, content) for id_ in ids], now)


def add_outgoing(store: WebStore, text_id: str, **changes: Any) -> OutgoingText:
    """CHT hands out a text, by default to a phone of its own; then it is stored with `changes`."""
    phone, content = changes.pop("to", f"phone of {text_id}"), changes.pop("content", "Visit")
    hand_out(store, text_id, to=phone, now=NOW - 1, content=content)
    text = next(text for text in ready(store) if text.id == text_id)._replace(**{"due_at": NOW, **changes})
    store.save(text)
    return text


def ready(store: WebStore) -> list[OutgoingText]:
    """All texts that may be sent, in order. Each is marked as refused to get the next, and restored at the end."""
    texts = []
    for text in iter(lambda: next(iter(store.ready_to_send(NOW, 1)), None), None):
        store.save(text._replace(send_state=SendState.REFUSED))
        texts.append(text)
    store.save(*texts)
    return texts


def ids(texts: list[Any]) -> list[str]:
    return [text.id for text in texts]


def tell_states(store: WebStore) -> None:
    """CHT is told all states."""
    store.save_exchange([], store.due_for_cht(NOW, 50)[1], [], NOW)


def add_incoming(store: WebStore, *numbers: int, phone: str = AMINA, now: float = NOW) -> None:
    """RapidPro delivers texts."""
    for number in numbers:
        assert store.add_incoming(Message(f"run-{number}", phone, f"Text {number}"), now)


def incoming_for_cht(store: WebStore, now: float = NOW) -> list[Message]:
    return store.due_for_cht(now, 50)[0]


# --- outgoing texts


def test_texts_are_sent_in_the_order_in_which_they_became_due_and_were_stored(store: WebStore) -> None:
    hand_out(store, "later", to="1", now=NOW - 1)
    for id_ in ("first", "second", "third"):
        hand_out(store, id_, to=id_, now=NOW - 2)
    hand_out(store, "not yet", to="2", now=NOW + 1)
    first = store.ready_to_send(NOW, 1)[0]
    assert first is not None
    store.save(first)  # PostgreSQL moves its row behind the others
    assert ids(ready(store)) == ["first", "second", "third", "later"]


@pytest.mark.parametrize(
    ("send_state", "attempts", "expected"),
    [
        (SendState.READY, 0, ["other"]),
        (SendState.READY, 2, ["other"]),
        (SendState.READY, 3, ["other", "held"]),
        (SendState.SENDING, 1, ["other"]),
        (SendState.SENDING, 3, ["other", "held"]),
        (SendState.ACCEPTED, 1, ["other", "held"]),
        (SendState.REFUSED, 1, ["other", "held"]),
    ],
)
def test_a_failing_text_holds_back_later_ones_to_its_phone_for_three_attempts(
    store: WebStore, send_state: SendState, attempts: int, expected: list[str]
) -> None:
    hand_out(store, "other", to=ZAWADI, now=NOW - 2)
    failing = add_outgoing(store, "failing", to=AMINA)
    hand_out(store, "held")
    store.save(failing._replace(send_state=send_state, attempts=attempts, due_at=NOW + 100))
    assert ids(ready(store)) == expected


def test_a_text_is_not_held_back_by_a_later_one(store: WebStore) -> None:
    first = add_outgoing(store, "first", to=AMINA)
    store.save(first._replace(due_at=NOW + 100))
    hand_out(store, "second")
    store.save(first)
    assert ids(ready(store)) == ["first", "second"]


def test_a_text_that_was_handed_out_before_is_only_reported_again(store: WebStore) -> None:
    add_outgoing(store, "one", send_state=SendState.ACCEPTED, status="SENT")
    tell_states(store)
    assert store.due_for_cht(NOW, 50)[1] == []
    hand_out(store, "one")
    assert store.due_for_cht(NOW, 50)[1] == [StateUpdate("one", "SENT", None)]
    assert ready(store) == []


def test_updates_are_in_the_order_of_the_texts_until_they_are_confirmed(store: WebStore) -> None:
    for id_ in ("one", "two", "three"):
        add_outgoing(store, id_)
    store.save(add_outgoing(store, "four"))
    first = next(text for text in ready(store) if text.id == "one")
    store.save(first)
    assert ids(store.due_for_cht(NOW, 3)[1]) == ["one", "two", "three"]
    store.save_exchange([], [StateUpdate("one", "UNSENT"), StateUpdate("three", "UNSENT")], [], NOW)
    assert ids(store.due_for_cht(NOW, 50)[1]) == ["two", "four"]


def test_a_status_that_changes_while_cht_is_told_the_one_before_is_told_too(store: WebStore) -> None:
    text = add_outgoing(store, "one", send_state=SendState.ACCEPTED)
    told = store.due_for_cht(NOW, 50)[1]
    store.save(text._replace(status="SENT"))
    store.save_exchange([], told, [], NOW)
    assert store.due_for_cht(NOW, 50)[1] == [StateUpdate("one", "SENT")]
    tell_states(store)
    store.save(text._replace(status="SENT", due_at=NOW + 5))
    assert store.due_for_cht(NOW, 50)[1] == []


def test_statuses_are_checked_in_the_order_in_which_they_are_due(store: WebStore) -> None:
    add_outgoing(store, "later", send_state=SendState.ACCEPTED, due_at=NOW)
    add_outgoing(store, "sooner", send_state=SendState.ACCEPTED, due_at=NOW - 5)
    add_outgoing(store, "not yet", send_state=SendState.ACCEPTED, due_at=NOW + 1)
    add_outgoing(store, "never again", send_state=SendState.ACCEPTED, due_at=None)
    add_outgoing(store, "unknown", send_state=SendState.SENDING)
    assert ids(store.due_for_check(NOW, 50)) == ["sooner", "later"]
    assert ids(store.due_for_check(NOW, 1)) == ["sooner"]


def test_texts_with_an_unknown_outcome_are_looked_up_when_they_are_due(store: WebStore) -> None:
    for state in SendState:
        add_outgoing(store, state, send_state=state)
    assert ids(store.due_for_lookup(NOW)) == ["sending"]
    assert store.due_for_lookup(NOW - 1) == []


def test_an_id_of_any_kind_is_claimed(store: WebStore) -> None:
    add_outgoing(store, "one", send_state=SendState.ACCEPTED, broadcast_id="7", broadcast_uuid="u-7", message_ref="m-7")
    assert store.claimed_ids({"7", "u-7", "m-7", "8"}) == {"7", "u-7", "m-7"}
    assert store.claimed_ids(set()) == set()


# --- incoming texts


def test_a_text_that_is_postponed_holds_back_no_other(store: WebStore) -> None:
    add_incoming(store, 1, 2)
    store.postpone(incoming_for_cht(store)[:1], NOW + 100)
    assert ids(incoming_for_cht(store)) == ["run-2"]
    assert ids(incoming_for_cht(store, NOW + 100)) == ["run-1", "run-2"]


def test_texts_go_to_cht_in_the_order_of_arrival_until_it_confirms_them(store: WebStore) -> None:
    add_incoming(store, 1, 2, 3)
    first, _, third = incoming_for_cht(store)
    store.postpone([first], NOW)
    assert ids(incoming_for_cht(store)) == ["run-1", "run-2", "run-3"]
    assert ids(store.due_for_cht(NOW, 2)[0]) == ["run-1", "run-2"]
    store.save_exchange([first, third], [], [], NOW)
    assert ids(incoming_for_cht(store)) == ["run-2"]


# --- neighbours


def due_times(store: WebStore, now: float = NOW) -> list[float]:
    return [store.neighbour(name, now)[1] for name in NAMES]


def test_without_work_cht_is_due_at_its_poll_time_and_rapidpro_never(store: WebStore) -> None:
    cht, rapidpro = (store.neighbour(name, NOW)[0] for name in NAMES)
    assert (cht.name, rapidpro.name) == ("cht", "rapidpro")
    assert due_times(store) == [0, NEVER]
    store.save_neighbour(cht._replace(poll_at=NOW + 60))
    store.save_neighbour(rapidpro._replace(poll_at=NOW + 60))
    assert due_times(store) == [NOW + 60, NEVER]


def test_cht_is_due_for_a_text_that_is_not_postponed_and_for_an_update(store: WebStore) -> None:
    store.save_neighbour(store.neighbour("cht", NOW)[0]._replace(poll_at=NOW + 1000))
    add_incoming(store, 1, 2)
    assert due_times(store)[0] == 0
    store.postpone(incoming_for_cht(store), NOW + 100)
    assert due_times(store)[0] == NOW + 100
    add_outgoing(store, "one", send_state=SendState.REFUSED)
    assert due_times(store)[0] == 0


@pytest.mark.parametrize("send_state", [SendState.READY, SendState.SENDING, SendState.ACCEPTED])
def test_rapidpro_is_due_for_the_first_text_in_any_send_state_and_never_for_finished_ones(
    store: WebStore, send_state: SendState
) -> None:
    add_outgoing(store, "finished", send_state=SendState.ACCEPTED, due_at=None)
    add_outgoing(store, "later", send_state=send_state, due_at=NOW + 200)
    add_outgoing(store, "first", send_state=send_state, due_at=NOW + 100)
    assert due_times(store)[1] == NOW + 100


def test_rapidpro_is_not_due_for_a_text_that_is_held_back(store: WebStore) -> None:
    add_outgoing(store, "failing", to=AMINA, attempts=1, due_at=NOW + 100)
    hand_out(store, "held")
    assert due_times(store)[1] == NOW + 100


def test_a_blocked_neighbour_is_due_afterwards(store: WebStore) -> None:
    add_incoming(store, 1)
    hand_out(store, "one")
    for neighbour in (store.neighbour(name, NOW)[0] for name in NAMES):
        store.save_neighbour(neighbour._replace(blocked_until=NOW + 50, failures=2, last_error="refused"))
    assert due_times(store) == [NOW + 50, NOW + 50]
    assert {store.neighbour(name, NOW)[0][3:5] for name in NAMES} == {(2, "refused")}


# --- maintenance


def test_finished_texts_are_deleted_after_a_month_and_others_never(store: WebStore) -> None:
    add_incoming(store, 1, 2)
    store.save_exchange([incoming_for_cht(store)[0]], [], [], NOW)
    finished = {"send_state": SendState.ACCEPTED, "due_at": None, "search_from": NOW}
    add_outgoing(store, "finished", broadcast_id="finished", **finished)
    add_outgoing(store, "checked", broadcast_id="checked", **{**finished, "due_at": NOW + 5})
    tell_states(store)
    add_outgoing(store, "unreported", broadcast_id="unreported", **finished)
    broadcast_ids = {"finished", "unreported", "checked"}
    other = Message("run-1", AMINA, "Another text")
    store.prune(NOW + RETENTION - 1)
    assert store.claimed_ids(broadcast_ids) == broadcast_ids
    assert not store.add_incoming(other, NOW)
    store.prune(NOW + RETENTION + 1)
    assert store.claimed_ids(broadcast_ids) == {"unreported", "checked"}
    assert store.add_incoming(other, NOW)
    assert ids(incoming_for_cht(store)) == ["run-2", "run-1"]


def test_texts_that_come_together_share_a_commit_and_each_gets_its_own_answer(store: WebStore) -> None:
    messages = [
        Message("a", AMINA, "One"),
        Message("b", AMINA, "Two"),
        Message("a", AMINA, "One"),
        Message("a", AMINA, "Another"),
        Message("b", ZAWADI, "Two"),
    ]
    *answers, health = commit(store._db, [*({**message._asdict(), "now": NOW} for message in messages), None])
    assert answers == [True, True, True, False, False]
    assert health.queues["to_cht"] == 2
    assert incoming_for_cht(store) == messages[:2]


def test_health_counts_the_queues(store: WebStore) -> None:
    add_incoming(store, 1, 2, 3)
    store.save_exchange([incoming_for_cht(store)[0]], [], [], NOW)
    add_outgoing(store, "finished", send_state=SendState.ACCEPTED, due_at=None)
    tell_states(store)
    add_outgoing(store, "checked", send_state=SendState.ACCEPTED)
    add_outgoing(store, "unknown", send_state=SendState.SENDING)
    for number in range(4):
        add_outgoing(store, f"ready-{number}")
    queues, oldest, neighbours = store.health()
    assert queues == {"to_cht": 2, "to_send": 4, "outcome_unknown": 1, "states_to_tell": 6, "states_to_ask": 1}
    assert oldest == {"cht": NOW, "rapidpro": NOW}
    assert [neighbour.name for neighbour in neighbours] == ["cht", "rapidpro"]


@pytest.mark.parametrize("read", [incoming_for_cht, due_times])
def test_the_cost_of_reading_grows_no_faster_than_the_texts_that_wait(tmp_path: Any, read: Any) -> None:
    store = WebStore(f"sqlite:///{tmp_path}/relay.db")
    steps = [0]

    def count() -> int:
        steps[0] += 1
        return 0

    costs = []
    for first in (0, 2000):
        texts = (Message(f"{number}", AMINA, "x") for number in range(first, first + 2000))
        commit(store._db, [{**text._asdict(), "now": NOW} for text in texts])
        connection: Any = store._db.connection.dbapi_connection
        steps[0] = 0
        connection.set_progress_handler(count, 100)
        read(store)
        connection.set_progress_handler(None, 100)
        costs.append(steps[0])
    store.close()
    assert costs[1] < 3 * max(costs[0], 2)
