"""A server that answers from a script, behind a `requests` transport adapter: as recorded, or as a test decides."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping
from http.client import RemoteDisconnected
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter
from urllib3 import HTTPHeaderDict
from urllib3.exceptions import ProtocolError
from urllib3.response import HTTPResponse

Recorded = Mapping[str, Any]
Answers = Callable[[int, Recorded], Recorded]
"""Gives the answer to a request, by its number (from 0) and the request in the form of the recordings."""
FETCH_OWN = ("accept-language", "sec-fetch-mode", "accept-encoding")
LEFT_OUT = (*FETCH_OWN, "host", "connection", "content-length")
"""Headers that the recordings leave out."""


class Script(BaseAdapter):
    """Answers each request as `answers` says; `asked` are the requests so far.

    An answer may have `delay` (seconds, let pass by `pass_time`), `reset`, `close` or `truncate`.
    """

    def __init__(self, answers: Answers, pass_time: Callable[[float], None] = lambda _seconds: None) -> None:
        super().__init__()
        self._answers = answers
        self.pass_time = pass_time
        self.asked: list[dict[str, Any]] = []
        self.all_headers: list[dict[str, str]] = []

    def answer_with(self, answers: Answers) -> None:
        """From now on answer like this."""
        self._answers = answers

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - part of the adapter's signature
        timeout: Any = None,
        verify: bool | str = True,  # noqa: ARG002
        cert: Any = None,  # noqa: ARG002
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> requests.Response:
        """Note the request, wait, answer."""
        self.asked.append(as_recorded(request))
        self.all_headers.append({name.lower(): str(value) for name, value in request.headers.items()})
        answer = self._answers(len(self.asked) - 1, self.asked[-1])
        if answer.get("delay"):
            patience = timeout[1] if isinstance(timeout, tuple) else timeout
            self.pass_time(answer["delay"] if patience is None else min(answer["delay"], patience))
            if patience is not None and answer["delay"] >= patience:
                raise requests.ReadTimeout(f"Read timed out. (read timeout={patience})", request=request)
        if answer.get("reset") or answer.get("close"):
            cause = ConnectionResetError(104, "reset") if answer.get("reset") else RemoteDisconnected("closed")
            raise requests.ConnectionError(ProtocolError("Connection aborted.", cause), request=request)
        return _response(answer, request)

    def close(self) -> None:
        """Nothing is held open."""


def session(script: Script, prefixes: Iterable[str] = ("http://", "https://")) -> requests.Session:
    """A session whose every request goes to the script."""
    made = requests.Session()
    made.trust_env = False
    for prefix in prefixes:
        made.mount(prefix, script)
    return made


def in_turn(answers: Iterable[Recorded]) -> Answers:
    """One recorded answer after the other; a request too many fails the test."""
    listed = list(answers)

    def answer(number: int, request: Recorded) -> Recorded:
        assert number < len(listed), f"a request that was not recorded: {request}"
        return listed[number]

    return answer


def as_recorded(request: requests.PreparedRequest) -> dict[str, Any]:
    """A request in the form of the recordings."""
    url = urlsplit(str(request.url))
    body = request.body
    return {
        "method": request.method,
        "path": url.path + (f"?{url.query}" if url.query else ""),
        "headers": {n.lower(): str(v) for n, v in request.headers.items() if n.lower() not in LEFT_OUT},
        "body": body.decode() if isinstance(body, bytes) else body,
    }


def _response(answer: Recorded, request: requests.PreparedRequest) -> requests.Response:
    body = str(answer.get("body") or "").encode()
    headers = dict(answer.get("headers") or {})
    if answer.get("content_type") is not None:
        headers["Content-Type"] = answer["content_type"]
    headers["Content-Length"] = str(len(body) + (10 if answer.get("truncate") else 0))
    response = requests.Response()
    response.status_code = answer["status"]
    response.headers.update(headers)
    response.raw = HTTPResponse(
        body=io.BytesIO(body), headers=HTTPHeaderDict(headers), status=answer["status"], preload_content=False
    )
    response.url, response.request = str(request.url), request
    return response
