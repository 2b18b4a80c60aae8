"""The fast session for apps in this process: the app sees the same request, the caller the same answer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
import requests

from fakes.serving.transport import InProcessSession, WSGIAdapter
from fakes.serving.wsgi import Environ, StartResponse, read_body

HOST = "http://service.test"


class Echo:
    """Answers 200 and keeps the requests."""

    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        known = {key: value for key, value in environ.items() if isinstance(value, str | bytes)}
        self.requests.append({**known, "body": read_body(environ, 10**6)})
        start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", "2")])
        return [b"{}"]


@pytest.mark.parametrize(
    ("method", "path", "options"),
    [
        ("GET", "/api/v2/messages.json", {"params": {"broadcast": 9001, "after": "2026-03-02T08:00:00+00:00"}}),
        ("GET", "/api/v2/broadcasts.json?cursor=abc%3D", {"headers": {"Authorization": "Token abc"}}),
        ("POST", "/api/v2/broadcasts.json", {"json": {"urns": ["tel:+250788123123"], "text": "Muraho 😷"}}),
        ("POST", "/api/sms", {"json": {}, "auth": ("gateway", "gateway-pass")}),
        ("POST", "/api/sms", {"data": b'{"messages": []}', "headers": {"Content-Type": "application/json"}}),
        ("PUT", "/medic/a-document", {"json": {"_id": "a-document"}, "auth": ("admin", "pass"), "stream": True}),
    ],
)
def test_the_app_sees_the_same_request_as_from_an_ordinary_session(
    method: str, path: str, options: dict[str, Any]
) -> None:
    echo = Echo()
    ordinary, fast = requests.Session(), InProcessSession()
    ordinary.trust_env = False
    for session in (ordinary, fast):
        session.mount(HOST, WSGIAdapter(echo))
        answer = session.request(method, HOST + path, timeout=(5, 20), allow_redirects=False, **options)
        assert (answer.status_code, answer.json()) == (200, {})
    first, second = echo.requests
    assert first == second


def test_calls_that_may_be_redirected_are_ordinary_calls() -> None:
    echo = Echo()
    session = InProcessSession()
    session.mount(HOST, WSGIAdapter(echo))
    assert session.get(f"{HOST}/somewhere").status_code == 200
    assert session.get(f"{HOST}/é", allow_redirects=False).status_code == 200
    assert [request["PATH_INFO"] for request in echo.requests] == ["/somewhere", "/\xc3\xa9"]


def test_hooks_see_each_answer() -> None:
    session = InProcessSession()
    session.mount(HOST, WSGIAdapter(Echo()))
    seen: list[int] = []
    session.hooks["response"] = [lambda response, *_args, **_options: seen.append(response.status_code)]
    session.get(HOST, allow_redirects=False)
    assert seen == [200]
