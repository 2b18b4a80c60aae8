"""Reading goes on across the border between memory, file and what is dropped, whatever is done in which order."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from fakes.ledger import Cut, Dropped, Exchange, Keeping, Ledger
from fakes.ledger.keeping import MIB
from fakes.ledger.spool import Spool
from tests.fakes.ledger.exchanges import add, written

SERVICES = st.sampled_from(["cht", "rapidpro"])
LENGTHS = st.sampled_from([0, 3, 40, 41, 900, 1500, 5000])


class AsAList(RuleBasedStateMachine):
    """The ledger is a list of which the beginning may be gone. Without a bound of the file nothing ever is."""

    keeping = Keeping(memory=4, batch=2, body=40, memory_bytes=400)
    spool_bytes = 64 * MIB

    @initialize()
    def start(self) -> None:
        self.ledger = Ledger(self.keeping)
        if self.ledger._spool is not None:
            self.ledger._spool = Spool(self.spool_bytes)
        self.all: list[tuple[int, str, bytes]] = []
        self.last = 0

    @rule(service=SERVICES, length=LENGTHS, text=st.sampled_from([b"a", b"b"]), times=st.integers(1, 9))
    def add(self, service: str, length: int, text: bytes, times: int) -> None:
        for _ in range(times):
            body = (text * length)[:length]
            exchange = add(self.ledger, body, body, service)
            self.last += 1
            assert exchange.seq == self.ledger.last == self.last
            self.all.append((self.last, service, body))

    @rule()
    def clear(self) -> None:
        self.ledger.clear()
        self.all = []

    @rule(back=st.integers(0, 30), service=st.none() | SERVICES, limit=st.none() | st.integers(0, 9))
    def read(self, back: int, service: str | None, limit: int | None) -> None:
        after = max(0, self.last - back)
        wanted = [one for one in self.all if one[0] > after]
        if self.may_drop:  # else it makes no difference where an exchange is
            written(self.ledger)
        missing = self.ledger.missing_after(after)
        if missing:
            assert self.may_drop
            with pytest.raises(Dropped) as gone:
                self.ledger.after(after, service)
            assert gone.value.first == self.ledger.first
        found = self.ledger.after(after, service, limit, skip_dropped=bool(missing))
        self.are_the_same(found, [one for one in wanted if service in (None, one[1])], limit)

    def are_the_same(
        self, found: Sequence[Exchange], wanted: Sequence[tuple[int, str, bytes]], limit: int | None
    ) -> None:
        wanted = [one for one in wanted if one[0] >= self.ledger.first][:limit]
        assert [one.seq for one in found] == [seq for seq, _, _ in wanted]
        for exchange, (_, service, body) in zip(found, wanted, strict=True):
            assert exchange.service == service
            assert exchange.reply is not None
            for kept in (exchange.body, exchange.reply.body):
                assert kept.is_of(body) if isinstance(kept, Cut) else kept == body
                assert isinstance(kept, Cut) == (len(body) > self.keeping.body)

    @property
    def may_drop(self) -> bool:
        return self.keeping.older == "drop" or self.spool_bytes < MIB

    @rule()
    def count(self) -> None:
        ledger = self.ledger
        written(ledger)
        assert len(ledger) + ledger.missing_after(0) == len(self.all)
        assert not ledger.missing_after(0) or self.may_drop
        figures = ledger.figures()
        assert figures["memory_exchanges"] <= self.keeping.memory + self.keeping.batch
        assert figures["memory_body_bytes"] <= self.keeping.memory_bytes
        assert figures["spool_bytes"] <= self.spool_bytes

    def teardown(self) -> None:
        self.ledger.close()


class Dropping(AsAList):
    """The same where older exchanges are dropped."""

    keeping = Keeping(memory=4, batch=2, body=40, memory_bytes=400, older="drop")


class SmallFile(AsAList):
    """The same with a file that holds a few batches."""

    spool_bytes = 1500


for machine in (AsAList, Dropping, SmallFile):
    machine.TestCase.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
TestAsAList, TestDropping, TestSmallFile = AsAList.TestCase, Dropping.TestCase, SmallFile.TestCase


def test_readers_see_every_number_once_while_others_write() -> None:
    ledger = Ledger(Keeping(memory=20, batch=10))
    done = threading.Event()
    wrong: list[list[int]] = []

    def read() -> None:
        after = 0
        while not (done.is_set() and after == ledger.last):
            numbers = [one.seq for one in ledger.after(after, limit=77)]
            if numbers != list(range(after + 1, after + 1 + len(numbers))):
                wrong.append(numbers)
                return
            after += len(numbers)

    readers = [threading.Thread(target=read) for _ in range(3)]
    writers = [threading.Thread(target=lambda: [add(ledger) for _ in range(400)]) for _ in range(4)]
    for thread in (*readers, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in readers:
        thread.join(30)
    assert not wrong
    assert [one.seq for one in ledger.after()] == list(range(1, 1601))
    ledger.close()


def test_equal_bodies_are_kept_once() -> None:
    ledger = Ledger()
    for _ in range(300):
        add(ledger, answer=bytes(1024 * 1024))
    assert ledger.figures()["memory_body_bytes"] == 1024 * 1024
    assert ledger.figures()["memory_exchanges"] == 300


def test_different_long_bodies_leave_the_memory_before_it_is_full() -> None:
    ledger = Ledger(Keeping(memory_bytes=3 * MIB))
    bodies = [bytes([number]) * MIB for number in range(12)]
    for body in bodies:
        add(ledger, body)
    assert written(ledger).figures()["memory_body_bytes"] <= 3 * MIB
    assert [one.body for one in ledger.after()] == bodies
    ledger.close()


@pytest.mark.parametrize(("longest", "shown"), [(5000, 4096), (4096, 4096), (100, 100), (0, 0)])
def test_of_a_long_body_head_length_and_hash_are_kept(longest: int, shown: int) -> None:
    ledger = Ledger(Keeping(body=longest))
    body = bytes(range(256)) * 40
    add(ledger, body)
    (kept,) = (one.body for one in ledger.after())
    assert isinstance(kept, Cut)
    assert (bytes(kept), kept.length, kept.sha256) == (body[:shown], len(body), hashlib.sha256(body).digest())


def test_a_reset_removes_what_a_thread_is_still_writing() -> None:
    ledger = Ledger(Keeping(memory=2, batch=2))
    for _ in range(50):
        for _ in range(5):
            add(ledger)
        ledger.clear()
        assert (ledger.after(), len(ledger), ledger.missing_after(0)) == ([], 0, 0)
    assert ledger.last == 250
    ledger.close()
