"""How many texts arrived, and which are missing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.evidence.arrivals import MOST, arrivals, arrived
from conformance.evidence.entries import Scene
from conformance.evidence.lines import arrival_lines
from conformance.evidence.model import Arrivals
from conformance.history.model import Arrival, History, IncomingText, Outcome, OutgoingText, StoredReport
from tests.conformance.evidence.histories import AMINA, NAMES, YUSUF, at

TEXT = IncomingText("run-1", AMINA, "I am ill", Outcome.OK, at(0))
DUE = OutgoingText("u-1", YUSUF, "Visit", "pending")


def found(history: History) -> list[Arrivals]:
    return list(arrivals(Scene(history, NAMES)))


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        (History(), []),
        (History(incoming_texts=(TEXT,)), [Arrivals("in", 1, 0, ('"I am ill" from Amina',))]),
        (History(incoming_texts=(TEXT,), reports=(StoredReport(AMINA, "I am ill", ""),)), [Arrivals("in", 1, 1)]),
        (History(incoming_texts=(TEXT, TEXT), reports=(StoredReport(AMINA, "I am ill", ""),)), [Arrivals("in", 1, 1)]),
        (
            History(incoming_texts=(TEXT, replace(TEXT, id="run-2")), reports=(StoredReport(AMINA, "I am ill", ""),)),
            [Arrivals("in", 2, 1, ('"I am ill" from Amina',))],
        ),
        (History(incoming_texts=(replace(TEXT, outcome=Outcome.REFUSED),)), []),
        (History(outgoing_texts=(DUE,)), [Arrivals("out", 1, 0, ('"Visit" for Yusuf (pending in CHT)',))]),
        (History(outgoing_texts=(replace(DUE, state="scheduled"),)), []),
        (History(outgoing_texts=(DUE,), arrivals=(Arrival(YUSUF, "Visit", at(1)),)), [Arrivals("out", 1, 1)]),
        (
            History(outgoing_texts=(DUE,), arrivals=(Arrival(YUSUF, "Visit", at(1)), Arrival(YUSUF, "Visit", at(9)))),
            [Arrivals("out", 1, 1, (), ('"Visit" for Yusuf (twice)',))],
        ),
        (
            History(incoming_texts=(TEXT,), reports=(StoredReport(AMINA, "I am ill", "run-1"),) * 3),
            [Arrivals("in", 1, 1, (), ('"I am ill" from Amina (3 times)',))],
        ),
        (
            History(outgoing_texts=(DUE,), arrivals=(Arrival(AMINA, "Visit", at(1)),)),
            [Arrivals("out", 1, 0, ('"Visit" for Yusuf (pending in CHT)',))],
        ),
    ],
)
def test_texts_are_counted_by_direction(history: History, expected: list[Arrivals]) -> None:
    assert found(history) == expected


def test_a_text_that_arrived_twice_is_not_only_counted_as_arrived() -> None:
    (one,) = found(History(outgoing_texts=(DUE,), arrivals=(Arrival(YUSUF, "Visit", at(1)),) * 2))
    shown = [line.text for line in arrival_lines([one], 80)]
    assert shown == ['1 of 1 text arrived on phones; too often: "Visit" for Yusuf (twice)']


def test_of_many_missing_texts_a_few_are_named_and_the_others_counted() -> None:
    texts = tuple(replace(DUE, uuid=f"u-{n}", text=f"Text {n}") for n in range(MOST + 40))
    (one,) = found(History(outgoing_texts=texts))
    assert (one.expected, one.arrived, len(one.missing)) == (MOST + 40, 0, MOST)
    shown = " ".join(line.text for line in arrival_lines([one], 80))
    assert shown.endswith(f'"Text 2" for Yusuf (pending in CHT), and {MOST + 37} more')
    assert arrived(one) == f"0 of {MOST + 40} texts arrived on phones"
