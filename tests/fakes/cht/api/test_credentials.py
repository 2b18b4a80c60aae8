"""Credentials that vary the recorded ones.

Held against cht-core `api/src/controllers/credentials.js`.
"""

from __future__ import annotations

import pytest

from tests.fakes.cht.client import client

TEXT = {"Content-Type": "text/plain"}
INCOMING = "/api/v2/sms/rapidpro/incoming-messages"


@pytest.mark.parametrize("name", ["my key", "a%25b", "a%252Fb", "caf%C3%A9", "a%2Fb", "Mixed.Case"])
def test_credentials_may_have_any_name(name: str) -> None:
    cht = client()
    assert cht.put(f"/api/v1/credentials/{name}", data="x", headers=TEXT).json() == {"ok": True}
    decoded = {"a%25b": "a%b", "a%252Fb": "a%2Fb", "caf%C3%A9": "café", "a%2Fb": "a/b"}
    assert cht.cht.state.credentials[decoded.get(name, name)] == "x"


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        (TEXT, " ", 200),
        (TEXT, "tökèn \U0001f600", 200),
        ({"Content-Type": "text/csv; charset=utf-8"}, "x", 200),
        ({"Content-Type": "application/xml"}, "x", 200),
        ({"Content-Type": "TEXT/PLAIN"}, "x", 200),
        ({"Content-Type": "text/html"}, "x", 400),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "x", 400),
        ({"Content-Type": "application/json"}, "{", 400),
        ({}, "x", 400),
        ({"Content-Type": "text/plain; charset=klingon"}, "x", 500),
    ],
)
def test_credentials_are_read_from_three_types_of_text(headers: dict[str, str], body: str, status: int) -> None:
    cht = client()
    answer = cht.put("/api/v1/credentials/a", data=body.encode(), headers=headers)
    assert answer.status_code == status
    assert cht.cht.state.credentials.get("a") == (body if status == 200 else None)


def test_an_incoming_token_is_compared_with_its_blanks_and_line_ends() -> None:
    cht = client()
    text = {"id": "1", "from": "+250788123456", "content": "hi"}
    for stored, given, status in (("a\n", "a", 403), (" ", "x", 403), ("a  b", "a  b", 200)):
        cht.put("/api/v1/credentials/rapidpro:incoming", data=stored, headers=TEXT)
        answer = cht.post(INCOMING, json=text, auth=None, headers={"Authorization": f"Token {given}"})
        assert answer.status_code == status


def test_a_name_is_needed_and_a_slash_at_the_end_is_no_name() -> None:
    for path in ("/api/v1/credentials", "/api/v1/credentials/", "/api/v1/credentials/a/"):
        assert client().put(path, data="x", headers=TEXT).status_code == 404
