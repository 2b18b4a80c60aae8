"""Questions to a service, and its answers: from the live service, and from the fake that stands for the recordings.

Only a few GETs are sent. The fakes are tested against the recordings, so the same questions are put to a fake in this
process (`recorded_answers`).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import requests
from requests.utils import default_user_agent

from conformance.verdicts import HarnessBroken
from fakes.serving.wsgi import WSGIApp, build_environ, call

TIMEOUT = 30.0
MOST_REQUESTS = 12
"""The most requests that a check of a service sends."""
Credential = Literal["right", "wrong", "none"]


@dataclass(frozen=True, slots=True)
class Question:
    """One GET. `name` identifies it in the result; `accept` is its Accept header."""

    name: str
    path: str
    query: str = ""
    credential: Credential = "right"
    accept: str = "application/json"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question; header names are in lower case. With a `failure` there was none, and status is 0."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    failure: str | None = None

    def json(self) -> Any:
        """The body as JSON. ValueError if it is not JSON."""
        try:
            return json.loads(self.body)
        except RecursionError:
            raise ValueError("nested too deep") from None

    def json_object(self) -> dict[str, Any] | None:
        """The body as a JSON object. None if it is anything else."""
        try:
            found = self.json()
        except ValueError:
            return None
        return found if isinstance(found, dict) else None


Headers = Callable[[Credential], Mapping[str, str]]


class LiveService:
    """The service at `url`: puts questions to it with the headers of a credential, and counts them.

    `name` is how messages call it.
    """

    def __init__(self, session: requests.Session, url: str, authorization: Headers, name: str = "service") -> None:
        self._session = session
        self.url = url.rstrip("/")
        self.name = f"the {name} at {self.url}"
        self._authorization = authorization
        self.asked = 0

    def __call__(self, question: Question) -> Answer:
        if self.asked >= MOST_REQUESTS:
            raise AssertionError(f"a check of a service sends at most {MOST_REQUESTS} requests")
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
            return Answer(0, failure=type(failure).__name__)  # its text may contain the credential
        return Answer(got.status_code, {name.lower(): value for name, value in got.headers.items()}, got.content)

    def ask_all(self, questions: Iterable[Question], check: Callable[[Question, Answer], bool]) -> dict[str, Answer]:
        """The answers by name of the question. `check` gets each answer and returns whether to continue."""
        answers: dict[str, Answer] = {}
        for question in questions:
            answers[question.name] = self(question)
            if not check(question, answers[question.name]):
                break
        return answers

    def check_reached(self, answer: Answer) -> None:
        """HarnessBroken if there was no answer, or a redirect, which is not followed."""
        if answer.failure is not None:
            raise HarnessBroken(f"{self.name} cannot be reached ({answer.failure})")
        if 300 <= answer.status < 400:
            location = answer.headers.get("location")
            raise HarnessBroken(f"{self.name} redirects to {location}: use that address if it is the right one")


def authorization(right: str, wrong: str) -> Headers:
    """The Authorization header for each credential: `right`, `wrong`, or none."""
    values = {"right": right, "wrong": wrong}
    return lambda credential: {"Authorization": values[credential]} if credential in values else {}


def recorded_answers(app: WSGIApp, questions: Iterable[Question], authorization: Headers) -> dict[str, Answer]:
    """The answers of the fake `app` to the questions, by their names."""
    answers = {}
    for one in questions:
        headers = {"Accept": one.accept, "User-Agent": default_user_agent(), **authorization(one.credential)}
        reply = call(app, build_environ("GET", one.path, one.query, headers, b""))
        answers[one.name] = Answer(reply.status, {name.lower(): value for name, value in reply.headers}, reply.body)
    return answers
