"""From what happened to a judged run: figures, verdict, reasons."""

from __future__ import annotations

import bisect
import heapq
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta

from conformance.checks import Violation, judge
from conformance.checks.figures import calls_per_text, seconds_to_phone
from conformance.history.model import History
from conformance.verdicts import Verdict
from loadtests.gates import Figures, percentile, verdict
from loadtests.results import LoadRun
from loadtests.running.job import Course, Job
from loadtests.running.settling import left

UNFINISHED = frozenset({"lost", "wrong-state"})
"""What is no violation yet while everything still moves."""
OVERTAKEN = timedelta(minutes=5)
"""So long a text may wait while others are sent that became due later: a back-off after trouble with it."""

SAME = timedelta(seconds=1)
"""Texts that became due within this time have no order: over sockets nothing is that exact."""
PAIRS = 100
"""So many pairs of waiting texts must there be for a judgement about their order."""
MOST_OLDER = 0.25
"""Of those that wait while a text is sent, this share may be older on average: in any order it is half, oldest first
almost nothing. A relay that sends some at a time stays far below."""
HELD_BACK = 8
"""So many texts may be late however much: they were on their way when trouble began, and are looked up first."""


def judged(job: Job, course: Course) -> LoadRun:
    """The run with its figures and its verdict."""
    shape, settled, history = job.shape, course.settled, course.settled.history
    ignored = {*course.skipped_checks, *(() if shape.in_order else ("reordered",))}
    violations = judge(history, without=tuple(ignored))
    further = list(course.further)
    not_drained = {} if settled.drained else left(history, states=course.states)
    if settled.moving:
        violations = [one for one in violations if one.kind not in UNFINISHED]
        further += [] if not_drained else ["something still changed at the time limit"]
    if shape.in_order:
        further += oldest_first(history) if course.time == "virtual" else []
        further += mostly_oldest_first(history)
    figures = figures_of(job, course, violations, sum(not_drained.values()))
    result, reasons = verdict(figures, violations, job.limits, not_drained, further)
    if course.unused_faults and result is not Verdict.FAILED:
        result = Verdict.BROKEN
        reasons.append("an outage was over before anybody called the service: it tested nothing")
    return LoadRun(
        shape=shape, figures=figures, verdict=result, reasons=reasons, subject=course.subject, profile=course.profile,
        seed=job.seed, command=job.command, history=history, exchanges=history.calls, began=course.began,
        ended_sending=course.ended_sending, ended=course.ended, drained=settled.drained, not_drained=not_drained,
        requests=tuple(course.requests), faults=tuple(course.faults), rates=course.rates, time=course.time,
        compressed=shape.compressed if course.time == "real" else 1.0, locust=course.locust, watched=course.watched,
        notes=course.notes, limits=job.limits,
    )  # fmt: skip


def figures_of(job: Job, course: Course, violations: Sequence[Violation], not_drained: int) -> Figures:
    """The measurements of a run."""
    history = course.settled.history
    answered = [one for one in course.requests if not one.driver]
    driving = [one for one in course.requests if one.driver]
    times = [one.ms for one in answered] if course.time == "real" else []
    to_phone = seconds_to_phone(history)
    texts, seconds = len(history.incoming_texts) + len(history.outgoing_texts), seconds_of(course)
    return Figures(
        shape=job.shape.name,
        time=course.time,
        requests=len(course.requests),
        failures=sum(not one.ok for one in answered),
        driver_requests=len(driving),
        driver_failures=sum(not one.ok for one in driving),
        texts_in=len(history.incoming_texts),
        texts_out=len(history.outgoing_texts),
        lost=count(violations, "lost"),
        duplicated=count(violations, "duplicated"),
        violations=len(violations),
        not_drained=not_drained,
        texts_per_second=round(texts / seconds, 2) if seconds else 0.0,
        texts_out_per_second=rate_out(history),
        p50_ms=percentile_of(times, 0.5),
        p95_ms=percentile_of(times, 0.95),
        p99_ms=percentile_of(times, 0.99),
        to_phone_p50_s=percentile_of(to_phone, 0.5),
        to_phone_p95_s=percentile_of(to_phone, 0.95),
        calls_per_text=round(calls_per_text(history), 3),
        seconds=round(seconds, 2),
        highest_rate=None if course.highest_rate is None else round(course.highest_rate, 2),
    )


def seconds_of(course: Course) -> float:
    """From the beginning until the last text arrived; without any arrival until the end."""
    moments = [arrival.at for arrival in course.settled.history.arrivals]
    return (max([course.ended_sending, *moments]) - course.began).total_seconds()


def rate_out(history: History) -> float | None:
    """Texts a second from the first that was due to the last on its phone; None if none arrived."""
    due = [text.since for text in history.outgoing_texts if text.since is not None]
    if not history.arrivals or not due:
        return None
    seconds = (max(one.at for one in history.arrivals) - min(due)).total_seconds()
    return round(len(history.arrivals) / seconds, 2) if seconds > 0 else None


def moments_due(history: History) -> dict[tuple[str, str], datetime]:
    """When each text from CHT became due, by number and words."""
    return {(text.number, text.text): text.since for text in history.outgoing_texts if text.since is not None}


def oldest_first(history: History) -> list[str]:
    """A sentence if a text, for whomever, waited for long while others were sent that became due later."""
    since = moments_due(history)
    newest: list[datetime] = []
    when: list[datetime] = []
    worst = timedelta()
    for message in sorted(history.messages, key=lambda one: one.created):
        due = since.get((message.number, message.text))
        if due is None:
            continue
        first_later = bisect.bisect_right(newest, due)
        if first_later < len(newest):
            worst = max(worst, message.created - when[first_later])
        else:
            newest.append(due)
            when.append(message.created)
    if worst <= OVERTAKEN:
        return []
    return [
        f"not oldest first: a text waited {worst.total_seconds():.0f} s while others were sent that became due later"
    ]


def mostly_oldest_first(history: History) -> list[str]:
    """A sentence if those that waited while a text was sent were too often older than that text.

    No time is a measure here, so that it holds at any speed, also where time is compressed. Left out are the HELD_BACK
    texts that were overtaken by most.
    """
    since = moments_due(history)
    sent: dict[tuple[str, str], datetime] = {}
    for message in history.messages:
        key = (message.number, message.text)
        if key in since:
            sent[key] = min(message.created, sent.get(key, message.created))
    places = {key: place for place, key in enumerate(sorted(sent, key=since.__getitem__))}
    overtaken = {key: place - places[key] for place, key in enumerate(sorted(sent, key=sent.__getitem__))}
    for key in heapq.nlargest(HELD_BACK, overtaken, key=overtaken.__getitem__):
        del sent[key]
    to_come = deque(sorted(since[key] for key in sent))
    waiting: list[datetime] = []
    older = compared = 0
    for at, due in sorted((at, since[key]) for key, at in sent.items()):
        while to_come and to_come[0] <= max(at, due):
            waiting.append(to_come.popleft())
        waiting.pop(bisect.bisect_left(waiting, due))
        before = bisect.bisect_left(waiting, due - SAME)
        older += before
        compared += before + len(waiting) - bisect.bisect_right(waiting, due + SAME)
    if compared < PAIRS or older <= MOST_OLDER * compared:
        return []
    return [
        f"not oldest first: of the texts that waited while another was sent, {older / compared:.0%} had become due "
        "before it"
    ]


def count(violations: Sequence[Violation], kind: str) -> int:
    """The number of violations of one kind."""
    return sum(violation.kind == kind for violation in violations)


def percentile_of(values: Sequence[float], share: float) -> float | None:
    """A percentile with two decimals; None without values."""
    return round(percentile(values, share), 2) if values else None
