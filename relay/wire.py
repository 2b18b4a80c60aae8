"""One HTTP call, done carefully: time limits, no redirects, a bounded answer, and a clear "did it happen?"."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from math import ceil
from types import MappingProxyType
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
# For CHT the type must be exactly this, a charset is refused; and Accept decides what it says while it starts.
HEADERS = MappingProxyType({"Content-Type": "application/json", "Accept": "application/json"})


def call(
    session: Any, now: Callable[[], float], method: str, url: str, *, body: Any = None, **how: Any
) -> tuple[int, dict[str, Any]]:
    """The status of the answer and the JSON object in it, empty when it is none.

    Raises Trouble when there is no whole answer, and for answers that mean "not now".
    """
    started = now()
    how |= {"timeout": TIMEOUT, "allow_redirects": False, "stream": True, "headers": HEADERS}
    data = None if body is None else json.dumps(body).encode()
    try:
        with session.request(method, url, data=data, **how) as response:
            answer = bytearray()
            for piece in response.iter_content(65536):
                answer += piece
                if len(answer) > LARGEST_ANSWER or now() - started > WHOLE_ANSWER:
                    raise Trouble("the answer is too long or too slow")
    except (requests.RequestException, HTTPError, OSError) as error:
        raise _no_answer(error) from None
    status = response.status_code
    if status == 429:
        raise Trouble("throttled (429)", happened=False, wait=_wait(response.headers.get("Retry-After"), now()))
    if status in {401, 403}:
        raise Trouble(f"the token or password is refused ({status})", happened=False, slow=True)
    if 300 <= status < 400:
        raise Trouble(f"answered with a redirect ({status}): is the address right?", slow=True)
    return status, _object(answer)


def _object(answer: bytes | bytearray) -> dict[str, Any]:
    try:
        found = json.loads(answer)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


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
