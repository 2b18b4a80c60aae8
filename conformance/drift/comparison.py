"""Whether a live service still answers as it was recorded to answer: what is asked, and how two answers are compared.

Only GETs, few of them. What is recorded is held by the fakes, which are tested against the recordings: the same
questions are put to a fake in this process (`recorded`), and its answers are what the live ones are compared with.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import requests

from fakes.serving.wsgi import WSGIApp, build_environ, call

TIMEOUT = 30.0
MOST_REQUESTS = 12
"""No look at a service asks more than this."""
LONGEST_SHOWN = 120
Credential = Literal["right", "wrong", "none"]


@dataclass(frozen=True, slots=True)
class Question:
    """One GET. `name` is how it is called in the result; `accept` None sends what accepts anything."""

    name: str
    path: str
    query: str = ""
    credential: Credential = "right"
    accept: str = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came: header names in lower case. With a `failure` nothing came, and the status is 0."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    failure: str | None = None

    def json(self) -> Any:
        """The JSON of the body. ValueError if it is none."""
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("nested too deep") from None


@dataclass(frozen=True, slots=True)
class Difference:
    """A sentence about what is not as recorded, and the questions at which it was seen."""

    what: str
    seen_at: tuple[str, ...]

    def __str__(self) -> str:
        return f"{', '.join(self.seen_at)}: {self.what}"


@dataclass(frozen=True, slots=True)
class Look:
    """The result. `fits`: the recorded versions that it is closest to, all equally close; `differences` from these."""

    service: str
    url: str
    fits: tuple[str, ...]
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]
    """What could not be seen, and what is worth knowing."""
    requests: int


Ask = Callable[[Question], Answer]
Headers = Callable[[Credential], Mapping[str, str]]


class Live:
    """Puts questions to the service at `url`, with the headers of a credential; counts them."""

    def __init__(self, session: requests.Session, url: str, authorization: Headers) -> None:
        self._session = session
        self.url = url.rstrip("/")
        self._authorization = authorization
        self.asked = 0

    def __call__(self, question: Question) -> Answer:
        if self.asked >= MOST_REQUESTS:
            raise AssertionError(f"a look at a service asks at most {MOST_REQUESTS} questions")
        self.asked += 1
        query = f"?{question.query}" if question.query else ""
        try:
            got = self._session.get(
                f"{self.url}{question.path}{query}",
                headers={"Accept": question.accept, **self._authorization(question.credential)},
                timeout=TIMEOUT,
                allow_redirects=False,
            )
        except requests.RequestException as failure:
            return Answer(0, failure=type(failure).__name__)  # its text may hold the credential
        return Answer(got.status_code, {name.lower(): value for name, value in got.headers.items()}, got.content)


def recorded(app: WSGIApp, questions: Iterable[Question], authorization: Headers) -> dict[str, Answer]:
    """What the fake `app` answers to the questions, by their names."""
    answers = {}
    for one in questions:
        headers = {"Accept": one.accept, **authorization(one.credential)}
        reply = call(app, build_environ("GET", one.path, one.query, headers, b""))
        answers[one.name] = Answer(reply.status, {name.lower(): value for name, value in reply.headers}, reply.body)
    return answers


def media_type(answer: Answer) -> str:
    """The content type without its parameters, in lower case."""
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()


def differing_kind(got: Answer, known: Answer) -> Iterator[str]:
    """A sentence if nothing, another status or another kind of answer came: then nothing else need be compared."""
    if got.failure is not None:
        yield f"no answer ({got.failure})"
    elif got.status != known.status:
        yield f"status {got.status}, recorded: {known.status}"
    elif media_type(got) != media_type(known):
        theirs, mine = (one.headers.get("content-type", "none") for one in (got, known))
        yield f"content type {theirs[:LONGEST_SHOWN]!r}, recorded: {mine!r}"


def differing_headers(got: Answer, known: Answer, names: Iterable[str]) -> Iterator[str]:
    """Sentences on headers of these names (lower case) that are not as recorded. Lists are compared as sets."""
    for name in names:
        mine, theirs = known.headers.get(name), got.headers.get(name)
        if name == "vary" and mine is not None and theirs is not None:  # whatever stands in front may add to it
            if not _words(mine) <= _words(theirs):
                yield f"header {name}: {theirs!r}, recorded: at least {mine!r}"
        elif (mine is None) != (theirs is None) or (mine and theirs and _words(mine) != _words(theirs)):
            shown = "missing" if theirs is None else repr(theirs[:LONGEST_SHOWN])
            yield f"header {name}: {shown}, recorded: {'none' if mine is None else repr(mine)}"


def differing_text(got: Answer, known: Answer) -> Iterator[str]:
    """A sentence if the bodies, which are the same for everybody, say something else."""
    if _meaning(got) != _meaning(known):
        yield f"says {shortened(got.body)}, recorded: {shortened(known.body)}"


def gathered(found: Iterable[tuple[str, str]]) -> tuple[Difference, ...]:
    """(question, sentence) pairs with equal sentences brought together."""
    places: dict[str, dict[str, None]] = {}
    for question, sentence in found:
        places.setdefault(sentence, {})[question] = None
    return tuple(Difference(sentence, tuple(seen)) for sentence, seen in places.items())


def shortened(body: bytes) -> str:
    """The beginning of a body, on one line."""
    text = " ".join(body[: 4 * LONGEST_SHOWN].decode("utf-8", "replace").split())
    return repr(text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…")


def _meaning(answer: Answer) -> Any:
    try:
        return answer.json()
    except ValueError:
        return answer.body.strip()


def _words(value: str) -> frozenset[str]:
    return frozenset(word.strip().lower() for word in value.replace(";", ",").split(","))
