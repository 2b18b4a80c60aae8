"""The output of a started relay is searched for secrets, and never shown with one."""

from __future__ import annotations

import shlex
import sys

import pytest

from conformance.checks import judge
from conformance.history.model import History
from conformance.services.neighbours import INCOMING_TOKEN, RAPIDPRO_TOKEN, neighbours
from conformance.subjects.base import Printing
from conformance.subjects.external import ExternalRelay, free_port
from conformance.verdicts import HarnessBroken
from conformance.world.output import Output
from fakes.redaction import Redaction

PRINTS = """
import base64, os, socket, sys
print("starting")
print("calling RapidPro with Token", os.environ["RELAY_RAPIDPRO_TOKEN"], file=sys.stderr)
print("expecting", base64.b64encode(("Token " + os.environ["RELAY_INCOMING_TOKEN"]).encode()).decode())
print("half a li", end="", flush=True)
host, port = os.environ["RELAY_LISTEN"].split(":")
server = socket.create_server((host, int(port)))
server.accept()
server.accept()
"""
FAILS = "import os; raise SystemExit('cannot use ' + os.environ['RELAY_RAPIDPRO_TOKEN'])"


def started(program: str) -> ExternalRelay:
    return ExternalRelay(f"http://127.0.0.1:{free_port()}", shlex.join([sys.executable, "-c", program]))


def test_secrets_in_the_output_are_found_once_and_not_shown() -> None:
    relay = started(PRINTS)
    assert isinstance(relay, Printing)
    given = neighbours("http://127.0.0.1:9", "http://127.0.0.1:9")
    output = Output(relay, Redaction(given.secrets()))
    try:
        relay.start(given)
        lines = output.revealing()
        assert lines == output.revealing()
        assert Output(relay, Redaction(given.secrets())).revealing() == ()
    finally:
        relay.stop()
    found = [one.sentence for one in judge(History(output=lines))]
    assert len(found) == 2
    assert any("it printed the secret rapidpro:relay: 'calling RapidPro with Token [hidden:" in one for one in found)
    assert any("it printed the secret relay:incoming token" in one for one in found)
    assert not any(secret in str(found) for secret in (RAPIDPRO_TOKEN, INCOMING_TOKEN))


def test_the_last_output_of_a_relay_that_does_not_start_is_shown_without_secrets() -> None:
    relay = started(FAILS)
    with pytest.raises(HarnessBroken, match=r"cannot use \[hidden:rapidpro:relay\]") as failure:
        relay.start(neighbours("http://127.0.0.1:9", "http://127.0.0.1:9"))
    relay.stop()
    assert RAPIDPRO_TOKEN not in str(failure.value)
