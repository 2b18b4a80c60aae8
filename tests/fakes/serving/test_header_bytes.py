"""Header values with bytes beyond ASCII: what arrives over a socket, and what RapidPro says to them in process."""

from __future__ import annotations

import json
import random
import socket
from typing import Any

import pytest

from fakes.serving.server import WSGIServer
from fakes.serving.wsgi import Environ, StartResponse, build_environ, call
from fakes.standalone import listen
from tests.fakes.rapidpro.control.test_tokens_and_rates import ControlledRapidPro

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


@pytest.mark.parametrize(("raw", "_sentence"), VALUES.values(), ids=VALUES)
def test_over_a_socket_the_http_library_hands_such_a_value_over_as_empty(raw: bytes, _sentence: str) -> None:
    """If this fails, the library passes the bytes on: then the limit named in `fakes/serving/server.py` is gone."""
    seen: list[Any] = []

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        seen.append((environ["HTTP_AUTHORIZATION"], environ["HTTP_X_PLAIN"]))
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    listener = listen("127.0.0.1", 0)
    address = listener.getsockname()
    server = WSGIServer(app, listener, threads=1, rng=random.Random(1))
    server.start()
    try:
        with socket.create_connection(address, timeout=10) as caller:
            head = b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Plain: yes\r\nConnection: close\r\nAuthorization: "
            caller.sendall(head + raw + b"\r\n\r\n")
            assert b"200 OK" in caller.recv(1000)
    finally:
        server.stop()
    assert seen == [("", "yes")]
