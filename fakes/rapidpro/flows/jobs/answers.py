"""The answers to webhook calls that a job brings with it, in order; the last one repeats."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from fakes.rapidpro.flows.engine import Answer, NoConnection, Request

MAX_BODY = 4 * 1024 * 1024
DEFAULT = {"status": 200, "body": "{}", "headers": {"Content-Type": "application/json"}}


class CannedAnswers:
    """A `send` for the engine."""

    def __init__(self, answers: Sequence[Mapping[str, Any]]) -> None:
        self._answers = list(answers) or [DEFAULT]
        self._given: list[Mapping[str, Any]] = []
        self._seen = 0

    def taken(self) -> list[Mapping[str, Any]]:
        """The answers, as JSON, to the requests that were sent since this was last asked."""
        found, self._seen = self._given[self._seen :], len(self._given)
        return found

    def send(self, request: Request) -> Answer:
        """The next answer. NoConnection if it stands for none."""
        answer = self._answers[min(len(self._given), len(self._answers) - 1)]
        self._given.append(answer)
        if answer.get("error"):
            raise NoConnection(request.url)
        return Answer(int(answer["status"]), dict(answer.get("headers") or {}), body_of(answer))


def body_of(answer: Mapping[str, Any]) -> bytes:
    """The bytes of an answer's body, at most MAX_BODY. ValueError if its form is wrong."""
    if answer.get("body_base64") is not None:
        return base64.b64decode(answer["body_base64"], validate=True)[:MAX_BODY]
    parts = answer.get("body_parts")
    if parts is None:
        return str(answer.get("body") or "").encode("utf-8", "surrogatepass")[:MAX_BODY]
    built = b""
    for text, times in parts:
        piece = str(text).encode("utf-8", "surrogatepass")
        built += piece * min(int(times), (MAX_BODY - len(built)) // max(1, len(piece)) + 1)
    return built[:MAX_BODY]
