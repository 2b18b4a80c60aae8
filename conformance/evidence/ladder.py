"""The ladder: what happened between phones, RapidPro, relay and CHT, in order of time, with what repeats itself folded.

Pure: from a history to events. Polls that carry nothing are counted, not listed. So are calls that were made before and
answered in the same way, unless they are requests to send: each of these may be a text too many. Many like events at
once, such as sixty texts that become pending, are one event. What the verdict rests on is never folded away.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from conformance.evidence.entries import Entry, Scene, all_entries
from conformance.evidence.model import Event

FEW = 3
"""So many like events that are not calls are listed one by one."""
MOST = 300
"""Events that evidence keeps; those in the middle are left out first."""
AROUND = 4
"""Events that are kept before and after a decisive one."""


def ladder(scene: Scene, *, fold: bool = True) -> tuple[Event, ...]:
    """The events of a scene in order of time; without `fold`, one for each."""
    found = all_entries(scene)
    return tuple(_folded(found) if fold else (one.event for one in found))


def _folded(found: Sequence[Entry]) -> Iterator[Event]:
    """Fold runs of quiet calls, and runs of like events that are no calls."""
    quiet: list[Entry] = []
    like: list[Entry] = []
    for one in found:
        is_quiet = one.quiet and not one.event.decisive
        is_like = one.event.seq is None and not one.event.decisive
        if quiet and not is_quiet:
            yield from _without_repetition(quiet)
            quiet = []
        if like and not (is_like and one.same == like[-1].same):
            yield from _as_one(like)
            like = []
        if is_quiet:
            quiet.append(one)
        elif is_like:
            like.append(one)
        else:
            yield one.event
    yield from _without_repetition(quiet)
    yield from _as_one(like)


def _without_repetition(run: Sequence[Entry]) -> Iterator[Event]:
    """One event for all that carry the same, at the place of the first of them."""
    groups: dict[tuple[object, ...], list[Entry]] = {}
    for one in run:
        groups.setdefault(one.same, []).append(one)
    for group in groups.values():
        first, last = group[0].event, group[-1].event
        title = f"empty polls: {first.title.partition('?')[0]}" if group[0].poll else first.title
        many = len(group) > 1
        yield replace(first, title=title, count=len(group), until=last.at) if many else first


def _as_one(run: Sequence[Entry]) -> Iterator[Event]:
    """One event for all if there are many."""
    if len(run) <= FEW:
        yield from (one.event for one in run)
        return
    first, last = run[0].event, run[-1].event
    yield replace(first, count=len(run), until=last.at)


def shortest(events: Sequence[Event], most: int = MOST) -> tuple[Event, ...]:
    """At most about `most` of the events; each says how many were left out before it.

    Kept are the decisive ones with what is around them, the first ones and the last ones.
    """
    if len(events) <= most:
        return tuple(events)
    decisive = [place for place, event in enumerate(events) if event.decisive]
    near = {place for centre in _few(decisive) for place in range(centre - AROUND, centre + AROUND + 1)}
    room = max(most - len(near), most // 3)
    ends = {*range(room // 3), *range(len(events) - room + room // 3, len(events))}
    omitted, kept = 0, []
    for place, event in enumerate(events):
        omitted += event.omitted
        if place in near or place in ends:
            kept.append(replace(event, omitted=omitted))
            omitted = 0
        else:
            omitted += 1
    return tuple(kept)


def _few(decisive: Sequence[int]) -> Sequence[int]:
    """The first and the last ones of many."""
    return decisive if len(decisive) <= 2 * FEW else [*decisive[:FEW], *decisive[-FEW:]]
