"""The ledger over the control API: in pieces, across the border, with what is missing said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from fakes.assembly import Fakes, assemble
from fakes.clock import VirtualClock
from fakes.control.app import control_app
from fakes.control.ledger import MOST, MOST_BYTES
from fakes.ledger import Keeping
from fakes.serving.wsgi import build_environ, call
from tests.fakes.echo_service import Echo
from tests.fakes.ledger.exchanges import add, written


def fakes_with(keeping: Keeping, number: int, body: bytes = b"{}") -> Fakes:
    fakes, echo = assemble(VirtualClock(), keeping), Echo()
    fakes.add(echo, echo.blueprint)
    for _ in range(number):
        add(written(fakes.ledger), body)
    written(fakes.ledger)
    return fakes


def ask(fakes: Fakes, query: str = "") -> tuple[int, Any]:
    reply = call(control_app(fakes), build_environ("GET", "/ledger", query, {"Host": "127.0.0.1:99"}, b""))
    return reply.status, json.loads(reply.body)


def test_reading_goes_on_across_the_file_and_the_memory() -> None:
    fakes = fakes_with(Keeping(memory=3, batch=2), 20)
    assert fakes.ledger.figures()["spooled_exchanges"] > 10
    numbers, after, more = [], 0, True
    while more:
        status, answer = ask(fakes, f"after={after}&limit=7")
        assert (status, answer["dropped"], answer["first"]) == (200, 0, 1)
        numbers += [one["seq"] for one in answer["exchanges"]]
        after, more = answer["last"], answer["more"]
    assert (numbers, after) == (list(range(1, 21)), 20)
    fakes.ledger.close()


def test_dropped_exchanges_are_an_error_unless_the_reader_does_not_need_them() -> None:
    fakes = fakes_with(Keeping(memory=3, batch=2, older="drop"), 20)
    first = fakes.ledger.first
    status, answer = ask(fakes, "after=1")
    assert (status, answer["first"], answer["last"], answer["dropped"]) == (410, first, 20, first - 2)
    assert answer["error"].startswith(f"exchanges 2 to {first - 1} are not kept any more")
    status, answer = ask(fakes, "after=1&dropped=skip")
    assert (status, answer["dropped"]) == (200, first - 2)
    assert [one["seq"] for one in answer["exchanges"]] == list(range(first, 21))
    assert ask(fakes, f"after={first - 1}")[0] == 200


def test_after_a_reset_nothing_is_missing() -> None:
    fakes = fakes_with(Keeping(memory=3, batch=2, older="drop"), 20)
    fakes.reset()
    assert ask(fakes) == (200, {"exchanges": [], "last": 20, "more": False, "first": 21, "dropped": 0})


def test_one_answer_is_bounded_in_number_and_in_bytes() -> None:
    status, answer = ask(fakes_with(Keeping(), MOST + 1))
    assert (status, len(answer["exchanges"]), answer["last"], answer["more"]) == (200, MOST, MOST, True)
    fakes = fakes_with(Keeping(), 5, bytes(MOST_BYTES // 2))
    assert len(ask(fakes)[1]["exchanges"]) == 5
    status, answer = ask(fakes, "bodies=whole")
    assert (status, len(answer["exchanges"]), answer["more"]) == (200, 2, True)


@pytest.mark.parametrize("query", ["bodies=half", "dropped=1"])
def test_a_word_that_the_ledger_does_not_know_is_refused(query: str) -> None:
    status, answer = ask(fakes_with(Keeping(), 0), query)
    assert (status, "expected one of" in answer["error"]) == (400, True)
