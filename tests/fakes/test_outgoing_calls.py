"""Calls that a service makes itself are recorded in the ledger, too."""

from __future__ import annotations

import pytest
import requests

from fakes.assembly import assemble
from fakes.clock import VirtualClock
from fakes.ledger import Ledger
from fakes.serving.transport import WSGIAdapter
from fakes.serving.wsgi import Environ, Reply, StartResponse
from tests.fakes.echo_service import on_a_socket


def relay(environ: Environ, start_response: StartResponse) -> list[bytes]:
    body = environ["wsgi.input"].read()
    return Reply(201, (("Content-Type", "text/plain"),), b"got " + body).to_wsgi(start_response)


def test_a_call_out_is_recorded_with_both_sides() -> None:
    fakes = assemble(VirtualClock())
    session = fakes.session("rapidpro")
    session.mount("http://relay.test", WSGIAdapter(relay))
    answer = session.post("http://relay.test/hook?a=1", data=b"{}", headers={"Authorization": "Token secret"})
    (exchange,) = fakes.ledger.after()
    assert (answer.status_code, answer.content) == (201, b"got {}")
    assert (exchange.service, exchange.direction, exchange.method) == ("rapidpro", "out", "POST")
    assert (exchange.path, exchange.query, exchange.body) == ("/hook", "a=1", b"{}")
    assert (exchange.headers["host"], exchange.headers["authorization"]) == ("relay.test", "Token secret")
    assert exchange.reply is not None
    assert (exchange.reply.status, exchange.reply.body) == (201, b"got {}")


def test_a_call_out_that_fails_is_recorded_without_a_reply() -> None:
    fakes = assemble(VirtualClock())
    with pytest.raises(requests.ConnectionError):
        fakes.session("rapidpro").post("http://127.0.0.1:9/hook", data=b"x")
    (exchange,) = fakes.ledger.after()
    assert exchange.reply is None
    assert str(exchange.error).startswith("ConnectionError")


def test_a_call_out_over_a_socket_is_recorded_whole() -> None:
    fakes = assemble(VirtualClock())
    with on_a_socket() as setup, fakes.session("cht") as session:
        session.get(setup.url + "/x")
    (exchange,) = fakes.ledger.after()
    assert exchange.service == "cht"
    assert exchange.reply is not None
    assert b'"id": 1' in exchange.reply.body


def test_a_session_ignores_the_environment_and_keeps_no_cookies() -> None:
    fakes = assemble(VirtualClock())
    session = fakes.session("rapidpro")

    def app(environ: Environ, start_response: StartResponse) -> list[bytes]:
        return Reply(200, (("Set-Cookie", "a=1"),), environ.get("HTTP_COOKIE", "").encode()).to_wsgi(start_response)

    session.mount("http://relay.test", WSGIAdapter(app))
    session.get("http://relay.test/")
    assert session.get("http://relay.test/").content == b""
    assert session.trust_env is False
    assert fakes.session("rapidpro") is session
    assert isinstance(fakes.ledger, Ledger)
