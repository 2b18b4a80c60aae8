"""One HTTP call as CHT makes it: the headers, the redirects that are followed, and the body of the reply.

There are two clients: today's `fetch` (cht-core shared-libs/couch-request/src/couch-request.js) and the `request`
library of releases before 4.17. Neither has a timeout, and each call opens a new connection.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests

from fakes.cht.javascript import js

LAST_OF_LATIN_1 = "\xff"
NO_LIMIT = (86_400.0, 86_400.0)
"""A day, to connect and for each read: stands for CHT's calls, which have no timeout."""
JSON = "application/json"
HTTP = re.compile(r"(https?):/*(?:([^/?#]*)@)?", re.IGNORECASE)
"""The scheme, and user and password, which end at the last `@` before the path."""
FETCH_REDIRECTS = 20
REQUEST_REDIRECTS = 10
FETCH_HEADERS: tuple[tuple[str, str], ...] = (
    ("accept-language", "*"),
    ("sec-fetch-mode", "cors"),
    ("accept-encoding", "gzip, deflate"),
)
BODY_HEADERS = ("content-type",)


class CallFailed(Exception):
    """A call without a usable reply. `status` is that of an error reply; None if the call failed otherwise."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


@dataclass(frozen=True, slots=True)
class Call:
    """A request. `headers` have names in lower case. `limit` holds the seconds to connect and for each read."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes | None = None
    limit: tuple[float, float] = NO_LIMIT


def fetch(
    session: requests.Session, method: str, base: str, path: str, headers: Mapping[str, str], body: Any = None
) -> Any:
    """A JSON call as releases since 4.17 make it. `headers` replace those of `fetch`. Raises CallFailed."""
    whole = posixpath.normpath(f"{base}/{path}")
    _check_user(whole)
    url = address(whole)
    sent = {**dict(FETCH_HEADERS), **headers, "accept": JSON, "content-type": JSON}
    answer = follow(session, Call(method, url, sent, _json(body)))
    return fetched_body(answer, json_wanted=True)


def request(
    session: requests.Session, method: str, base: str, path: str, headers: Mapping[str, str], body: Any = None
) -> Any:
    """A JSON call as releases before 4.17 make it. A body that is not JSON is returned as text. Raises CallFailed."""
    url = address(f"{base.removesuffix('/')}/{path.removeprefix('/')}")
    sent = {**headers, "accept": JSON, **({"content-type": JSON} if body is not None else {})}
    answer = once(session, Call(method, url, sent, _json(body)))
    for _ in range(REQUEST_REDIRECTS):
        location = answer.headers.get("location")
        if method != "GET" or not location or not 300 <= answer.status_code < 400:
            break
        target = address(urljoin(url, location))
        if urlsplit(target).hostname != urlsplit(url).hostname:
            sent.pop("authorization", None)
        url = target
        answer = once(session, Call(method, url, sent))
    return requested_body(answer)


def requested_body(answer: requests.Response) -> Any:
    """The body of a reply as the request library reads it; one that is not JSON is text. Raises CallFailed."""
    if not 200 <= answer.status_code < 300:
        raise CallFailed(f"status {answer.status_code}", answer.status_code)
    text = _text(answer)
    try:
        return parse(text)
    except ValueError:
        return text


def fetch_headers(user_agent: str | None) -> dict[str, str]:
    """The headers that `fetch` adds to a call, and the name of CHT if it gives one."""
    return {**dict(FETCH_HEADERS), **({"user-agent": user_agent} if user_agent is not None else {})}


def address(url: str) -> str:
    """The URL as it is called, without user and password. Raises CallFailed if it is not http or https."""
    found = HTTP.match(url.strip())
    rest = url.strip()[found.end() :] if found else ""
    if found is None or not rest:
        raise CallFailed(f"{url!r} is not an http or https URL")
    return f"{found[1].lower()}://{rest}"


def _check_user(url: str) -> None:
    """CallFailed for a password without a user, which `fetch` refuses: CHT removes the two only if there is a user."""
    found = HTTP.match(url.strip())
    user, _, password = ((found[2] or "") if found is not None else "").partition(":")
    if password and not user:
        raise CallFailed("the URL has a password without a user")


def follow(session: requests.Session, call: Call) -> requests.Response:
    """Send, and follow redirects as `fetch` does. Raises CallFailed."""
    for _ in range(FETCH_REDIRECTS + 1):
        answer = once(session, call)
        location = answer.headers.get("location")
        if answer.status_code not in (301, 302, 303, 307, 308) or not location:
            return answer
        call = _redirected(call, answer.status_code, address(urljoin(call.url, location)))
    raise CallFailed("too many redirects")


def _redirected(call: Call, status: int, url: str) -> Call:
    headers, method, body = dict(call.headers), call.method, call.body
    if (status in (301, 302) and method == "POST") or (status == 303 and method not in ("GET", "HEAD")):
        method, body = "GET", None
        headers = {name: value for name, value in headers.items() if name not in BODY_HEADERS}
    if urlsplit(url)[:2] != urlsplit(call.url)[:2]:
        headers.pop("authorization", None)
    return Call(method, url, headers, body, call.limit)


def once(session: requests.Session, call: Call) -> requests.Response:
    """Send one request and read the whole reply; no redirects, no retries. Raises CallFailed."""
    headers = {name: value.strip() for name, value in call.headers.items()} | {"connection": "close"}
    if any(not value.isascii() and max(value) > LAST_OF_LATIN_1 for value in headers.values()):
        raise CallFailed("a header contains a character that is not allowed in headers")
    try:
        prepared = requests.Request(call.method, call.url, headers, data=call.body).prepare()
        return session.send(prepared, timeout=call.limit, allow_redirects=False)
    except (requests.RequestException, OSError, ValueError) as failure:
        raise CallFailed(f"{type(failure).__name__}: {failure}") from failure


def fetched_body(answer: requests.Response, *, json_wanted: bool) -> Any:
    """The body of a reply as `fetch` reads it. JSON that cannot be parsed hides the status. Raises CallFailed."""
    kind, text = answer.headers.get("content-type"), _text(answer)
    body: Any = text
    if kind is not None and kind.startswith(JSON):
        try:
            body = parse(text)
        except ValueError as fault:
            raise CallFailed(f"malformed JSON: {fault}") from None
    elif json_wanted and not kind:
        try:
            body = parse(text)
        except ValueError:
            body = text
    status = answer.status_code
    if 200 <= status < 300 or 300 < status < 399:
        return body
    raise CallFailed(f"status {status}", status)


def parse(text: str) -> Any:
    """`JSON.parse`. Raises ValueError."""
    try:
        return json.loads(text, parse_float=js.number, parse_int=js.number, parse_constant=_refuse)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def _text(answer: requests.Response) -> str:
    return answer.content.decode("utf-8", "replace").removeprefix("\ufeff")


def _json(body: Any) -> bytes | None:
    return None if body is None else js.dumps(body).encode()
