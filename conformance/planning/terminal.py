"""A plan for a terminal: a table with the subjects side by side, and a small plot of the texts over time."""

from __future__ import annotations

import bisect
from collections.abc import Iterator, Sequence
from itertools import pairwise

from rich.table import Table

from conformance.planning.best import best_requests, sending_impossible
from conformance.planning.calls import KINDS
from conformance.planning.question import MINUTE, Span, shown_time
from conformance.planning.result import Plan, by_kind, milestones

BEST = "best possible"
LEVELS = " ▁▂▃▄▅▆▇█"
PLOT_WIDTH = 60
MARK = "─"


def heading(plan: Plan) -> str:
    """The question in one line."""
    question = plan.question
    outages = "".join(
        f", {one.service} down {clock(plan, one.begins)} to {clock(plan, one.ends)}" for one in question.outages
    )
    return (
        f"{question.texts:,} texts at {clock(plan, 0)}, RapidPro allows {plan.quota:,} requests to send an hour, "
        f"channel {question.tps} texts a second{outages}"
    )


def table(plan: Plan) -> Table:
    """The figures of the best possible and of each subject, a column each."""
    shown = Table(show_edge=False, pad_edge=False)
    shown.add_column("")
    for name in (BEST, *(one.subject for one in plan.planned)):
        shown.add_column(name, justify="right", overflow="fold")
    for row in (*_time_rows(plan), *_request_rows(plan)):
        shown.add_row(*row)
    return shown


def _time_rows(plan: Plan) -> Iterator[Sequence[str]]:
    question = plan.question
    courses = [milestones(out, question.texts) for out in (plan.best, *(one.out for one in plan.planned))]
    for name, label in (("first", "first text out"), ("half", "half of the texts out"), ("last", "last text out")):
        yield label, *(_moment(plan, one[name]) for one in courses)
    yield "last text later than possible", "", *(_per_cent(plan.later_than_best(one)) for one in plan.planned)
    if question.by is not None:
        label = f"all out by {clock(plan, question.by)}"
        yield label, *("yes" if plan.in_time(out) else "NO" for out in (plan.best, *(one.out for one in plan.planned)))
    yield "texts out", f"{question.texts:,}", *(f"{len(one.out):,}" for one in plan.planned)


def _request_rows(plan: Plan) -> Iterator[Sequence[str]]:
    texts, fewest = plan.question.texts, best_requests(plan.question.texts)
    best = {"send": f"{texts:,}", "statuses": f"{fewest - texts:,}"}
    totals = [sum(one.requests.values()) for one in plan.planned]
    yield "requests to RapidPro", f"{fewest:,}", *(f"{one:,}" for one in totals)
    for kind, label in KINDS.items():
        yield f"  {label}", best.get(kind, "0"), *(f"{one.requests[kind]:,}" for one in plan.planned)
    yield "  for each text", f"{fewest / texts:.3f}", *(f"{one / texts:.3f}" for one in totals)
    yield "requests to CHT", "", *(f"{one.cht_requests:,}" for one in plan.planned)
    yield "throttled", "", *(_minutes(one.throttled) for one in plan.planned)
    yield "wrong", "", *(f"{len(one.violations):,}" if one.violations else "nothing" for one in plan.planned)


def sentences(plan: Plan) -> list[str]:
    """What a table cannot say: what was wrong, what is not out, what quota would do."""
    found = []
    for one in plan.planned:
        missing = plan.question.texts - len(one.out)
        if missing > 0:
            hours = one.virtual_seconds / MINUTE / MINUTE
            rest = f"; {one.unjudged:,} of them are not judged one by one" if one.unjudged else ""
            found.append(f"{one.subject}: {missing:,} texts are not out after {hours:.0f} hours{rest}")
        for kind, wrong in by_kind(one.violations).items():
            found.append(f"{one.subject}: {kind}, {len(wrong):,} in all, the first: {wrong[0].sentence}")
    return [*found, *_quota(plan)]


def _quota(plan: Plan) -> Iterator[str]:
    by = plan.question.by
    if by is None or plan.in_time(plan.best):
        return
    needed = plan.quota_needed()
    if needed is None:
        yield (
            f"no relay has all texts out by {clock(plan, by)}, and no quota changes that: "
            "the channel is too slow, or an outage too long"
        )
    else:
        yield (
            f"no relay has all texts out by {clock(plan, by)} with {plan.quota:,} requests an hour: "
            f"{needed:,} an hour are enough, or an earlier start"
        )


def text_plot(plan: Plan) -> list[str]:
    """The share of texts out over time, a line for each course, and below when nothing could be sent."""
    end = plan_end(plan)
    courses = [(BEST, plan.best), *((one.subject, one.out) for one in plan.planned)]
    bands = [("cannot send", sending_impossible(plan.question.outages))]
    bands += [(f"{one.subject} throttled", one.throttled) for one in plan.planned]
    shown = [(name, _bars(out, plan.question.texts, end)) for name, out in courses]
    shown += [(name, _marks(spans, end)) for name, spans in bands if spans]
    width = max(len(name) for name, _ in shown)
    ends = clock(plan, 0), clock(plan, end)
    axis = f"{'':{width}}  {ends[0]}{ends[1]:>{PLOT_WIDTH - len(ends[0])}}"
    return [axis, *(f"{name:{width}}  {line}".rstrip() for name, line in shown)]


def plan_end(plan: Plan) -> float:
    """When the last text of all courses is out, in whole minutes, at least one."""
    last = max(out[-1] for out in (plan.best, *(one.out for one in plan.planned)) if out)
    return (last // MINUTE + 1) * MINUTE


def _bars(out: Sequence[float], texts: int, end: float) -> str:
    counts = [bisect.bisect_right(out, end * place / PLOT_WIDTH) for place in range(1, PLOT_WIDTH + 1)]
    most = len(LEVELS) - 1
    return "".join(LEVELS[0 if not count else max(1, min(count, texts) * most // texts)] for count in counts)


def _marks(spans: Sequence[Span], end: float) -> str:
    edges = pairwise(end * place / PLOT_WIDTH for place in range(PLOT_WIDTH + 1))
    return "".join(
        MARK if any(begins < right and ends > left for begins, ends in spans) else " " for left, right in edges
    )


def clock(plan: Plan, seconds: float) -> str:
    """The time of day without seconds, so long after the start."""
    day, _, days = shown_time(seconds, plan.question.start).partition(" ")
    return f"{day[:5]} {days}".rstrip()


def _moment(plan: Plan, seconds: float | None) -> str:
    return "never" if seconds is None else shown_time(seconds, plan.question.start)


def _per_cent(value: float | None) -> str:
    return "" if value is None else f"{value:+.1f} %"


def _minutes(spans: Sequence[Span]) -> str:
    minutes = round(sum(ends - begins for begins, ends in spans) / MINUTE)
    return f"{minutes:,} min" if spans else "never"
