"""RapidPro as the relay sees it: API v2, broadcasts out, messages back (rapidpro temba/api/v2)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from requests.auth import AuthBase

from relay.messages import Accepted, Broadcast, Message, Outcome, Refused, Sms, Trouble, Unknown
from relay.settings import Settings
from relay.wire import Answer, call, moment

SHOWS_A_BROADCAST = {"id", "uuid", "urns", "text", "created_on"}


class _Token(AuthBase):
    """Sets the token. As an auth object and not a header, so that a .netrc entry cannot replace it."""

    def __init__(self, token: str) -> None:
        self._value = f"Token {token}".encode()

    def __call__(self, request: Any) -> Any:
        request.headers["Authorization"] = self._value
        return request


def escaped(text: str) -> str:
    """`text` so that RapidPro, which evaluates `@` expressions in broadcasts, delivers it letter for letter.

    `@@` is a literal `@` wherever it stands (goflow excellent/scanner.go), so doubling is right for
    e-mail addresses too.
    """
    return text.replace("@", "@@")


class RapidPro:
    """The client. Reading methods raise Trouble."""

    def __init__(self, settings: Settings, session: Any, now: Callable[[], datetime]) -> None:
        self._session = session
        self._now = now
        self._base = settings.rapidpro_url
        self._auth = _Token(settings.rapidpro_token)

    def send(self, message: Message) -> Outcome:
        """One broadcast to one phone. Raises Trouble only when it certainly did not happen and may be repeated."""
        body = json.dumps({"urns": [f"tel:{message.phone}"], "text": escaped(message.text)}).encode()
        try:
            answer = self._call("POST", f"{self._base}/api/v2/broadcasts.json", data=body)
        except Trouble as trouble:
            if trouble.happened is False:
                raise
            return Unknown(trouble)
        return _outcome(answer, message.text)

    def broadcasts(self, after: datetime) -> Iterator[list[Broadcast]]:
        """Pages of broadcasts made since `after`, newest first; one request a page."""
        url = f"{self._base}/api/v2/broadcasts.json"
        for rows in self._pages(url, {"after": _iso(after)}):
            yield [_broadcast(row) for row in rows]

    def messages(
        self, *, broadcast: str | None = None, after: datetime | None = None, before: datetime | None = None
    ) -> Iterator[list[Sms]]:
        """Pages of outgoing messages, newest first: of one broadcast, or made between two moments, both included."""
        asked = {"broadcast": broadcast, "after": after and _iso(after), "before": before and _iso(before)}
        url = f"{self._base}/api/v2/messages.json"
        for rows in self._pages(url, {name: value for name, value in asked.items() if value}):
            yield [sms for row in rows if row.get("direction") == "out" and (sms := _sms(row)).ref]

    def _pages(self, url: str, params: dict[str, str]) -> Iterator[list[dict[str, Any]]]:
        following: str | None = url
        while following:
            answer = self._call("GET", following, params=params if following == url else None)
            found = answer.json()
            if answer.status != 200 or not isinstance(found, dict) or not isinstance(found.get("results"), list):
                raise Trouble(f"answered {answer.status} without a list")
            yield [row for row in found["results"] if isinstance(row, dict)]
            following = self._same_site(found.get("next"))

    def _same_site(self, following: Any) -> str | None:
        """The next page's address at the address we were told: never elsewhere with our token."""
        if not isinstance(following, str) or not following:
            return None
        url = urlsplit(following)
        return f"{self._base}/api/v2/{url.path.rsplit('/', 1)[-1]}?{url.query}"

    def _call(self, method: str, url: str, **how: Any) -> Answer:
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        return call(self._session, self._now, method, url, headers=headers, auth=self._auth, **how)


def _outcome(answer: Answer, text: str) -> Outcome:
    """What an answer to a send means. Only a broadcast shown proves it, only a 400 that says why disproves it."""
    found = answer.json()
    if answer.status in {200, 201, 202} and isinstance(found, dict) and found.keys() & SHOWS_A_BROADCAST:
        return Accepted(_broadcast(found))
    if answer.status == 400 and isinstance(found, dict):
        words = str(found.get("non_field_errors", ""))
        if "suspended" in words or "flagged" in words:
            raise Trouble("the workspace is suspended (400)", happened=False, slow=True)
        return Refused(_reason(found, text))
    return Unknown(Trouble(f"answered {answer.status}, which tells nothing"))


def _reason(errors: dict[str, Any], text: str) -> str:
    """RapidPro's complaint in words that a health worker can act on."""
    words = " ".join(_sentences(errors))
    limit = re.search(r"no more than (\d+) characters", words)
    if limit:
        length = len(escaped(text).strip())
        return f"The text is too long for SMS: {length} characters, at most {limit[1]}."
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


def _broadcast(row: dict[str, Any]) -> Broadcast:
    urns, text = row.get("urns"), row.get("text")
    texts = text.values() if isinstance(text, dict) else [text]
    return Broadcast(
        id=_name(row.get("id")),
        uuid=_name(row.get("uuid")),
        urns=tuple(str(urn) for urn in urns) if isinstance(urns, list) else None,
        texts=tuple(one for one in texts if isinstance(one, str)),
        created_on=moment(row.get("created_on")),
    )


def _sms(row: dict[str, Any]) -> Sms:
    urn = row.get("urn")
    return Sms(
        ref=_name(row.get("uuid")) or _name(row.get("id")) or "",
        broadcast=_name(row.get("broadcast")),
        urn=urn if isinstance(urn, str) else None,
        text=str(row.get("text") or ""),
        status=str(row.get("status") or ""),
        created_on=moment(row.get("created_on")),
        has_channel=row.get("channel", True) is not None,
    )


def _name(value: Any) -> str | None:
    """An id or uuid as text; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, str)) or value == "":
        return None
    return str(value)


def _iso(when: datetime) -> str:
    """Without a `+`, which RapidPro would read as a blank and answer with an empty list."""
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
