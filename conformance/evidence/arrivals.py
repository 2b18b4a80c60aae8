"""How many texts arrived, which did not, and which did too often: reports in CHT, texts on phones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from conformance.checks.incoming import incoming_duplicated
from conformance.checks.outgoing import NOT_SENT, arrived_texts, outgoing_duplicated
from conformance.checks.violation import Violation
from conformance.evidence.entries import Scene
from conformance.evidence.model import Arrivals
from conformance.evidence.words import quoted
from conformance.history.model import IncomingText, Outcome
from conformance.history.others import own_reports
from conformance.history.words import often

MOST = 100
"""How many missing texts are named, and how many that arrived too often."""
Key = tuple[str, str]


def arrivals(scene: Scene) -> tuple[Arrivals, ...]:
    """For each direction in which there were texts. `in`: those that the relay accepted, or may have accepted; `out`:
    those that CHT has to send."""
    return tuple(one for one in (_in(scene), _out(scene)) if one.expected)


def arrived(one: Arrivals) -> str:
    """How many arrived, in words."""
    what = "as reports in CHT" if one.direction == "in" else "on phones"
    return f"{one.arrived} of {one.expected} {'text' if one.expected == 1 else 'texts'} arrived {what}"


def _in(scene: Scene) -> Arrivals:
    accepted = list(_accepted(scene.history.incoming_texts))
    there = Counter((one.number, one.text) for one in scene.history.reports)
    missing = [f"{quoted(text)} from {scene.name(number)}" for number, text in _missing(accepted, there)]
    stored = Counter((one.number, one.text) for one in own_reports(scene.history))
    repeated = [
        f"{quoted(text)} from {scene.name(number)} ({count})"
        for number, text, count in _repeated(incoming_duplicated(scene.history), stored)
    ]
    return _counted("in", len(accepted), missing, repeated)


def _counted(direction: str, expected: int, missing: Sequence[str], repeated: Sequence[str]) -> Arrivals:
    return Arrivals(direction, expected, expected - len(missing), tuple(missing[:MOST]), tuple(repeated[:MOST]))


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
    sent = arrived_texts(scene.history)
    repeated = [
        f"{quoted(text)} for {scene.name(number)} ({count})"
        for number, text, count in _repeated(outgoing_duplicated(scene.history), sent)
    ]
    return _counted("out", len(due), missing, repeated)


def _missing(expected: Iterable[Key], there: Counter[Key]) -> Iterator[Key]:
    left = there.copy()
    for key in expected:
        left[key] -= 1
        if left[key] < 0:
            yield key


def _repeated(found: Iterable[Violation], there: Counter[Key]) -> Iterator[tuple[str, str, str]]:
    """Number and text of each violation, and how often the text is there."""
    for one in found:
        if one.number is not None and one.text is not None:
            yield one.number, one.text, often(there[one.number, one.text])
