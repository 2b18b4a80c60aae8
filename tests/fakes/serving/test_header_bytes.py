"""Header values with bytes beyond ASCII: what RapidPro says to them, in process and over a socket."""

from __future__ import annotations

import json

import pytest

from fakes.serving.wsgi import build_environ, call
from tests.fakes.rapidpro.control.test_tokens_and_rates import ControlledRapidPro
from tests.fakes.serving.raw import exchange, served

VALUES = {
    "UTF-8": ("Token café".encode(), "Invalid token"),
    "not UTF-8": (
        b"Token caf\xff",
        "Invalid token header. Token string should not contain invalid characters.",
    ),
}


def told(header: str) -> str:
    """What RapidPro says to an Authorization header, given as latin-1 as WSGI demands."""
    environ = build_environ("GET", "/api/v2/workspace.json", "", {"Authorization": header}, b"")
    reply = call(ControlledRapidPro().fakes.apps["rapidpro"], environ)
    assert reply.status == 403
    return str(json.loads(reply.body)["detail"])


@pytest.mark.parametrize(("raw", "sentence"), VALUES.values(), ids=VALUES)
def test_in_process_a_token_with_any_bytes_is_an_invalid_one(raw: bytes, sentence: str) -> None:
    assert told(raw.decode("latin-1")) == sentence


@pytest.mark.parametrize(("raw", "sentence"), VALUES.values(), ids=VALUES)
def test_over_a_socket_it_is_one_too(raw: bytes, sentence: str) -> None:
    with served(ControlledRapidPro().fakes.apps["rapidpro"]) as address:
        head = b"GET /api/v2/workspace.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: "
        head, _, body = exchange(address, head + raw + b"\r\n\r\n").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 403 ")
    assert json.loads(body)["detail"] == sentence
