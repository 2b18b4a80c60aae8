"""Every shape in virtual time, in seconds: a careful relay passes, and each relay with a defect is seen failing."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from conformance.history.model import History, Message, OutgoingText
from conformance.subjects.built_in import BuiltIn, named, relay
from conformance.verdicts import Verdict
from fakes.serving.wsgi import Environ, Reply, StartResponse, WSGIApp
from loadtests.gates import Limits
from loadtests.results import LoadRun
from loadtests.running.job import Job
from loadtests.running.judging import judged, mostly_oldest_first, oldest_first
from loadtests.running.settling import VIRTUAL, Patience
from loadtests.running.virtual_time import run_in_virtual_time
from loadtests.shapes.model import Outage, Shape, Traffic
from loadtests.shapes.reading import built_in
from relay import Settings
from tests.broken.pieces import Between, Defect, is_sending

SHAPES = [shape for shape in built_in().values() if shape.ramp is None]
TEXTS = {"two_way_followup": 13}
"""Texts each way; usually 24. Of two weeks of texts, one a day."""


IMPATIENT = Patience(limit=6 * 3600, unchanged=3 * 3600)
"""For relays with a defect, which nobody need wait for."""


def small(shape: Shape, days: int | None = None) -> Shape:
    """With few texts; of those that come every day those of so many `days`."""
    few = shape.with_texts(TEXTS.get(shape.name, 24))
    return few if days is None else replace(few, traffic=tuple(fewer(one, days) for one in few.traffic))


def fewer(one: Traffic, days: int) -> Traffic:
    return replace(one, times=days, texts=one.texts * one.times // days) if one.times > 1 else one


def run(
    shape: Shape, subject: BuiltIn | None = None, limits: Limits | None = None, patience: Patience = VIRTUAL
) -> LoadRun:
    job = Job(shape, 1, limits or Limits(), patience, "relay-harness load", lambda _: None)
    return judged(job, run_in_virtual_time(job, subject or named("reference"), "26"))


class SendsSomeTwice(Between):
    """Repeats every seventh text that it sends."""

    sends = 0

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if is_sending(method, url):
            self.sends += 1
            if self.sends % 7 == 0:
                super().call(method, url, options)
        return super().call(method, url, options)


class SendsACopyLate(Between):
    """Repeats its first text 13 minutes later, when everything seems to be done."""

    first: tuple[datetime, str, dict[str, Any]] | None = None
    repeated = False

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if is_sending(method, url) and self.first is None:
            self.first = (self.now(), url, options)
        if self.first is not None and not self.repeated and self.now() - self.first[0] > timedelta(minutes=13):
            self.repeated = True
            super().call("POST", *self.first[1:])
        return super().call(method, url, options)


def loses_some(app: WSGIApp, _: Settings) -> WSGIApp:
    """Answers 200 to every seventh text of people, and forgets it."""
    count = itertools.count(1)

    def losing(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if next(count) % 7:
            return app(environ, start_response)
        return Reply(200, (("Content-Type", "application/json"),), b'{"saved":1}').to_wsgi(start_response)

    return losing


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_the_reference_relay_passes(shape: Shape) -> None:
    few = small(shape, days=4)
    found = run(few)
    assert (found.verdict, found.reasons) == (Verdict.PASSED, [])
    assert found.drained
    assert (found.figures.texts_in, found.figures.texts_out) == (few.texts_in, few.texts_out)
    assert (found.figures.p95_ms, found.time) == (None, "virtual")


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_relay_that_loses_some_texts_and_sends_some_twice_fails(shape: Shape) -> None:
    few = small(shape, days=2)
    found = run(few, relay(Defect(SendsSomeTwice, loses_some), "with two defects"), patience=IMPATIENT)
    assert found.verdict is Verdict.FAILED
    assert found.figures.lost == few.texts_in // 7
    assert found.figures.duplicated > 0
    assert any(reason.startswith("duplicated: ") for reason in found.reasons)
    assert found.not_drained == {"texts that the relay accepted, but CHT does not have": found.figures.lost}


def test_a_copy_that_comes_late_is_seen() -> None:
    found = run(small(built_in()["reminder_morning"]), relay(Defect(SendsACopyLate), "sends a copy late"))
    assert (found.verdict, found.figures.duplicated) == (Verdict.FAILED, 1)


def test_after_two_hours_away_the_oldest_go_first_and_the_quota_is_kept() -> None:
    found = run(replace(built_in()["outage_and_catch_up"].with_texts(200), quota=60, in_order=False))
    assert (found.verdict, found.reasons) == (Verdict.PASSED, [])
    granted = [call.at.timestamp() for call in found.exchanges if call.service == "rapidpro" and call.status == 201]
    most = max(sum(0 <= other - one < 3600 for other in granted) for one in granted)
    assert 55 <= most <= 60
    (band,) = found.faults
    assert (band.service, (band.ends - band.begins).total_seconds()) == ("rapidpro", 7200)
    sent = [message.created for message in found.history.messages]
    assert any(moment > band.ends for moment in sent)
    assert not any(band.begins < moment < band.ends for moment in sent)


def test_a_text_that_waits_while_newer_ones_are_sent_is_not_oldest_first() -> None:
    at = datetime(2026, 3, 2, 8, tzinfo=UTC)
    texts = [OutgoingText(str(n), "+250783000000", f"text {n}", "pending", at + timedelta(minutes=n)) for n in range(3)]

    def sent(*moments: int) -> list[str]:
        messages = [
            Message(n, "+250783000000", f"text {n}", "sent", at + timedelta(minutes=moment))
            for n, moment in enumerate(moments)
        ]
        return oldest_first(History(outgoing_texts=tuple(texts), messages=tuple(messages)))

    assert sent(10, 11, 12) == []
    assert sent(14, 11, 12) == []  # a back-off of some minutes
    assert sent(20, 11, 12) == [
        "not oldest first: a text waited 540 s while others were sent that became due later"
    ]  # fmt: skip


@pytest.mark.parametrize("speed", [1.0, 3600.0])
@pytest.mark.parametrize(
    ("order", "verdict"),
    [
        ("oldest first", "[]"),
        ("one held back", "[]"),
        ("eight held back", "[]"),
        ("a third held back", "% had become due"),
        ("four at a time", "[]"),
        ("newest first", "100% had become due"),
        ("any", "% had become due"),
    ],
)
def test_the_order_of_what_has_piled_up_is_judged_at_any_speed(order: str, verdict: str, speed: float) -> None:
    due = [datetime(2026, 3, 2, 8, tzinfo=UTC) + timedelta(seconds=n * 2 * speed) for n in range(60)]
    places = list(range(60))
    orders = {
        "oldest first": places,
        "one held back": [*places[1:], 0],
        "eight held back": [*places[8:], *places[:8]],
        "a third held back": [*places[20:], *places[:20]],
        "four at a time": [place for first in places[::4] for place in reversed(places[first : first + 4])],
        "newest first": places[::-1],
        "any": random.Random(1).sample(places, 60),
    }
    texts = [OutgoingText(str(n), "+250783000000", f"text {n}", "pending", at) for n, at in enumerate(due)]
    messages = [
        Message(n, "+250783000000", f"text {n}", "sent", due[-1] + timedelta(seconds=turn * speed))
        for turn, n in enumerate(orders[order])
    ]
    assert verdict in str(mostly_oldest_first(History(outgoing_texts=tuple(texts), messages=tuple(messages))))


def test_texts_that_are_sent_as_they_become_due_have_no_order_to_judge() -> None:
    due = [datetime(2026, 3, 2, 8, tzinfo=UTC) + timedelta(minutes=n) for n in range(60)]
    texts = [OutgoingText(str(n), "+250783000000", f"text {n}", "pending", at) for n, at in enumerate(due)]
    messages = [Message(n, "+250783000000", f"text {n}", "sent", at) for n, at in enumerate(due)]
    assert mostly_oldest_first(History(outgoing_texts=tuple(texts), messages=tuple(messages))) == []


def test_what_is_not_done_by_the_time_limit_is_told_as_numbers() -> None:
    shape = replace(built_in()["quota_exhausted"].with_texts(30), quota=5)
    found = run(shape, patience=Patience(limit=600, unchanged=8 * 3600))
    assert found.verdict is Verdict.FAILED
    assert not found.drained
    assert sum(count for where, count in found.not_drained.items() if where.startswith("texts from CHT")) > 0
    assert found.figures.lost == 0  # they may still come
    assert any(reason.startswith("not done by the time limit: ") for reason in found.reasons)


def test_too_few_texts_for_a_limit_are_unknown() -> None:
    found = run(small(built_in()["reminder_morning"]), limits=Limits(to_phone_p95_s=1e6))
    assert found.verdict is Verdict.UNKNOWN


def test_an_outage_that_hit_nothing_tested_nothing() -> None:
    shape = replace(small(built_in()["reminder_morning"]), outages=(Outage("rapidpro", 90_000, 90_001),))
    assert run(shape).verdict is Verdict.BROKEN


def test_the_same_seed_gives_the_same_run() -> None:
    shape = small(built_in()["campaign_spike"])
    one, other = run(shape), run(shape)
    assert one.figures == other.figures
    assert [call.at for call in one.exchanges] == [call.at for call in other.exchanges]
