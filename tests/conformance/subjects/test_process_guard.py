"""A killed harness leaves no relay behind; a relay that ends by itself is reported at once."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import IO

import pytest

from conformance.services.neighbours import Neighbours, neighbours
from conformance.subjects.external import ExternalRelay, free_port
from conformance.subjects.process_group import describe_status
from conformance.subjects.process_guard import NO_GROUP, Guard, keep_watch
from conformance.verdicts import SubjectFailed

HARNESS = """
import os, signal, subprocess, sys
from conformance.subjects.process_guard import Guard
relay = subprocess.Popen([sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"],
                         start_new_session=True)
guard = Guard()
guard.watch(relay.pid)
os.kill(os.getpid(), signal.SIGKILL)
"""
RELAY = "import socket; s = socket.create_server(('127.0.0.1', {port})); [s.accept() for _ in iter(int, 1)]"


def asleep() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], start_new_session=True)


def read_to_the_end(stream: IO[bytes] | None) -> bytes:
    """Read until the other end is closed."""
    assert stream is not None
    return stream.read()


def test_the_relay_of_a_killed_harness_is_ended() -> None:
    with subprocess.Popen([sys.executable, "-c", HARNESS], stdout=subprocess.PIPE) as harness:
        assert read_to_the_end(harness.stdout) in (b"up\n", b""), "its output ends only when the relay has ended, too"
    assert harness.returncode == -signal.SIGKILL


def test_a_guard_that_is_closed_ends_nobody() -> None:
    relay, guard = asleep(), Guard()
    guard.watch(relay.pid)
    guard.close()
    assert relay.poll() is None
    relay.kill()
    assert relay.wait() == -signal.SIGKILL


def test_only_the_last_one_named_is_ended() -> None:
    first, second = asleep(), asleep()
    keep_watch([f"{first.pid}\n", f"{NO_GROUP}\n"])
    keep_watch([f"{first.pid}\n", f"{second.pid}\n"])
    assert second.wait(timeout=30) == -signal.SIGKILL
    keep_watch([f"{second.pid}\n"])  # it is no more
    assert first.poll() is None
    first.kill()
    first.wait()


def test_a_relay_that_ended_by_itself_is_reported_with_how_it_ended() -> None:
    port = free_port()
    relay = ExternalRelay(f"http://127.0.0.1:{port}", f'{sys.executable} -c "{RELAY.format(port=port)}"')
    relay.start(given())
    try:
        relay.check_alive()
        process = relay._process
        assert process is not None
        process.kill()
        process.wait()
        with pytest.raises(SubjectFailed, match=r"the relay has ended by itself: .* was ended by SIGKILL"):
            relay.check_alive()
    finally:
        relay.stop()


def given() -> Neighbours:
    return neighbours("http://127.0.0.1:9", "http://127.0.0.1:9")


def test_ends_of_processes_are_described_in_words() -> None:
    assert describe_status(3) == "ended with status 3"
    assert describe_status(-15) == "was ended by SIGTERM"
    assert describe_status(-44) == "was ended by signal 44"
