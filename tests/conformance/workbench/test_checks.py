"""The checks as one watches: nothing is lost that is still on its way; what is wrong is found where it happened."""

from __future__ import annotations

from time import monotonic
from typing import Any

import requests

from conformance.checks import ALL, names
from conformance.services.neighbours import RAPIDPRO_TOKEN
from conformance.workbench.checks import WAITING, levels
from fakes.clock import format_moment
from tests.conformance.workbench.benches import AMINA, BEGIN, DAY, GRACE, Hand, bench


def found(hand: Hand) -> list[tuple[str, str]]:
    answer = hand.ask("GET", "/checks")
    assert answer["judged"] is not any(one["level"] == WAITING for one in answer["violations"])
    return [(one["kind"], one["level"]) for one in answer["violations"]]


def once(hand: Hand, expected: list[tuple[str, str]]) -> Any:
    """The violations, as soon as enough time has passed that they are judged anew: they are not at once."""
    end = monotonic() + 5
    while (seen := found(hand)) != expected:
        assert monotonic() < end, seen
    return hand.ask("GET", "/checks")["violations"]


def test_a_text_on_its_way_waits_and_is_no_more_than_that() -> None:
    with bench() as hand:
        assert found(hand) == []
        hand.due(AMINA, "Come on Monday")
        (waiting,) = once(hand, [("lost", WAITING)])
        assert (waiting["number"], "Come on Monday" in waiting["sentence"]) == (AMINA, True)
        hand.text(GRACE, "TEMP 38.5")
        once(hand, [("lost", WAITING), ("lost", WAITING)])
        hand.step(600)
        once(hand, [])


def test_a_text_that_nobody_takes_on_is_lost_after_a_while_and_waits_while_trouble_is_planned() -> None:
    with bench() as hand:
        hand.ask("POST", "/faults", {"service": "cht", "effect": "refuse", "with": {"status": 503}, "times": None})
        hand.text(AMINA, "TEMP 38.5")
        hand.step(DAY)
        once(hand, [("lost", WAITING)])
        hand.bench.bench.world.subject.kill()
        hand.ask("DELETE", "/faults")
        hand.step(DAY)
        (lost,) = once(hand, [("lost", "must")])
        ledger = {one["seq"]: one for one in hand.ask("GET", "/ledger")["exchanges"]}
        assert {(ledger[seq]["service"], ledger[seq]["direction"]) for seq in lost["seqs"]} >= {("rapidpro", "out")}


def test_a_text_that_came_twice_is_found_at_the_request_that_was_too_many() -> None:
    with bench() as hand:
        hand.due(AMINA, "Come on Monday")
        hand.step(600)
        url = f"{hand.bench.addresses['rapidpro']}/api/v2/broadcasts.json"
        body = {"urns": [f"tel:{AMINA}"], "text": "Come on Monday"}
        of_relay = {"Authorization": f"Token {RAPIDPRO_TOKEN}"}
        sent = requests.post(url, json=body, headers=of_relay, timeout=10)  # as a relay that sends twice
        assert sent.status_code == 201
        hand.step(600)
        (twice,) = once(hand, [("duplicated", "must")])
        second = [one["seq"] for one in hand.ask("GET", "/ledger")["exchanges"] if "broadcasts" in one["path"]][1]
        assert twice["seqs"] == [second]


def test_a_reset_clears_what_was_found() -> None:
    with bench() as hand:
        hand.due(AMINA, "Come on Monday")
        once(hand, [("lost", WAITING)])
        hand.ask("POST", "/reset", {})
        once(hand, [])
        hand.text(AMINA, "TEMP 38.5")
        hand.step(60)
        once(hand, [])
        assert hand.ask("GET", "/cht/tasks")["documents"] is not None


def test_a_reminder_that_is_not_due_yet_is_not_missed() -> None:
    with bench() as hand:
        hand.due(AMINA, "Tomorrow", format_moment(BEGIN.replace(day=3)))
        hand.step(3600)
        once(hand, [])


def test_every_check_has_a_level() -> None:
    assert set(levels()) == set(names(ALL))
