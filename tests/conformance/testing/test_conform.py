"""Judging a relay by the requirements, called from Python."""

from __future__ import annotations

import shlex
import sys

import pytest

from conformance.subjects.external import free_port
from conformance.testing.conform import conform, with_own_path
from conformance.verdicts import HarnessBroken, Verdict

REFUSES = """
import http.server, os, threading, requests
from urllib.parse import urljoin

def poll():
    account = (os.environ["RELAY_CHT_USER"], os.environ["RELAY_CHT_PASSWORD"])
    stopped = threading.Event()
    while not stopped.wait(0.2):
        requests.post(urljoin(os.environ["RELAY_CHT_URL"], "/api/sms"), json={}, auth=account, timeout=5)

threading.Thread(target=poll, daemon=True).start()
host, port = os.environ["RELAY_LISTEN"].split(":")
http.server.HTTPServer((host, int(port)), http.server.SimpleHTTPRequestHandler).serve_forever()
"""


def test_a_relay_that_refuses_texts_fails_with_the_reasons() -> None:
    command = shlex.join([sys.executable, "-c", REFUSES])
    found = conform(f"http://127.0.0.1:{free_port()}", command, only=["IN-1"])
    assert found.verdicts["IN-1"] is Verdict.FAILED
    assert "IN-1" in found.failed
    assert "IN-1: " in str(found)
    assert "501" in str(found)


def test_what_cannot_be_judged_is_a_sentence() -> None:
    with pytest.raises(HarnessBroken, match="IN-99"):
        conform("http://127.0.0.1:7070", only=["IN-99"])


def test_a_relay_gets_the_path_on_which_it_was_to_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "src:my lib")
    assert shlex.split(with_own_path("python -m my_relay")) == [
        "env",
        "PYTHONPATH=src:my lib",
        "python",
        "-m",
        "my_relay",
    ]
    monkeypatch.delenv("PYTHONPATH")
    assert with_own_path("python -m my_relay") == "python -m my_relay"
