"""The ways in which an endpoint can answer a webhook call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from fakes.rapidpro.flows.engine import Answer, NoConnection, Request, Send

ELSEWHERE = "elsewhere.test"
"""The host to which a redirect leads."""
TOO_LARGE = 1024 * 1024 + 1
"""Bytes of an answer that neither generation reads."""
PAGE = Answer(200, {"Content-Type": "text/html; charset=utf-8"}, b"<!DOCTYPE html><title>Welcome</title>")
_MESSAGES = {400: "Message was not saved", 403: "Incorrect token", 500: "Server error"}


@dataclass(frozen=True, slots=True)
class Way:
    """One way. `acts`: the endpoint does what it is asked; `answer` changes what the caller gets."""

    name: str
    about: str
    acts: bool
    answer: Callable[[Request, Answer | None], Answer]


def _as_it_is(request: Request, real: Answer | None) -> Answer:  # noqa: ARG001 - all have the same signature
    assert real is not None, "the endpoint acts"
    return real


def _error(status: int) -> Callable[[Request, Answer | None], Answer]:
    def answer(request: Request, real: Answer | None) -> Answer:  # noqa: ARG001
        message = _MESSAGES[status]
        if _prefers_json(request):
            body = f'{{"code":{status},"error":"{message}"}}'
            return Answer(status, {"Content-Type": "application/json; charset=utf-8"}, body.encode())
        return Answer(status, {"Content-Type": "text/plain"}, message.encode())

    return answer


def _nothing(request: Request, real: Answer | None) -> Answer:  # noqa: ARG001
    raise NoConnection(request.url)


def _page(request: Request, real: Answer | None) -> Answer:  # noqa: ARG001
    return PAGE


def _starting(request: Request, real: Answer | None) -> Answer:  # noqa: ARG001
    if _prefers_json(request):
        return Answer(503, {"Content-Type": "application/json; charset=utf-8"}, b'{"error":"Service unavailable"}')
    return PAGE


def _redirect(request: Request, real: Answer | None) -> Answer:  # noqa: ARG001
    if urlsplit(request.url).hostname == ELSEWHERE:
        return PAGE
    return Answer(301, {"Location": f"https://{ELSEWHERE}{urlsplit(request.url).path}"})


def _too_large(request: Request, real: Answer | None) -> Answer:  # noqa: ARG001
    return Answer(200, {"Content-Type": "application/json"}, b" " * TOO_LARGE)


def _empty(request: Request, real: Answer | None) -> Answer:  # noqa: ARG001
    return Answer(200, {"Content-Length": "0"})


def _prefers_json(request: Request) -> bool:
    accept = next((value for name, value in request.headers.items() if name.lower() == "accept"), "")
    return accept.strip().lower().startswith("application/json")


GOOD = Way("200", "the endpoint takes it", True, _as_it_is)
WAYS: tuple[Way, ...] = (
    GOOD,
    Way("400", "it refuses the request", False, _error(400)),
    Way("403", "it refuses the token", False, _error(403)),
    Way("500", "it has a fault", False, _error(500)),
    Way("late", "it takes it, and its answer comes after the time limit", True, _nothing),
    Way("gone", "nothing answers", False, _nothing),
    Way("page", "something before it answers 200 with a page", False, _page),
    Way("starting", "CHT starts up: a page with 200, or 503 to callers that accept JSON", False, _starting),
    Way("redirect", "it answers 301 to another host, where a page is", False, _redirect),
    Way("too large", "it takes it, and answers more than the engine reads", True, _too_large),
    Way("empty", "it takes it, and answers 200 without a body", True, _empty),
)

Times = Literal["always", "once"]


class Unreliable:
    """A `send` for the engine: calls go to `real`, and are answered in a way, always or only the first time."""

    def __init__(self, way: Way, times: Times, real: Send) -> None:
        self._way = way
        self._times = times
        self._real = real
        self.calls: list[tuple[Request, Answer | None, bool, bool]] = []
        """Request, answer (None: none), whether the answer was changed, whether the endpoint acted."""

    def send(self, request: Request) -> Answer:
        """The answer. NoConnection if there is none."""
        first = not self.calls
        changed = self._way is not GOOD and (self._times == "always" or first or _is_elsewhere(request))
        acts = not changed or self._way.acts
        try:
            real = self._real(request) if acts else None
            answer = self._way.answer(request, real) if changed else _as_it_is(request, real)
        except NoConnection:
            self.calls.append((request, None, changed, acts))
            raise
        self.calls.append((request, answer, changed, acts))
        return answer


def _is_elsewhere(request: Request) -> bool:
    return urlsplit(request.url).hostname == ELSEWHERE
