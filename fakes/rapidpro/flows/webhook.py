"""The flow's "call webhook" action: its settings, and one call as mailroom makes it.

Source: goflow flows/actions/call_webhook.go, services/webhooks, mailroom core/goflow/engine.go, runtime/config.go,
gocommon httpx/retries.go; CHT's documentation for the body.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from fakes.rapidpro import settings
from fakes.rapidpro.settings import expect
from fakes.rapidpro.versions.habits import Habits

if TYPE_CHECKING:
    import requests

TIMEOUT = 15.0
NEW_SIZE_LIMIT = 256 * 1024
OLD_SIZE_LIMIT = 1024 * 1024
BACKOFF = (3.75, 6.25)
"""Seconds that old versions wait before a repetition: about 5."""
IDEMPOTENT = frozenset({"idempotency-key", "x-idempotency-key"})
PARTS = ("id", "from", "content")
FAILURE_REPLY = "We could not process your message. Please send it again later."


class HttpSession(Protocol):
    """What makes the calls: a `requests.Session`, or something that creates one for the first call."""

    def post(
        self, url: str, *, data: bytes, headers: Mapping[str, str | None], timeout: float, stream: bool
    ) -> requests.Response:
        """POST `data`; a header of None is not sent. Raises requests.RequestException."""
        ...


@dataclass(frozen=True, slots=True)
class Webhook:
    """What the catch-all flow does with a text."""

    url: str | None = None
    """Where the text is posted to, expressions allowed. None: there is no such flow, texts stay in the inbox."""
    token: str | None = None
    """Sent as `Authorization: Token ...`. None: no such header."""
    accept: bool = True
    """Whether the flow sets `Accept: application/json`."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Further headers, expressions allowed; they take precedence over the ones above."""
    omit: tuple[str, ...] = ()
    """Parts of the body to leave out: id, from, content."""
    body: str | None = None
    """Another body, expressions allowed. None: the documented one."""
    reply_on_failure: str | None = FAILURE_REPLY
    """What the flow replies to the sender when the call failed, expressions allowed. None: nothing."""
    retry: bool = False
    """Whether the flow calls again in the same run if there was no connection or the status was 500 or above."""

    def as_json(self) -> dict[str, Any]:
        """The JSON form, as PUT accepts it."""
        return {**asdict(self), "headers": dict(self.headers), "omit": list(self.omit)}

    def body_template(self) -> str:
        """The expression that makes the body."""
        if self.body is not None:
            return self.body
        values = {"id": "run.uuid", "from": 'replace(urns.tel, "tel:+", "+")', "content": "input.text"}
        pairs = ", ".join(f'"{part}", {values[part]}' for part in PARTS if part not in self.omit)
        return f"@(json(object({pairs})))"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a call ended. `status` 0: no connection, or no answer in time (the request may have been acted on)."""

    url: str
    status: int
    body: str
    error: str | None
    success: bool
    """Whether the flow takes its Success branch."""
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """url, status, body, error."""
        return {"url": self.url, "status": self.status, "body": self.body, "error": self.error}


def changed(webhook: Webhook, values: Any) -> Webhook:
    """The settings with these values; those not named stay. Raises BadSetting."""
    return settings.changed(webhook, values, "webhook", _checked)


def _checked(key: str, value: Any) -> Any:
    if key in ("accept", "retry"):
        return expect(isinstance(value, bool), key, "true or false", value)
    if key == "headers":
        good = isinstance(value, Mapping) and all(
            isinstance(k, str) and isinstance(v, str) and "\n" not in k + v and "\r" not in k + v
            for k, v in value.items()
        )
        return dict(expect(good, key, "an object of texts", value))
    if key == "omit":
        good = isinstance(value, list | tuple) and all(part in PARTS for part in value)
        return tuple(expect(good, key, f"a list of any of {', '.join(PARTS)}", value))
    if key == "url":
        good = value is None or (isinstance(value, str) and value.startswith(("http://", "https://")))
        return expect(good, key, "an address that begins with http:// or https://, or null", value)
    return expect(value is None or isinstance(value, str), key, "a text or null", value)


def call(session: HttpSession, webhook: Webhook, body: str, habits: Habits, backoff: float) -> Outcome:
    """POST the body. Returns the outcome and never raises.

    Old versions repeat some calls after `backoff` seconds. Their body is used up by then: the repetition fails before
    anything is sent.
    """
    outcome = _once(session, webhook, body, habits)
    if body and habits.repeats_webhook_calls and outcome.status and _is_repeated(webhook, outcome, backoff):
        return Outcome(outcome.url, 0, "", "the call could not be repeated: its body was gone", False)
    return outcome


def _is_repeated(webhook: Webhook, outcome: Outcome, backoff: float) -> bool:
    """Whether old versions repeat the call: if Retry-After is no longer than their wait, or a failed call had a key."""
    after = next((value for name, value in outcome.headers.items() if name.lower() == "retry-after"), "")
    if after.isdecimal() and 0 < int(after) <= backoff:
        return True
    return outcome.status > 501 and any(name.lower() in IDEMPOTENT and value for name, value in webhook.headers.items())


def _once(session: HttpSession, webhook: Webhook, body: str, habits: Habits) -> Outcome:
    from requests import RequestException  # a tenth of a second to load; many runs make no call

    url = webhook.url or ""
    try:
        with session.post(
            url, data=body.encode("utf-8", "replace"), headers=_headers(webhook, habits), timeout=TIMEOUT, stream=True
        ) as answer:
            text, complete = _read(answer, NEW_SIZE_LIMIT if habits.generation == "new" else OLD_SIZE_LIMIT)
    except (RequestException, OSError, ValueError) as error:
        return Outcome(url, 0, "", f"{type(error).__name__}: {error}", False)
    good = 200 <= answer.status_code < 300
    headers = dict(answer.headers)
    if not complete:
        # The result says Failure, but newer flows route on the status.
        passes = good and habits.generation == "new"
        return Outcome(url, answer.status_code, "", "body too large or cut off", passes, headers)
    return Outcome(url, answer.status_code, text, None, good, headers)


def may_be_sent(webhook: Webhook, body: str, habits: Habits) -> bool:
    """Whether the call is made: not to an invalid address, and in new versions not if it exceeds 256 KiB."""
    address = urlsplit(webhook.url or "")
    if address.scheme not in ("http", "https") or not address.netloc:
        return False
    if habits.generation != "new":
        return True
    # Only what the flow itself sets is counted. Source: goflow flows/actions/call_webhook.go, requestSize.
    own = {**_headers(webhook, habits), "Accept-Encoding": None, "User-Agent": None, "X-Mailroom-Mode": None}
    lines = [f"POST {webhook.url} HTTP/1.1", *(f"{name}: {value}" for name, value in own.items() if value is not None)]
    request = "\r\n".join([*lines, "", body])
    return len(request.encode("utf-8", "replace")) <= NEW_SIZE_LIMIT


def _headers(webhook: Webhook, habits: Habits) -> dict[str, str | None]:
    headers: dict[str, str | None] = {
        "Accept": "application/json" if webhook.accept else None,
        "Accept-Encoding": "gzip",
        "Authorization": f"Token {webhook.token}" if webhook.token is not None else None,
        "Content-Type": "application/json",
        "User-Agent": habits.user_agent,
        "X-Mailroom-Mode": "normal",
    }
    own = {name.lower() for name in webhook.headers}
    return {name: value for name, value in headers.items() if name.lower() not in own} | dict(webhook.headers)


def _read(answer: requests.Response, most: int) -> tuple[str, bool]:
    """The answer's text, and whether it is complete."""
    from requests import RequestException

    read = bytearray()
    try:
        for piece in answer.iter_content(64 * 1024):
            read += piece
            if len(read) > most:
                return "", False
    except RequestException:
        return "", False
    return read.decode("utf-8", "replace"), True


_ESCAPED_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def _refuse(name: str) -> Any:
    raise ValueError(f"{name} is not a JSON number")


def json_of(outcome: Outcome) -> Any:
    """The answer's JSON without NULs, whatever its content type; None if it is not JSON. goflow utils/json.go."""
    try:
        return json.loads(_ESCAPED_NUL.sub(r"\1", outcome.body.replace("\x00", "")), parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
