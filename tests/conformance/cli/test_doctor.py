"""`relay-harness doctor` as people run it."""

from __future__ import annotations

import json
import socket

import pytest
from click.testing import CliRunner

from conformance.cli import harness as command
from tests.harness_command import harness


def test_all_is_well_here_and_nothing_is_asked_of_anybody() -> None:
    done = harness("doctor", "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stdout
    assert found["ok"] is True
    assert {"python", "harness", "loopback", "clock", "processes"} <= {one["name"] for one in found["findings"]}
    assert not any("drift" in one["sentence"] for one in found["findings"])


def test_what_must_be_mended_is_exit_2_with_a_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = str(server.getsockname()[1])
        done = harness("doctor", "--port", number, "--cht", "http://127.0.0.1:9")
    assert done.returncode == 2
    assert f"bad      port: port {number} is not free" in done.stdout
    assert "-> stop the program that uses it" in done.stdout
    assert "bad      CHT: " in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--cht", "https://cht.example.org"), "is not on this machine: to send one GET to it, use --allow-remote"),
        (("--rapidpro", "http://10.0.0.1"), "is not on this machine"),
        (("--rapidpro", "nonsense"), "expected an address such as"),
        (("--cht", "http://admin:pass@127.0.0.1"), "without user and password"),
        (("--port", "0"), "not in the range"),
        (("--port", "x"), "not a valid integer"),
        (("everything",), "unexpected extra argument"),
    ],
)
def test_wrong_usage_is_a_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    done = CliRunner().invoke(command, ["doctor", *arguments])
    assert done.exit_code == 2
    assert sentence in done.stderr
    assert done.stdout == ""
