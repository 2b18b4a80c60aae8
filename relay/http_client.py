"""One careful HTTP call: timeouts, no redirects, a size limit, and errors that say whether it may have been done."""

from __future__ import annotations

import json
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from math import ceil
from types import MappingProxyType
from typing import Any

import requests
from urllib3.exceptions import HTTPError, NewConnectionError

from relay.models import CallError

TIMEOUT = (5, 20)
"""Seconds to connect, and to wait for each part of the response."""
MAX_RESPONSE_SECONDS = 60
"""Limit for the whole response, however fast its parts arrive."""
MAX_RESPONSE_BYTES = 16 * 1024 * 1024
MAX_RETRY_AFTER = 24 * 3600.0
# CHT requires exactly this Content-Type, without a charset, and Accept decides what it answers while it starts up.
HEADERS = MappingProxyType({"Content-Type": "application/json", "Accept": "application/json"})


def call(
    session: Any, now: Callable[[], float], method: str, url: str, *, body: Any = None, **options: Any
) -> tuple[int, dict[str, Any]]:
    """The status of the response and the JSON object in it, or an empty one if it contains none.

    Raises CallError if there is no complete response, or if its status means that the server does not act now.
    """
    started = now()
    options |= {"timeout": TIMEOUT, "allow_redirects": False, "stream": True, "headers": HEADERS}
    data = None if body is None else json.dumps(body).encode()
    try:
        with session.request(method, url, data=data, **options) as response:
            content = bytearray()
            for chunk in response.iter_content(65536):
                content += chunk
                if len(content) > MAX_RESPONSE_BYTES or now() - started > MAX_RESPONSE_SECONDS:
                    raise CallError("the response is too large or too slow")
    except (requests.RequestException, HTTPError, OSError) as error:
        raise _connection_error(error) from None
    status = response.status_code
    if status == 429:
        retry_after = _seconds(response.headers.get("Retry-After"), now())
        raise CallError("throttled (429)", outcome_unknown=False, retry_after=retry_after)
    if status in {401, 403}:
        raise CallError(f"refused the token or password ({status})", outcome_unknown=False, needs_admin=True)
    if 300 <= status < 400:
        raise CallError(f"answered with a redirect ({status}): is the address right?", needs_admin=True)
    return status, _json_object(content)


def _json_object(content: bytes | bytearray) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _connection_error(error: Exception) -> CallError:
    """Without a connection the request was certainly not sent. Later errors leave the outcome unknown."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    unsent = isinstance(error, requests.ConnectTimeout) or isinstance(reason, NewConnectionError)
    cause = "cannot be reached" if unsent else "no complete response"
    return CallError(f"{cause} ({type(error).__name__})", outcome_unknown=not unsent)


def _seconds(retry_after: str | None, now: float) -> float:
    """Seconds from a Retry-After header: whole seconds or an HTTP date; 60 if it is missing or unreadable."""
    try:
        seconds = float(ceil(float(retry_after or "")))
    except (ValueError, OverflowError):
        try:
            seconds = parsedate_to_datetime(retry_after or "").timestamp() - now
        except (ValueError, TypeError):
            seconds = 60.0
    return min(max(seconds, 1.0), MAX_RETRY_AFTER)
