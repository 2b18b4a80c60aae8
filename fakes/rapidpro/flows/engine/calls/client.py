"""A webhook call: redirects, repetitions, the limit of the answer's size.

Source: gocommon httpx, Go net/http, goflow services/webhooks. Waits between repetitions are left out: the stretch
takes no time of the engine's clock.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urljoin, urlsplit

from fakes.rapidpro.flows.engine.calls.addresses import written_url
from fakes.rapidpro.flows.engine.calls.exchange import Answer, BrokenOff, NoConnection, Request, Send
from fakes.rapidpro.versions.engines import EngineRules

MAX_REDIRECTS = 10
MAX_TRIES = 3
BACKOFFS = (5, 10)
"""Seconds that `9` would wait before it repeats a call."""
REPEATED = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
KEYS = frozenset({"idempotency-key", "x-idempotency-key"})
_SECRET = frozenset({"authorization", "cookie", "www-authenticate", "cookie2"})


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request that was sent, with its answer; None: there was none."""

    request: Request
    answer: Answer | None


@dataclass(frozen=True, slots=True)
class Call:
    """How a call ended. `error`: a message that the flow notes; `too_large`: the answer was not read."""

    exchanges: tuple[Exchange, ...]
    answer: Answer | None
    url: str
    """The last address."""
    error: str = ""
    too_large: bool = False
    retries: int = 0


@dataclass(slots=True)
class _Sent:
    exchanges: list[Exchange] = field(default_factory=list)


def make_call(request: Request, send: Send, rules: EngineRules) -> Call:
    """Make the call with all its redirects and repetitions."""
    sent = _Sent()
    retries = 0
    call = _follow(request, send, rules, sent)
    while rules.repeats_gets and retries < MAX_TRIES - 1 and _is_repeated(request, call, BACKOFFS[retries]):
        retries += 1
        # a body was used up by the first try: the repetition fails before it is sent
        call = Call((), None, request.url) if request.body else _follow(request, send, rules, sent)
    return Call(tuple(sent.exchanges), call.answer, call.url, call.error, call.too_large, retries)


def _is_repeated(request: Request, call: Call, backoff: int) -> bool:
    if call.error or call.too_large:
        return False
    if call.answer is not None:
        after = call.answer.header("retry-after")
        if after.isdecimal() and 0 < int(after) <= backoff:
            return True
    safe = request.method in REPEATED or any(name.lower() in KEYS and one for name, one in request.headers.items())
    return safe and (call.answer is None or call.answer.status > 501)


def _follow(request: Request, send: Send, rules: EngineRules, sent: _Sent) -> Call:
    first = request
    for _ in range(MAX_REDIRECTS):
        try:
            answer = send(request)
        except NoConnection:
            sent.exchanges.append(Exchange(request, None))
            return Call((), None, request.url)
        except BrokenOff as error:
            answer = Answer(error.status, error.headers)
            sent.exchanges.append(Exchange(request, answer))
            return Call((), answer, request.url, "unexpected EOF")
        sent.exchanges.append(Exchange(request, answer))
        following = _redirected(request, answer, first)
        if following is None:
            too_large = len(answer.body) > rules.max_answer
            return Call((), answer, request.url, too_large=too_large)
        request = following
    method = first.method.capitalize()
    return Call((), answer, request.url, f'{method} "{request.url}": stopped after {MAX_REDIRECTS} redirects')


def _redirected(request: Request, answer: Answer, first: Request) -> Request | None:
    location = answer.header("location")
    if answer.status not in (301, 302, 303, 307, 308) or not location:
        return None
    url = written_url(urljoin(request.url, location)) or request.url
    method, body = request.method, request.body
    if answer.status in (301, 302, 303):
        body = ""
        method = method if method in ("GET", "HEAD") else "GET"
    headers = _kept_headers(first.headers, keeps_body=body != "" or answer.status in (307, 308))
    if not _same_site(first.url, url):
        headers = {name: value for name, value in headers.items() if name.lower() not in _SECRET}
    if not (request.url.startswith("https://") and url.startswith("http://")):
        headers["Referer"] = request.url
    return Request(method, url, headers, body)


def _kept_headers(headers: Mapping[str, str], *, keeps_body: bool) -> dict[str, str]:
    return {name: one for name, one in headers.items() if keeps_body or not name.lower().startswith("content-")}


def _same_site(first: str, second: str) -> bool:
    old, new = (urlsplit(url).hostname or "" for url in (first, second))
    return new == old or new.endswith("." + old)
