"""On macOS and others everything works: nothing but the pinning of benchmarks needs Linux."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from conformance.subjects.process_group import end_group
from conformance.subjects.process_guard import keep_watch
from fakes.serving.process import start_fakes
from loadtests.bench.servers.processes import pinned, process_usage
from tests.folders import ROOT
from tests.other_systems import environment

ONLY_LINUX_WORDS = re.compile(
    r"/proc/|TCP_CORK|SIOC|sched_[gs]etaffinity|CLOCK_BOOTTIME|prctl|epoll|eventfd|pidfd|inotify|memfd|accept4|signalfd"
)


def test_the_reference_relay_is_judged_over_sockets_without_anything_of_linux(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "conformance", "conform", "--http", "--only", "IN-3,CRASH-2"]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_only_linux_has_is_used_where_there_is_another_way() -> None:
    found = set()
    for package in ("relay", "fakes", "conformance", "features", "loadtests"):
        for path in (ROOT / package).rglob("*.py"):
            if ONLY_LINUX_WORDS.search(path.read_text("utf-8")):
                found.add(str(path.relative_to(ROOT)))
    assert found == {
        "loadtests/bench/machine.py",  # the name of the processor; elsewhere only its kind
        "loadtests/bench/servers/processes.py",  # pins no process elsewhere, and says so
        "relay/http_client.py",  # CLOCK_MONOTONIC elsewhere
    }


def test_such_a_process_really_lacks_what_only_linux_has(tmp_path: Path) -> None:
    code = "import os, socket, sys; print(sys.platform, hasattr(socket, 'TCP_CORK')); os.listdir('/proc/self/fd')"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(tmp_path), capture_output=True, text=True, check=False
    )
    assert done.stdout == "freebsd14 False\n"
    assert "this system has no /proc" in done.stderr


def test_a_group_that_has_ended_and_may_not_be_signalled_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def killpg(group: int, number: int) -> None:
        raise PermissionError(1, f"macOS, for the ended group {group} and the signal {number}")

    process = subprocess.Popen([sys.executable, "-c", ""], start_new_session=True)
    monkeypatch.setattr(os, "killpg", killpg)
    end_group(process, signal.SIGTERM)
    keep_watch([str(process.pid)])
    assert process.returncode == 0


def test_a_benchmark_says_that_it_pins_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delattr(os, "sched_setaffinity")
    with start_fakes(("rapidpro",)) as fakes, pinned(fakes.pid):
        assert process_usage(fakes.pid).rss_mib > 1
    assert "pins no process to a core" in capsys.readouterr().err
