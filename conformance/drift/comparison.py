"""How the answers of a live service differ from the recorded ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from conformance.drift.questions import Answer

LONGEST_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Difference:
    """A sentence about what is not as recorded, and the names of the questions where it was seen."""

    what: str
    seen_at: tuple[str, ...]

    def __str__(self) -> str:
        return f"{', '.join(self.seen_at)}: {self.what}"


@dataclass(frozen=True, slots=True)
class DriftResult:
    """The result of a check; its fields are the keys of `drift --json`.

    `fits` are the closest recorded versions, all equally close; `differences` are from these.
    """

    service: str
    url: str
    fits: tuple[str, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]
    """What could not be checked, and what else is worth knowing."""
    requests: int


def media_type(answer: Answer) -> str:
    """The content type without its parameters, in lower case."""
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


def differing_kind(got: Answer, known: Answer) -> Iterator[str]:
    """A sentence if there was no answer, or another status or content type: then nothing else need be compared."""
    if got.failure is not None:
        yield f"no answer ({got.failure})"
    elif got.status != known.status:
        yield f"status {got.status}, recorded: {known.status}"
    elif media_type(got) != media_type(known):
        live, expected = (one.headers.get("content-type", "none") for one in (got, known))
        yield f"content type {live[:LONGEST_SHOWN]!r}, recorded: {expected!r}"


def differing_headers(got: Answer, known: Answer, names: Iterable[str]) -> Iterator[str]:
    """Sentences about headers of these names (lower case) that are not as recorded. Lists are compared as sets."""
    for name in names:
        expected, live = known.headers.get(name), got.headers.get(name)
        if name == "vary" and expected is not None and live is not None:  # a proxy in front may add to it
            if not _words(expected) <= _words(live):
                yield f"header {name}: {live!r}, recorded: at least {expected!r}"
        elif (expected is None) != (live is None) or (expected and live and _words(expected) != _words(live)):
            shown = "missing" if live is None else repr(live[:LONGEST_SHOWN])
            yield f"header {name}: {shown}, recorded: {'none' if expected is None else repr(expected)}"


def differing_text(got: Answer, known: Answer) -> Iterator[str]:
    """A sentence if the bodies differ. Only for bodies that are the same for everybody."""
    if _content(got) != _content(known):
        yield f"says {shortened(got.body)}, recorded: {shortened(known.body)}"


def differing_answer(
    got: Answer, known: Answer, headers: Iterable[str], differing_content: Callable[[], Iterator[str]]
) -> Iterator[str]:
    """Sentences about an answer: its kind, or if that is as recorded, these headers and the content."""
    if other_kind := next(differing_kind(got, known), None):
        yield other_kind
    else:
        yield from differing_headers(got, known, headers)
        yield from differing_content()


def merged(found: Iterable[tuple[str, str]]) -> tuple[Difference, ...]:
    """Differences from (question, sentence) pairs; equal sentences become one."""
    places: dict[str, dict[str, None]] = {}
    for question, sentence in found:
        places.setdefault(sentence, {})[question] = None
    return tuple(Difference(sentence, tuple(seen)) for sentence, seen in places.items())


def shortened(body: bytes) -> str:
    """The beginning of a body, on one line."""
    text = " ".join(body[: 4 * LONGEST_SHOWN].decode("utf-8", "replace").split())
    return repr(text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…")


def _content(answer: Answer) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.body.strip()


def _words(value: str) -> frozenset[str]:
    return frozenset(word.strip().lower() for word in value.replace(";", ",").split(","))
