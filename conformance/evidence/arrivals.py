"""How many texts arrived, and which did not: reports in CHT, texts on phones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from conformance.checks.outgoing import NOT_SENT
from conformance.evidence.entries import Scene
from conformance.evidence.model import Arrivals
from conformance.evidence.words import quoted
from conformance.history.model import IncomingText, Outcome

MOST = 100
"""How many missing texts are named."""
Key = tuple[str, str]


def arrivals(scene: Scene) -> tuple[Arrivals, ...]:
    """For each direction in which there were texts. `in`: those that the relay accepted, or may have accepted; `out`:
    those that CHT has to send."""
    return tuple(one for one in (_in(scene), _out(scene)) if one.expected)


def arrived(one: Arrivals) -> str:
    """How many arrived, in words."""
    what = "texts are reports in CHT" if one.direction == "in" else "texts are on phones"
    return f"{one.arrived} of {one.expected} {what}"


def _in(scene: Scene) -> Arrivals:
    accepted = list(_accepted(scene.history.incoming_texts))
    there = Counter((one.number, one.text) for one in scene.history.reports)
    missing = [f"{quoted(text)} from {scene.name(number)}" for number, text in _missing(accepted, there)]
    return Arrivals("in", len(accepted), len(accepted) - len(missing), tuple(missing[:MOST]))


def _accepted(texts: Iterable[IncomingText]) -> Iterator[Key]:
    """Each text once, however often RapidPro redelivered it."""
    seen: set[tuple[str, str, str]] = set()
    for text in texts:
        if text.outcome is not Outcome.REFUSED and (text.id, text.number, text.text) not in seen:
            seen.add((text.id, text.number, text.text))
            yield text.number, text.text


def _out(scene: Scene) -> Arrivals:
    due = [text for text in scene.history.outgoing_texts if text.state not in NOT_SENT]
    state = {(text.number, text.text): text.state for text in due}
    keys = [(text.number, text.text) for text in due]
    there = Counter((one.number, one.text) for one in scene.history.arrivals)
    missing = [
        f"{quoted(text)} for {scene.name(number)} ({state[number, text]} in CHT)"
        for number, text in _missing(keys, there)
    ]
    return Arrivals("out", len(due), len(due) - len(missing), tuple(missing[:MOST]))


def _missing(expected: Iterable[Key], there: Counter[Key]) -> Iterator[Key]:
    left = there.copy()
    for key in expected:
        left[key] -= 1
        if left[key] < 0:
            yield key
