"""One HTTP call, done carefully: time limits, no redirects, a bounded answer, and a clear "did it happen?"."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from math import ceil
from typing import Any

import requests
from urllib3.exceptions import HTTPError, NewConnectionError

from relay.messages import Trouble

TIMEOUT = (5, 20)
"""Seconds to connect, and to wait for each piece of the answer."""
WHOLE_ANSWER = 60
"""Seconds for the whole answer, however small its pieces."""
LARGEST_ANSWER = 16 * 1024 * 1024
LONGEST_WAIT = 24 * 3600.0


@dataclass(frozen=True)
class Answer:
    """A whole answer."""

    status: int
    body: bytes
    retry_after: str | None

    def json(self) -> Any:
        """The body parsed, or None when it is not JSON."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return None


def call(session: Any, now: Callable[[], float], method: str, url: str, **how: Any) -> Answer:
    """Make the call. Raises Trouble when there is no whole answer, and for answers that mean "not now"."""
    started = now()
    try:
        with session.request(method, url, timeout=TIMEOUT, allow_redirects=False, stream=True, **how) as response:
            body = bytearray()
            for piece in response.iter_content(65536):
                body += piece
                if len(body) > LARGEST_ANSWER or now() - started > WHOLE_ANSWER:
                    raise Trouble("the answer is too long or too slow")
            answer = Answer(response.status_code, bytes(body), response.headers.get("Retry-After"))
    except (requests.RequestException, HTTPError, OSError) as error:
        raise _no_answer(error) from None
    return _judged(answer, now())


def _judged(answer: Answer, now: float) -> Answer:
    if answer.status == 429:
        raise Trouble("throttled (429)", happened=False, wait=_wait(answer.retry_after, now))
    if answer.status in {401, 403}:
        raise Trouble(f"the token or password is refused ({answer.status})", happened=False, slow=True)
    if 300 <= answer.status < 400:
        raise Trouble(f"answered with a redirect ({answer.status}): is the address right?", slow=True)
    return answer


def _no_answer(error: Exception) -> Trouble:
    """Before the request could leave it certainly did not happen; afterwards nobody knows."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    unsent = isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)
    cause = "cannot be reached" if unsent else "no whole answer"
    return Trouble(f"{cause} ({type(error).__name__})", happened=False if unsent else None)


def _wait(retry_after: str | None, now: float) -> float:
    """Seconds out of a Retry-After header: whole seconds or an HTTP date; 60 when it is missing or unreadable."""
    try:
        seconds = float(ceil(float(retry_after or "")))
    except (ValueError, OverflowError):
        try:
            seconds = parsedate_to_datetime(retry_after or "").timestamp() - now
        except (ValueError, TypeError):
            seconds = 60.0
    return min(max(seconds, 1.0), LONGEST_WAIT)


def moment(value: Any) -> float | None:
    """An ISO time of RapidPro's as seconds since 1970, or None."""
    try:
        found = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return None
    return found.timestamp() if found.tzinfo else None
