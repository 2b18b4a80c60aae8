"""Runs one subject through a plan, in virtual time: the same world, services and checks as in the scenarios."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from conformance.checks import ALL, judge
from conformance.history.model import History
from conformance.history.observe import ROWS
from conformance.planning.calls import requests_to_cht, requests_to_rapidpro, throttled_spans
from conformance.planning.question import DAY, MINUTE, SERVICES, Question, Span, merged
from conformance.planning.result import Planned
from conformance.services.in_process import InProcessFakes
from conformance.subjects.base import Capability
from conformance.subjects.built_in import BuiltIn
from conformance.subjects.in_process import InProcessRelay
from conformance.world.people import Person
from conformance.world.timing import TAIL, UNCHANGED, VirtualTiming
from conformance.world.world import World
from fakes.clock import parse_moment

STEP = 10.0 * MINUTE
"""Virtual seconds between two looks at how far the subject is."""
LONGEST = 14.0 * DAY
"""A subject that is not done so long after the best possible, never will be."""
MOST_COPIES = 3
"""Messages for each text after which the run ends: the subject sends the same texts again and again."""
FINAL = ("delivered", "failed")
JUDGED_MISSING = 20
"""Of texts that RapidPro never got, only so many are judged one by one: all have the same cause."""


def run(one: BuiltIn, question: Question, best_last: float) -> Planned:
    """Let the subject send all texts. `best_last` is when the last could be out. SubjectFailed if it breaks down."""
    began = time.perf_counter()
    fakes = InProcessFakes(question.profile, question.seed, cht_release=one.cht_release)
    subject = one.make(fakes, question.poll_seconds)
    try:
        if isinstance(subject, InProcessRelay):
            subject.most_calls = 10 * question.texts + subject.most_calls
        subject.start(fakes.neighbours)
        world = World(fakes, subject, VirtualTiming())
        prepare(world, question)
        start = world.now()
        world.cht_sends_each(texts_of(world, question))
        Course(fakes, world, question, best_last).finish()
        return _planned(world, start, began)
    finally:
        subject.stop()
        fakes.close()


def prepare(world: World, question: Question) -> None:
    """Quota, channel and outages as the question says."""
    if question.quota is not None:
        scopes = world.control.get("/rapidpro/rates")
        world.control.put("/rapidpro/rates", dict.fromkeys(scopes, f"{question.quota}/hour"))
    world.channel(tps=question.tps)
    for service in SERVICES:
        for span in merged((one.begins, one.ends) for one in question.outages if one.service == service):
            plan_outage(world, service, span)


def plan_outage(world: World, service: str, span: Span, match: Mapping[str, str] | None = None) -> None:
    """Let the service fail in this time, for all requests or those that match.

    Where CHT is the subject itself, it is killed and started again, in virtual time.
    """
    subject, (begins, ends) = world.subject, span
    if service == "cht" and Capability.CHT_OUTSIDE not in subject.capabilities:
        clock = world.services.virtual_clock()
        clock.call_later(begins, subject.kill)
        clock.call_later(ends, subject.restart)
        return
    window = {"from_seconds": begins, "for_seconds": ends - begins}
    world.control.plan_fault({"service": service, "effect": "outage", **window, "match": match})


def texts_of(world: World, question: Question) -> list[tuple[Person, str]]:
    """A reminder for each person; no two are equal, and each fits into one SMS."""
    return [
        (world.people[f"person {number}"], f"Reminder {number}: please come to the clinic.")
        for number in range(1, question.texts + 1)
    ]


class Course:
    """How far a run is, by figures that cost nothing: to look at all that has happened takes seconds."""

    def __init__(self, fakes: InProcessFakes, world: World, question: Question, best_last: float) -> None:
        self._fakes = fakes
        self._world = world
        self._question = question
        self._states = Capability.STATES in world.subject.capabilities
        self._latest = max(best_last, question.last_outage_ends()) + LONGEST

    def finish(self) -> None:
        """Let time pass until every text and every state is final, or nothing more is to be expected."""
        passed = unchanged = 0.0
        before: object = None
        while passed < self._latest and unchanged < UNCHANGED:
            self._world.pass_time(STEP)
            passed += STEP
            rapidpro, cht = self._fakes.figures("rapidpro"), self._fakes.figures("cht")
            final = sum(cht.get(f"messages_{state}", 0) for state in FINAL)
            arrived = rapidpro["phone_texts_received"] >= self._question.texts
            if arrived and (final >= self._question.texts or not self._states):
                break
            if rapidpro["messages"] > MOST_COPIES * self._question.texts:
                return
            waits = passed <= self._question.last_outage_ends()
            unchanged = 0 if waits or (rapidpro, cht) != before else unchanged + STEP
            before = (rapidpro, cht)
        self._world.pass_time(TAIL)  # a second copy that comes late is one too many as well


def _planned(world: World, start: datetime, began: float) -> Planned:
    history, unjudged = without_most_missing(world.history())
    return Planned(
        world.subject.name,
        times_out(world, start),
        requests_to_rapidpro(history.calls),
        requests_to_cht(history.calls),
        throttled_spans(history.calls, start),
        judge(history, ALL, without=tuple(world.subject.skipped_checks)),
        unjudged,
        (world.now() - start).total_seconds(),
        time.perf_counter() - began,
    )


def times_out(world: World, start: datetime) -> Sequence[float]:
    """When RapidPro's channel had sent each text for the first time, in order."""
    first: dict[tuple[str, str], float] = {}
    for row in world.control.get(ROWS)["messages"]:
        if row["direction"] == "out" and row["sent_on"] is not None:
            at = (parse_moment(row["sent_on"]) - start).total_seconds()
            key = row["number"], row["text"]
            first[key] = min(at, first.get(key, at))
    return sorted(first.values())


def without_most_missing(history: History) -> tuple[History, int]:
    """The history without most of the texts that RapidPro has no message of, and how many were left out."""
    known = {(message.number, message.text) for message in history.messages}
    missing = [text for text in history.outgoing_texts if (text.number, text.text) not in known]
    left_out = {text.uuid for text in missing[JUDGED_MISSING:]}
    texts = tuple(text for text in history.outgoing_texts if text.uuid not in left_out)
    return replace(history, outgoing_texts=texts), len(left_out)
