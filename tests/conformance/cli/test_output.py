"""What `conform` shows while it judges and at the end, on a terminal and elsewhere, and where nothing can be shown."""

from __future__ import annotations

import io
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from conformance.cli.judging.display import Display
from conformance.reports.report import Report, ScenarioResult
from conformance.subjects.external import free_port
from conformance.verdicts import Verdict
from tests.folders import ROOT
from tests.harness_command import harness

FULL = Path("/dev/full")
"""A device on which no byte can be written, on Linux."""
PASSED = ScenarioResult("A reply to a patient", ("OUT-1",), Verdict.PASSED, 1.25)
FAILED = ScenarioResult("A text with [b]brackets[/b]\n and lines", ("IN-1", "IN-2"), Verdict.FAILED, 30.0, "lost")


def shown(*, terminal: bool, quiet: bool = False) -> str:
    """What is written for two results and a note."""
    text = io.StringIO()
    console = Console(file=text, force_terminal=terminal, width=100)
    with Display(console, quiet=quiet) as display:
        display.selected(3)
        display.result(PASSED)
        display.result(FAILED)
        display.note("one world less")
        display.report(Report({"name": "cht-5.2"}, "26", ()))
    return text.getvalue()


def test_each_result_is_a_line_where_nobody_looks() -> None:
    assert shown(terminal=False).splitlines() == [
        "[1/3] passed  OUT-1 A reply to a patient (1.2 s)",
        "[2/3] failed  IN-1,IN-2 A text with [b]brackets[/b] and lines (30.0 s)",
        "one world less",
        "cht-5.2: ",
    ]


def test_on_a_terminal_a_table_counts_verdicts_by_group_and_names_the_last_failures() -> None:
    text = shown(terminal=True)
    assert "A text with [b]brackets[/b]" in text
    assert "A reply to a patient" not in text
    for word in ("OUT", "IN", "passed", "failed", "2/3", "one world less"):
        assert word in text


@pytest.mark.parametrize("terminal", [True, False])
def test_quiet_shows_nothing(terminal: bool) -> None:
    assert shown(terminal=terminal, quiet=True) == ""


class Closed(io.StringIO):
    """Nobody reads it any more."""

    def write(self, _text: str, /) -> int:
        raise BrokenPipeError


def test_a_display_that_nobody_reads_never_fails() -> None:
    display = Display(Console(file=Closed()))
    display.selected(1)
    display.result(PASSED)
    display.note("x")


def status_of(command: str) -> tuple[int, str]:
    """Exit status and standard error of a shell command with `relay-harness`."""
    words = command.replace("relay-harness", f"{shlex.quote(sys.executable)} -m conformance")
    done = subprocess.run(["bash", "-c", words], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full on this system")
@pytest.mark.parametrize("arguments", ["conform --only IN-2 --json", "list", "conform --help"])
def test_output_on_a_full_disk_is_no_verdict(arguments: str) -> None:
    status, said = status_of(f"relay-harness {arguments} > {FULL}")
    assert status == 2
    assert "relay-harness: the output cannot be written: No space left on device" in said


def test_output_that_nobody_reads_is_no_verdict(tmp_path: Path) -> None:
    status, said = status_of(
        f"set -o pipefail; relay-harness conform --only IN-2 --report-dir {shlex.quote(str(tmp_path))} | true"
    )
    assert status == 2
    assert "relay-harness: the output cannot be written: Broken pipe" in said
    assert json.loads((tmp_path / "report.json").read_text("utf-8"))["totals"]["passed"] == 1


def test_a_closed_standard_error_changes_nothing() -> None:
    assert status_of("relay-harness conform --only IN-2 2>&-")[0] == 0


def test_variables_that_change_pytest_or_its_warnings_have_no_influence() -> None:
    disturbing = {
        "PYTEST_ADDOPTS": "--collect-only --no-such-option",
        "PYTEST_PLUGINS": "no_such_plugin",
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_DEBUG": "1",
        "PYTHONWARNINGS": "error",
    }
    done = harness("conform", "--http", "--only", "IN-2", "--quiet", environment=disturbing)
    assert (done.returncode, done.stderr) == (0, "")
    assert "1 passed of 1 requirement," in done.stdout


@pytest.mark.parametrize("jobs", ["1", "3"])
def test_a_program_that_is_no_relay_is_found_out_soon_with_the_addresses_that_it_should_have_called(jobs: str) -> None:
    port = free_port()
    command = f"{shlex.quote(sys.executable)} -m http.server {port} --bind 127.0.0.1"
    done = harness(
        *("conform", "--subject-url", f"http://127.0.0.1:{port}", "--subject-command", command),
        *("--jobs", jobs, "--poll-seconds", "0.1", "--json"),
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "answered a text with 501" in done.stderr
    assert "called neither CHT at http://127.0.0.1:" in done.stderr
    assert "/api/sms nor RapidPro at http://127.0.0.1:" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_output_of_a_relay_that_failed_is_kept_beside_the_report(tmp_path: Path) -> None:
    port = free_port()
    program = f"""
import http.client, http.server, os, threading
print('I am a relay that does nothing', flush=True)
cht = http.client.HTTPConnection(os.environ["CHT"].removeprefix("http://"))
cht.request('GET', '/api/sms')
http.server.test(http.server.SimpleHTTPRequestHandler, port={port}, bind='127.0.0.1')
"""
    file = tmp_path / "relay.py"
    file.write_text(program, "utf-8")
    config = tmp_path / "harness.toml"
    config.write_text('environment = {CHT = "{cht_url}"}\n', "utf-8")
    done = harness(
        *("conform", "--config", str(config), "--subject-url", f"http://127.0.0.1:{port}"),
        *("--subject-command", shlex.join([sys.executable, str(file)]), "--only", "IN-2", "--json", "--quiet"),
        *("--report-dir", str(tmp_path / "report"), "--poll-seconds", "0.1", "--patience-seconds", "1"),
    )
    assert done.returncode == 1, done.stderr
    (log,) = (tmp_path / "report" / "logs").iterdir()
    assert "I am a relay that does nothing" in log.read_text("utf-8")
