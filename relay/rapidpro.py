"""RapidPro as the relay sees it: API v2, broadcasts out, messages back (rapidpro temba/api/v2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from relay.messages import Record, Refused, Trouble
from relay.settings import Settings
from relay.wire import call, moment

SHOWS_A_BROADCAST = {"id", "uuid", "urns", "text", "created_on"}


def escaped(text: str) -> str:
    """`text` so that RapidPro, which evaluates `@` expressions in broadcasts, delivers it letter for letter.

    `@@` is a literal `@` wherever it stands (goflow excellent/scanner.go), so doubling is right for
    e-mail addresses too.
    """
    return text.replace("@", "@@")


class RapidPro:
    """The client. Reading methods raise Trouble."""

    def __init__(self, settings: Settings, session: Any, now: Callable[[], float]) -> None:
        self._session, self._now = session, now
        self._base = f"{settings.rapidpro_url}/api/v2"
        self._token = f"Token {settings.rapidpro_token}".encode()

    def send(self, phone: str, text: str) -> Record:
        """One broadcast to one phone. Raises Refused, or Trouble, which tells whether it may have happened."""
        body = {"urns": [f"tel:{phone}"], "text": escaped(text)}
        status, found = self._call("POST", "broadcasts", body=body)
        # Only a broadcast shown proves that it happened, only a 400 that says why disproves it.
        if status in {200, 201, 202} and found.keys() & SHOWS_A_BROADCAST:
            return _broadcast(found)
        if status != 400 or not found:
            raise Trouble(f"answered {status}, which tells nothing")
        words = str(found.get("non_field_errors", ""))
        if "suspended" in words or "flagged" in words:
            raise Trouble("the workspace is suspended (400)", happened=False, slow=True)
        raise Refused(_reason(found, text))

    def broadcasts(self, after: float) -> Iterator[list[Record]]:
        """Pages of broadcasts made since `after`, newest first; one request a page."""
        return self._pages("broadcasts", _broadcast, {"after": _iso(after)})

    def messages(self, broadcast: str | None, after: float | None, before: float | None) -> Iterator[list[Record]]:
        """Pages of outgoing messages, newest first: of one broadcast, or made between two moments, both included."""
        asked = {"broadcast": broadcast, "after": after and _iso(after), "before": before and _iso(before)}
        return self._pages("messages", _sms, {name: value for name, value in asked.items() if value})

    def _pages(self, listing: str, read: Callable[[Any], Record | None], asked: Any) -> Iterator[list[Record]]:
        while asked:
            status, found = self._call("GET", listing, params=asked)
            if status != 200 or not isinstance(found.get("results"), list):
                raise Trouble(f"answered {status} without a list")
            yield [record for row in found["results"] if isinstance(row, dict) and (record := read(row))]
            # Of the next page's address only what follows the `?`: our token goes nowhere else.
            asked = dict(parse_qsl(urlsplit(str(found.get("next") or "")).query))

    def _call(self, method: str, listing: str, **how: Any) -> tuple[int, dict[str, Any]]:
        url = f"{self._base}/{listing}.json"
        return call(self._session, self._now, method, url, auth=self._authorized, **how)

    def _authorized(self, request: Any) -> Any:
        """Not simply a header, so that a .netrc entry cannot replace it."""
        request.headers["Authorization"] = self._token
        return request


def _reason(errors: dict[str, Any], text: str) -> str:
    """RapidPro's complaint in words that a health worker can act on."""
    words = " ".join(_sentences(errors))
    limit = re.search(r"no more than (\d+) characters", words)
    if limit:
        return f"The text is too long for SMS: {len(escaped(text).strip())} characters, at most {limit[1]}."
    if "urns" in errors:
        return "The phone number is not valid: check it, with its country code."
    if "blank" in words and "text" in errors:
        return "The text is empty."
    return f"RapidPro refused the text: {words or 'it does not say why'}"[:300]


def _sentences(value: Any) -> list[str]:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [sentence for item in value for sentence in _sentences(item)]
    return [value] if isinstance(value, str) else []


def _broadcast(row: dict[str, Any]) -> Record:
    urns, text = row.get("urns"), row.get("text")
    texts = text.values() if isinstance(text, dict) else [text]
    return Record(
        ref=_name(row.get("uuid")),
        broadcast=_name(row.get("id")),
        urns=tuple(str(urn) for urn in urns) if isinstance(urns, list) else None,
        texts=tuple(one for one in texts if isinstance(one, str)),
        created_on=moment(row.get("created_on")),
    )


def _sms(row: dict[str, Any]) -> Record | None:
    uuid, number, urn = _name(row.get("uuid")), _name(row.get("id")), row.get("urn")
    if row.get("direction") != "out" or not (uuid or number):
        return None
    return Record(
        ref=uuid or f"message {number}",
        broadcast=_name(row.get("broadcast")),
        urns=(urn,) if isinstance(urn, str) else None,
        texts=(str(row.get("text") or ""),),
        created_on=moment(row.get("created_on")),
        status=str(row.get("status") or ""),
        has_channel=row.get("channel", True) is not None,
    )


def _name(value: Any) -> str | None:
    """An id or uuid as text; None for anything else."""
    return str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) and value != "" else None


def _iso(when: float) -> str:
    """Without a `+`, which RapidPro would read as a blank and answer with an empty list."""
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
