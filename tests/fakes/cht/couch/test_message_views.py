"""The views of messages: the order of CHT's views, and no more work for a hundred times the documents."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from fakes.cht.couch.message_views import MessageViews
from fakes.cht.couch.sorted_set import SortedSet


class Counter:
    """The number of comparisons."""

    def __init__(self) -> None:
        self.comparisons = 0


class Counted(str):
    """A document id that counts its comparisons."""

    counter: Counter

    def __lt__(self, other: str) -> bool:
        self.counter.comparisons += 1
        return str.__lt__(self, other)

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def doc(doc_id: str, *tasks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"_id": doc_id, "type": "data_record", "reported_date": 1000, "tasks": list(tasks), **more}


def task(uuid: str, state: str = "pending", **more: Any) -> dict[str, Any]:
    return {"messages": [{"to": "+250788123001", "message": f"text {uuid}", "uuid": uuid}], "state": state, **more}


def index_of(*docs: dict[str, Any]) -> MessageViews:
    index = MessageViews()
    for one in docs:
        index.changed(one["_id"], one)
    return index


def uuids(index: MessageViews, **options: Any) -> list[Any]:
    return [row.uuid for row in index.oldest(**options)]


def test_the_oldest_are_sorted_by_due_else_timestamp_else_reported_date() -> None:
    index = index_of(
        doc("a", task("reported"), reported_date=4000),
        doc("b", task("due", due="1970-01-01T00:00:02.000Z", timestamp="1970-01-01T00:00:09.000Z")),
        doc("c", task("timestamp", timestamp="1970-01-01T00:00:03.000Z")),
        doc("d", task("number", due=1000)),
    )
    assert uuids(index) == ["number", "due", "timestamp", "reported"]


def test_equal_dates_are_sorted_by_document_then_by_text() -> None:
    index = index_of(doc("b", task("1")), doc("a", task("z", "forwarded-to-gateway"), task("y")))
    assert uuids(index) == ["y", "z", "1"]


def test_messages_without_uuid_number_text_or_date_are_not_found() -> None:
    incomplete: list[dict[str, Any]] = [
        {"messages": [{"to": "+250788123001", "message": "x"}], "state": "pending"},
        {"messages": [{"uuid": "u", "message": "x"}], "state": "pending"},
        {"messages": [{"uuid": "u", "to": "+250788123001", "message": ""}], "state": "pending"},
        {"state": "pending"},
    ]
    assert uuids(index_of(doc("a", *incomplete))) == []
    assert uuids(index_of(doc("a", task("u"), reported_date=None))) == []
    assert uuids(index_of(doc("a", task("u", due="some day")))) == []
    assert uuids(index_of(doc("a", task("u"), reported_date=-5))) == []


def test_a_document_of_an_unexpected_shape_is_skipped() -> None:
    for tasks in (5, {"a": 1}, [None], [{"messages": 5}], [{"messages": [None]}], [{"messages": {"uuid": "u"}}]):
        assert uuids(index_of({"_id": "a", "reported_date": 1, "tasks": tasks})) == []


def test_a_change_of_a_document_is_seen_at_once() -> None:
    index = index_of(doc("a", task("u", gateway_ref="r")))
    index.changed("a", doc("a", task("u", "sent", gateway_ref="s")))
    assert uuids(index) == []
    assert uuids(index, states=["sent"]) == ["u"]
    assert (index.has_reference("r"), index.has_reference("s")) == (False, True)
    index.changed("a", None)
    assert index.documents_of("u") == []
    assert not index.has_reference("s")
    assert index.states() == {}


def test_references_are_distinguished_by_type_and_value() -> None:
    index = index_of(doc("a", task("u", gateway_ref=17), sms_message={"gateway_ref": "abc"}))
    assert [index.has_reference(ref) for ref in (17, 17.0, "17", True, "abc", "abc ", {"a": 1})] == [
        True,
        True,
        False,
        False,
        True,
        False,
        False,
    ]
    assert index.uuids_of(17) == ["u"]
    assert index.uuids_of("abc") == [None]


def test_polled_messages_come_state_by_state_and_can_be_skipped() -> None:
    index = index_of(
        doc("b", task("b1", "sent", gateway_ref=1)),
        doc("a", task("a1", "sent", gateway_ref=2), task("a2", "received-by-gateway", gateway_ref=3)),
        doc("c", task("c1", "sent")),
    )
    states = ["received-by-gateway", "forwarded-by-gateway", "sent"]
    assert [row.uuid for row in index.with_reference(states)] == ["a2", "a1", "b1"]
    assert [row.uuid for row in index.with_reference(states, skip=1, limit=1)] == ["a1"]
    assert [row.uuid for row in index.with_reference(states, skip=2)] == ["b1"]
    assert index.with_reference(states, skip=9) == []


def test_documents_due_in_a_span_of_time_are_found() -> None:
    index = index_of(
        doc("a", scheduled_tasks=[task("u", "scheduled", due=5)]),
        doc("b", scheduled_tasks=[{"state": "scheduled", "due": 6, "message_key": "k"}]),
        doc("c", scheduled_tasks=[task("w", "scheduled", due=9)]),
    )
    assert index.due("scheduled", 5, 8) == ["a", "b"]
    assert index.due("scheduled", 7, 100) == ["c"]
    assert index.due("muted", 0, 100) == []


def test_a_sorted_set_contains_what_a_sorted_list_would() -> None:
    rng = random.Random(1)
    ordered, plain = SortedSet(), set()
    for _ in range(6000):
        key = rng.randrange(3000)
        if rng.random() < 0.7:
            ordered.add(key)
            plain.add(key)
        else:
            ordered.discard(key)
            plain.discard(key)
    assert list(ordered) == sorted(plain)
    assert len(ordered) == len(plain)
    assert list(ordered.since(1500)) == [key for key in sorted(plain) if key >= 1500]
    assert list(ordered.after(700)) == sorted(plain)[700:]
    assert list(SortedSet().since(1)) == []


def work(size: int) -> dict[str, int]:
    """Comparisons for each kind of look-up among `size` documents."""
    counter = Counter()
    counted = type("CountedHere", (Counted,), {"counter": counter})
    index = MessageViews()
    for number in range(size):
        doc_id = counted(f"d-{number * 7919 % size:06}")
        index.changed(doc_id, doc(doc_id, task(f"u-{doc_id}", gateway_ref=f"r-{doc_id}")))
    found: dict[str, int] = {}
    looks: dict[str, Callable[[], object]] = {
        "oldest": lambda: index.oldest(),
        "reference": lambda: index.has_reference("r-d-000500"),
        "uuid": lambda: index.documents_of("u-d-000500"),
        "change": lambda: index.changed(counted("d-000500"), doc(counted("d-000500"), task("u", "sent"))),
        "poll": lambda: index.with_reference(["pending"], skip=size // 2),
    }
    for name, look in looks.items():
        counter.comparisons = 0
        look()
        found[name] = counter.comparisons
    return found


def test_a_hundred_times_the_documents_cost_hardly_more_comparisons() -> None:
    few, many = work(600), work(60_000)
    for name, count in few.items():
        assert many[name] <= 2 * count + 20, name


def test_the_count_of_comparisons_would_show_a_search_through_all() -> None:
    counter = Counter()
    counted = type("CountedHere", (Counted,), {"counter": counter})
    keys = sorted(counted(f"d-{number:05}") for number in range(2000))
    counter.comparisons = 0
    assert min(keys) == "d-00000"
    assert counter.comparisons >= 1000


@pytest.mark.parametrize("states", [["pending"], ["pending", "forwarded-to-gateway"], ["nowhere"]])
def test_no_more_rows_than_the_limit_are_returned(states: list[str]) -> None:
    index = index_of(*(doc(f"d-{number:03}", task(f"u-{number}")) for number in range(60)))
    assert len(index.oldest(states)) == (25 if "pending" in states else 0)
