"""The client for RapidPro's API v2: sends broadcasts, lists broadcasts and messages (rapidpro temba/api/v2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from relay.http_client import Http, parse_date
from relay.models import CallError, Record, TextRefused
from relay.policy import DAY, HOUR, MAX_PAGES
from relay.settings import Settings


def escape_expressions(text: str) -> str:
    """`text` escaped so that RapidPro, which evaluates `@` expressions in broadcasts, delivers it unchanged.

    `@@` is a literal `@` in any position (goflow excellent/scanner.go), so doubling is right for e-mail addresses too.
    """
    return text.replace("@", "@@")


class RapidProClient:
    """Makes the relay's calls to RapidPro. The listing methods raise CallError."""

    def __init__(self, settings: Settings, http: Http) -> None:
        self._http = http
        self._base = f"{settings.rapidpro_url}/api/v2"
        self._token = f"Token {settings.rapidpro_token}".encode()
        self._shown: float | None = None
        self._asked_at = 0.0

    def earliest_now(self) -> float:
        """What RapidPro's clock showed within the hour, less an hour: its servers' clocks may differ. Raises CallError.

        The relay's clock says nothing about it. It counts only for a RapidPro whose responses have no date.
        """
        if self._http.now() - self._asked_at > HOUR:
            self._request("GET", "workspace")  # whatever it answers, its date counts
        return self._http.now() - DAY if self._shown is None else self._shown - HOUR

    def send(self, phone: str, content: str) -> Record:
        """Send one broadcast to one phone. Raises TextRefused or CallError."""
        body = {"urns": [f"tel:{phone}"], "text": escape_expressions(content)}
        status, answer = self._request("POST", "broadcasts", body=body)
        # Only the id of a broadcast proves success, and only a 400 with errors proves failure.
        if status in {200, 201, 202} and (broadcast := _broadcast(answer)).ids:
            return broadcast
        if status != 400 or not answer:
            raise CallError(f"answered {status}, outcome unknown")
        errors = str(answer.get("non_field_errors", ""))
        if "suspended" in errors or "flagged" in errors:
            raise CallError("the workspace is suspended (400)", outcome_unknown=False, needs_admin=True)
        raise TextRefused(_refusal_reason(answer, content))

    def broadcasts(self, after: float) -> Iterator[list[Record]]:
        """Pages of broadcasts created since `after`, newest first; one request per page."""
        return self._pages("broadcasts", _broadcast, {"after": _iso(after)})

    def messages(self, broadcast_id: str | None, after: float | None, before: float | None) -> Iterator[list[Record]]:
        """Pages of outgoing messages, newest first: of one broadcast, or created from `after` to `before` inclusive."""
        query = {"broadcast": broadcast_id, "after": after and _iso(after), "before": before and _iso(before)}
        return self._pages("messages", _message, {name: value for name, value in query.items() if value})

    def _pages(self, endpoint: str, parse: Callable[[Any], Record | None], query: Any) -> Iterator[list[Record]]:
        for _ in range(MAX_PAGES):
            status, answer = self._request("GET", endpoint, params=query)
            if status != 200 or not isinstance(answer.get("results"), list):
                raise CallError(f"answered {status} without a list")
            yield [record for row in answer["results"] if isinstance(row, dict) and (record := parse(row))]
            # Only the query string of the next page's URL is used, so the token is never sent to another host.
            query = dict(parse_qsl(urlsplit(str(answer.get("next") or "")).query))
            if not query:
                return
        raise CallError(f"its list of {endpoint} has more than {MAX_PAGES} pages")

    def _request(self, method: str, endpoint: str, **options: Any) -> tuple[int, dict[str, Any]]:
        url = f"{self._base}/{endpoint}.json"
        status, answer, date = self._http.call(method, url, auth=self._authorize, **options)
        self._shown, self._asked_at = date or self._shown, self._http.now()
        return status, answer

    def _authorize(self, request: Any) -> Any:
        """Passed as `auth` instead of a plain header, which an entry in .netrc would replace."""
        request.headers["Authorization"] = self._token
        return request


def _refusal_reason(errors: dict[str, Any], content: str) -> str:
    """RapidPro's errors in words that a health worker can act on."""
    words = " ".join(_strings(errors))
    limit = re.search(r"no more than (\d+) characters", words)
    if limit:
        length = len(escape_expressions(content).strip())
        return f"The text is too long for SMS: {length} characters, at most {limit[1]}."
    if "urns" in errors:
        return "The phone number is not valid: check it, with its country code."
    return f"RapidPro refused the text: {words or 'it gave no reason'}"[:300]


def _strings(value: Any) -> list[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [string for item in value for string in _strings(item)]
    return [value] if isinstance(value, str) else []


def _broadcast(row: dict[str, Any]) -> Record:
    return _record(row, _id(row.get("uuid")), _id(row.get("id")))


def _message(row: dict[str, Any]) -> Record | None:
    uuid, id_ = _id(row.get("uuid")), _id(row.get("id"))
    if row.get("direction") != "out" or not (uuid or id_):
        return None
    return _record(row, uuid or f"message {id_}", _id(row.get("broadcast")))


def _record(row: dict[str, Any], ref: str | None, broadcast_id: str | None) -> Record:
    urns, text = row.get("urns", [row.get("urn")]), row.get("text")
    return Record(
        ref=ref,
        broadcast_id=broadcast_id,
        urns=tuple(str(urn) for urn in urns) if isinstance(urns, list) and None not in urns else None,
        texts=tuple(str(shown or "") for shown in (text.values() if isinstance(text, dict) else [text])),
        created_on=parse_date(row.get("created_on"), datetime.fromisoformat),
        status=str(row.get("status") or ""),
        has_channel=row.get("channel", True) is not None,
    )


def _id(value: Any) -> str | None:
    """An id or uuid as a string; None for anything else."""
    return str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) and value != "" else None


def _iso(timestamp: float) -> str:
    """An ISO time without `+`, which RapidPro would read as a blank and answer with an empty list."""
    return datetime.fromtimestamp(timestamp, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
