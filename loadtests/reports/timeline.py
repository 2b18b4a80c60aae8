"""A run over time: charts of what went on, and bands for faults and for the subject's throttled time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from conformance.planning.calls import throttled_spans
from conformance.planning.question import Span, merged
from loadtests.reports.model import Band, Chart, Series, Timeline, elapsed, shown
from loadtests.reports.readings.bins import Bins
from loadtests.reports.readings.looks import memory, processors, series_of
from loadtests.reports.readings.of_run import Readings
from loadtests.reports.readings.quota import Scope
from loadtests.reports.readings.requests import times_over_time
from loadtests.reports.readings.waiting import Wait, depths, longest_wait, most_waiting, oldest
from loadtests.results import LoadRun

BURST = 3.0
"""Texts that come so many times as fast as they are ever done would hide how fast that is."""
EFFECTS = {"outage": "down"}
"""Shorter words for effects, in legends."""


def timeline(run: LoadRun, readings: Readings) -> Timeline:
    """The run in at most `MOST_BINS` parts."""
    bins = Bins.of(readings.seconds)
    charts = (
        _throughput(run, readings, bins),
        _times(run, bins),
        _queues(run, readings, bins),
        _oldest(readings, bins),
        _quota(readings.scopes, bins),
        *_machine(run, bins),
    )
    sending_ended = (run.ended_sending - run.began).total_seconds()
    return Timeline(bins.width, bins.moments, sending_ended, charts, tuple(_bands(run, bins)))


def _throughput(run: LoadRun, readings: Readings, bins: Bins) -> Chart:
    sent = ((text.at - run.began).total_seconds() for text in run.history.incoming_texts)
    series = (
        Series("due_per_second", "due in CHT", bins.rates(one.begins for one in readings.outgoing)),
        Series("on_phones_per_second", "on phones", bins.rates(_ends(readings.outgoing))),
        Series("sent_in_per_second", "sent by people", bins.rates(sent)),
        Series("in_cht_per_second", "in CHT", bins.rates(_ends(readings.incoming))),
    )
    about = "Texts in each second: what CHT had due and what reached phones, what people sent and what reached CHT."
    due, on_phones, sent_in, in_cht = (max(filter(None, one.values), default=0.0) for one in series)
    done = max(on_phones, in_cht)
    top = BURST / 2 * done if max(due, sent_in) > BURST * done > 0 else None
    return Chart("throughput", "Throughput", "texts a second", about, series, _highest(series, bins), top)


def _ends(waits: Sequence[Wait]) -> Iterator[float]:
    return (one.ends for one in waits if one.ends is not None and not one.given_up)


def _times(run: LoadRun, bins: Bins) -> Chart:
    measured = run.requests if run.time == "real" else ()
    series = times_over_time(measured, bins, run.began)
    about = (
        "The times of the requests that the subject answered, counted from when each was to start. So a slow answer "
        "counts for the requests behind it too."
    )
    missing = "In virtual time answers take no time." if run.time == "virtual" else "The subject answered no request."
    measured_any = any(value is not None for one in series for value in one.values)
    if measured and run.watched:
        late = "load generator late"
        lag = series_of(run.watched, bins, run.began, "generator_late_ms", late, lambda look: look.lag_ms)
        series = (*series, lag)
    return Chart("latency", "Request times", "ms", about, series, _highest(series, bins) if measured_any else missing)


def _queues(run: LoadRun, readings: Readings, bins: Bins) -> Chart:
    series = (
        Series("waiting_for_phones", "due in CHT, on no phone", depths(readings.outgoing, bins.moments)),
        Series("waiting_for_cht", "accepted, not in CHT", depths(readings.incoming, bins.moments)),
        *_in_channel(run, bins),
    )
    about = "Texts that waited: those from CHT until they were on their phones, accepted ones until CHT had them."
    peaks = zip(series[:2], map(most_waiting, (readings.outgoing, readings.incoming)), strict=True)
    most = "; ".join(f"{one.label} {count:,} at {elapsed(at or 0)}" for one, (count, at) in peaks if count)
    return Chart("queues", "Waiting texts", "texts", about, series, f"Most: {most}." if most else "No text waited.")


def _in_channel(run: LoadRun, bins: Bins) -> Iterator[Series]:
    if run.watched:
        label = "in RapidPro's channel"
        yield series_of(run.watched, bins, run.began, "channel_queue", label, lambda look: look.channel_queue)


def _oldest(readings: Readings, bins: Bins) -> Chart:
    series = (
        Series("oldest_for_phones_s", "due in CHT, on no phone", oldest(readings.outgoing, bins.moments)),
        Series("oldest_for_cht_s", "accepted, not in CHT", oldest(readings.incoming, bins.moments)),
    )
    about = "How long the text had waited that had waited longest, of those that still waited."
    sides = zip(series, (readings.outgoing, readings.incoming), strict=True)
    longest = ((one.label, longest_wait(waits, readings.seconds)) for one, waits in sides)
    words = "; ".join(f"{label} {shown(seconds)} s" for label, seconds in longest if seconds is not None)
    summary = f"Longest: {words}." if words else "No text waited."
    return Chart("oldest", "Age of the oldest waiting text", "s", about, series, summary)


def _quota(found: Sequence[Scope], bins: Bins) -> Chart:
    used = [one for one in found if (one.granted or one.refused) and one.limited]
    series = tuple(
        Series(
            f"quota_left_{one.name}",
            f"{one.name}: {one.rate}",
            tuple(round(100 * one.left(at) / one.allowed, 2) if one.allowed else 0.0 for at in bins.moments),
        )
        for one in used
    )
    about = (
        "What was left of RapidPro's quota, in per cent of each scope's rate, counted as RapidPro counts: all granted "
        "requests within the window that has just passed. After a 429 nothing is left until its Retry-After is over."
    )
    unlimited = bool(found) and not any(one.limited for one in found)
    nothing = "RapidPro's quota was unlimited." if unlimited else "No quota was used."
    fewest = [(one.name, *one.fewest()) for one in used]
    lowest = "; ".join(f"{name} {left:,} at {elapsed(at or 0)}" for name, left, at in fewest)
    summary = f"Fewest left: {lowest}." if lowest else nothing
    return Chart("quota", "Quota left", "% of the rate", about, series, summary)


def _machine(run: LoadRun, bins: Bins) -> Iterator[Chart]:
    """What the processes needed, if somebody looked."""
    if not run.watched:
        return
    series = processors(run.watched, bins, run.began)
    about = "How busy the processes were: 100 % is one core; of the machine, 100 % is all of its cores."
    yield Chart("processors", "Processor time", "%", about, series, _highest(series, bins))
    series = memory(run.watched, bins, run.began)
    yield Chart("memory", "Memory", "MB", "Resident memory of the processes.", series, _highest(series, bins))


def _highest(series: Sequence[Series], bins: Bins) -> str:
    """The highest value of each line, and when."""
    found = []
    for one in series:
        pairs = [(value, -at) for value, at in zip(one.values, bins.moments, strict=True) if value is not None]
        if pairs and max(pairs)[0] > 0:
            value, at = max(pairs)
            found.append(f"{one.label} {shown(value)} at {elapsed(-at)}")
        else:
            found.append(f"{one.label} none")
    return f"Highest: {'; '.join(found)}."


def _bands(run: LoadRun, bins: Bins) -> Iterator[Band]:
    end = bins.moments[-1]
    for fault in run.faults:
        begins, ends = ((at - run.began).total_seconds() for at in (fault.begins, fault.ends))
        yield Band(
            fault.service, f"{fault.service} {EFFECTS.get(fault.effect, fault.effect)}", *_within(begins, ends, end)
        )
    for begins, ends in _near(throttled_spans(run.exchanges, run.began), bins.width):
        yield Band("", "subject throttled", *_within(begins, ends, end))


def _near(spans: Sequence[Span], gap: float) -> Sequence[Span]:
    """The spans with those as one that are no part of the run apart: there are no more of them than parts."""
    return [(begins, round(ends - gap, 3)) for begins, ends in merged((begins, ends + gap) for begins, ends in spans)]


def _within(begins: float, ends: float, end: float) -> Span:
    return max(0.0, min(begins, end)), max(0.0, min(ends, end))
