"""`relay-harness up` as a process: three days stepped, its end; a relay that brings its own time."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from click.testing import CliRunner

from conformance.cli.up import up_command
from conformance.services.processes import FAST_CHANNEL
from conformance.workbench.session.session import Session
from tests.conformance.workbench.benches import AMINA, DAY

ROOT = Path(__file__).parents[3]


@contextlib.contextmanager
def up(*options: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    """The command while it runs, and the addresses that it prints."""
    command = [sys.executable, "-m", "conformance", "up", "--json", *options]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            line = process.stdout.readline()
            assert line, process.stderr.read()
            yield process, json.loads(line)
        finally:
            process.terminate()
            process.communicate(timeout=20)


def ask(method: str, url: str, body: Any = None, status: int = 200) -> Any:
    reply = requests.request(method, url, json=body, timeout=60)
    assert reply.status_code == status, reply.text
    return reply.json()


def test_three_days_are_stepped_and_a_reminder_arrives_and_all_of_it_ends_at_once() -> None:
    with up("--now", "2026-03-02T08:00:00Z") as (process, shown):
        control = shown["control"]
        clock = ask("GET", f"{control}/clock")
        assert (clock["kind"], clock["running"], clock["now"][:13]) == ("virtual", True, "2026-03-02T08")
        reminder = {"number": AMINA, "text": "Come tomorrow", "due": "2026-03-04T09:00:00Z"}
        ask("POST", f"{control}/cht/messages", reminder, 201)
        ask("POST", f"{control}/clock/advance", {"seconds": 3 * DAY})
        received = ask("GET", f"{control}/rapidpro/phones/{AMINA}/texts")["texts"]
        assert [(one["text"], one["at"][:10]) for one in received] == [("Come tomorrow", "2026-03-04")]
        assert "token" in ask("POST", shown["relay"], {}, 403)["error"]  # the relay listens, too
        began = monotonic()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert monotonic() - began < 2  # a second, on a machine that does nothing else


def test_it_ends_at_once_in_the_middle_of_a_step() -> None:
    with up() as (process, shown):
        address = urlsplit(shown["control"])
        body = json.dumps({"seconds": 3650 * DAY}).encode()
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=10) as caller:
            caller.sendall(
                b"POST /clock/advance HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
            )
            before = ask("GET", f"{shown['control']}/clock")["now"]
            while ask("GET", f"{shown['control']}/clock")["now"][:7] <= before[:7]:
                pass
            began = monotonic()
            process.send_signal(signal.SIGINT)
            assert process.wait(10) == 0
        assert process.stderr is not None
        assert (monotonic() - began < 3, process.stderr.read()) == (True, "")


def test_a_relay_of_somebody_else_has_a_clock_of_its_own() -> None:
    with up("--no-relay") as (_, shown):
        control = shown["control"]
        assert ask("GET", f"{control}/clock")["kind"] == "system"
        assert "nobody moves it" in ask("POST", f"{control}/clock/next", {}, 409)["error"]
        ask("PUT", f"{control}/rapidpro/webhook", {"url": "http://127.0.0.1:9/nobody"})
        ask("POST", f"{control}/rapidpro/phones/{AMINA}/texts", {"text": "TEMP 38.5"})
        assert ask("GET", f"{control}/checks")["violations"] == []  # nobody has accepted it
        session = ask("GET", f"{control}/session")
        Session.from_json(session)
        assert [one["path"].rsplit("/", 1)[1] for one in session["actions"]] == ["webhook", "texts"]
        assert session["outcome"] is None


def test_the_reference_relay_can_run_in_real_time() -> None:
    with up("--clock", "system", "--poll-seconds", "0.2") as (_, shown):
        control = shown["control"]
        ask("PUT", f"{control}/rapidpro/channel", FAST_CHANNEL)
        ask("POST", f"{control}/cht/messages", {"number": AMINA, "text": "Come on Monday"}, 201)
        end = monotonic() + 30
        while not ask("GET", f"{control}/rapidpro/phones/{AMINA}/texts")["texts"]:
            assert monotonic() < end
        assert ask("GET", f"{control}/clock")["kind"] == "system"


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--no-relay", "--clock", "virtual"), "--clock virtual goes with the reference relay"),
        (("--no-relay", "--subject-url", "http://127.0.0.1:7070"), "both say what the relay is"),
        (("--subject-url", "http://192.0.2.1:7070"), "is not on this machine"),
        (("--subject-command", "true"), "--subject-command needs --subject-url"),
        (("--no-relay", "--port", "7070"), "--port is that of the reference relay"),
        (("--clock", "system", "--now", "2026-03-02T08:00:00Z"), "--now sets a virtual clock"),
        (("--now", "yesterday"), "expected an ISO 8601 time"),
        (("--clock", "slow"), "'slow' is not one of"),
    ],
)
def test_options_that_do_not_go_together_are_refused(options: tuple[str, ...], sentence: str) -> None:
    done = CliRunner().invoke(up_command, options)
    assert (done.exit_code, sentence in " ".join(done.output.split())) == (2, True), done.output
