"""Replies that arrive byte by byte, on real sockets and in process."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from fakes.faults import Fault
from fakes.serving.connection import DripPart
from fakes.serving.reply_bytes import INTERIM, slowly
from tests.fakes.echo_service import EchoSetup, in_process, on_a_socket

HEAD, BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", b"body"


@pytest.fixture
def served() -> Iterator[EchoSetup]:
    with on_a_socket() as setup:
        yield setup


def plan(setup: EchoSetup, **options: Any) -> None:
    setup.fakes.plan.add(Fault.parse({"effect": "drip", "with": options}))


def arrivals(setup: EchoSetup) -> list[bytes]:
    """What one raw request receives, piece by piece, until the connection closes."""
    host, port = setup.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as caller:
        caller.sendall(b"POST /api HTTP/1.1\r\nHost: fake\r\nContent-Length: 2\r\n\r\n{}")
        pieces = []
        while piece := caller.recv(65536):
            pieces.append(piece)
        return pieces


def switch_on(setup: EchoSetup) -> None:
    """From the first drip on, all connections pass through the proxy."""
    plan(setup, seconds=0.05)
    assert setup.ask()[:2] == ("reply", 200)


@pytest.mark.parametrize("part", ["body", "headers"])
def test_a_part_of_the_reply_arrives_piece_by_piece_and_whole(served: EchoSetup, part: str) -> None:
    plan(served, part=part, seconds=0.3)
    pieces = arrivals(served)
    assert len(pieces) > 5
    whole = b"".join(pieces)
    assert whole.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b'"id": 1' in whole
    assert not served.fakes.plan.unused()


def test_interim_responses_come_before_the_reply_and_a_client_skips_100_but_not_102(served: EchoSetup) -> None:
    switch_on(served)
    plan(served, part="interim", seconds=0.3)
    whole = b"".join(arrivals(served))
    assert whole.count(INTERIM) >= 5
    assert whole.replace(INTERIM, b"").startswith(b"HTTP/1.1 200 OK\r\n")


def test_a_caller_that_gives_up_ends_the_drip(served: EchoSetup) -> None:
    switch_on(served)
    plan(served, part="headers", seconds=3600)
    began = time.monotonic()
    assert served.ask(timeout=0.2)[0] in ("ReadTimeout", "ConnectionError")
    assert time.monotonic() - began < 10


def test_a_client_with_an_open_connection_meets_the_fault_too(served: EchoSetup) -> None:
    with requests.Session() as session:
        assert session.post(f"{served.url}/api", json={}, timeout=5).status_code == 200
        plan(served, part="headers", seconds=0.3)
        began = time.monotonic()
        assert session.post(f"{served.url}/api", json={}, timeout=5).status_code == 200
    assert time.monotonic() - began > 0.2
    assert not served.fakes.plan.unused()


def test_other_requests_pass_the_proxy_unchanged(served: EchoSetup) -> None:
    switch_on(served)
    with requests.Session() as session:
        for _ in range(3):
            assert session.post(f"{served.url}/api", json={"a": "é" * 100_000}, timeout=5).json()["status"] == "queued"


@pytest.mark.parametrize("effect", ["reset", "truncate", "hang", "lose_reply"])
def test_other_faults_look_the_same_behind_the_proxy(served: EchoSetup, effect: str) -> None:
    options = {"seconds": 0.1} if effect == "hang" else {}
    fault = {"effect": effect, "with": options}
    served.fakes.plan.add(Fault.parse(fault))
    before = served.ask()
    switch_on(served)
    served.fakes.plan.add(Fault.parse(fault))
    assert served.ask() == before


def test_in_process_a_caller_gives_up_when_its_timeout_has_passed() -> None:
    setup = in_process()
    plan(setup, part="headers", seconds=60)
    assert setup.ask(timeout=30)[0] == "ReadTimeout"
    plan(setup, part="headers", seconds=20)
    assert setup.ask(timeout=30)[:2] == ("reply", 200)


@pytest.mark.parametrize("part", ["body", "headers", "interim"])
@pytest.mark.parametrize("seconds", [0, 0.05, 1, 3600])
def test_all_bytes_are_sent_in_the_given_time(part: DripPart, seconds: float) -> None:
    pieces = list(slowly(part, seconds, HEAD, BODY))
    assert b"".join(piece for piece, _ in pieces).replace(INTERIM, b"") == HEAD + BODY
    assert sum(pause for _, pause in pieces) == pytest.approx(seconds, rel=0.2)
