"""The command `relay-harness`: the right exit status and a clear sentence for every input."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.folders import ROOT
from tests.harness_command import harness


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("conform", "--only", "NOPE"), "unknown requirement NOPE; known ids: IN-1"),
        (("conform", "--only", ""), "--only"),
        (("conform", "--profile", "5"), "is not one of '6.4'"),
        (("conform", "--subject-url", "nonsense"), "expected an address such as http://127.0.0.1:7070"),
        (("conform", "--http", "--subject-url", "http://127.0.0.1:9"), "--subject-url always uses sockets"),
        (("conform", "--subject-url", "http://127.0.0.1:99999"), "expected an address such as"),
        (("conform", "--subject-url", "http://[::1"), "expected an address such as"),
        (("conform", "--subject-url", "http://me:secret@127.0.0.1:9"), "without user and password"),
        (("conform", "--subject-url", "http://127.0.0.1", "--subject-command", "x"), "needs a port"),
        (("conform", "--subject-url", "http://127.0.0.1:9", "--subject-command", ""), "expected a command"),
        (("conform", "--subject-url", "http://127.0.0.1:9", "--subject-command", "'x"), "cannot be read as a command"),
        (("conform", "--http", "--poll-seconds", "2"), "--poll-seconds goes with"),
        (("conform", "--report-dir", "/dev/null/report"), "cannot be used as an output folder"),
        (("conform", "--bind", "127.0.0.1"), "--bind goes with --cht-url"),
        (("conform", "--subject-url", "http://192.0.2.1:9"), "use --allow-remote"),
        (("conform", "--cht-port", "5988"), "--cht-port goes with --subject-url without --subject-command"),
        (("up", "--bind", "nonsense"), "expected an IP address of this machine"),
        (("up", "--poll-seconds", "nan"), "is not a finite number"),
        (("up", "--flows", "there-is-none.json"), "there-is-none.json cannot be read"),
        (("up", "--global", "nonsense"), "expected NAME=VALUE"),
        (("load", "reminder_morning", "--seconds", "inf"), "is not a finite number"),
        (("load", "reminder_morning", "--subject-command", "x"), "needs --subject-url"),
        (("simulate", "--minutes", "nan"), "is not a finite number"),
        (("simulate", "--save", "/dev/null/x"), "cannot be used as an output folder"),
        (("show", "NOPE"), "unknown requirement NOPE"),
        (("nonsense",), "unknown command 'nonsense'; available: conform"),
        (("replay", "there-is-none.json"), "there-is-none.json cannot be read"),
        (("load", "nonsense"), "unknown load shape 'nonsense': expected one of steady_day, reminder_morning"),
        (("simulate", "--runs", "0"), "not in the range"),
        (("simulate", "--subject", "nobody"), "unknown built-in subject 'nobody'; available: reference"),
    ],
)
def test_wrong_usage_is_reported_with_the_valid_choices(arguments: tuple[str, ...], sentence: str) -> None:
    done = harness(*arguments)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_selection_that_names_nothing_judges_nothing() -> None:
    done = harness("conform", "--only", ",")
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_a_relay_that_nobody_runs_cannot_be_judged() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    done = harness("conform", "--subject-url", url, "--only", "IN-1,OUT-1")
    assert done.returncode == 2
    assert f"no relay answers at {url}" in done.stdout + done.stderr


def test_a_relay_whose_command_ends_at_once_cannot_be_judged_and_its_last_words_are_shown() -> None:
    command = "python -c \"import sys; sys.exit('I do not want to')\""
    done = harness(
        "conform", "--subject-url", "http://127.0.0.1:9", "--subject-command", command, "--only", "IN-1"
    )  # fmt: skip
    assert done.returncode == 2
    assert "I do not want to" in done.stdout + done.stderr


def test_a_relay_that_never_starts_is_reported_once_and_not_for_every_scenario() -> None:
    done = harness("conform", "--subject-url", "http://127.0.0.1:9", "--subject-command", "no-such-program")
    assert done.returncode == 2
    assert done.stderr == "nothing can be judged: no-such-program cannot be started: No such file or directory\n"
    assert done.stdout == ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_is_no_verdict_and_leaves_no_process(number: signal.Signals, tmp_path: Path) -> None:
    started = tmp_path / "pid"
    relay = f"import os, pathlib, time; pathlib.Path({str(started)!r}).write_text(str(os.getpid())); time.sleep(600)"
    arguments = ("--subject-url", "http://127.0.0.1:9", "--subject-command", shlex.join([sys.executable, "-c", relay]))
    with subprocess.Popen(
        [sys.executable, "-m", "conformance", "conform", *arguments], cwd=ROOT, stderr=subprocess.PIPE, text=True
    ) as harness_process:
        pid = written(started)
        harness_process.send_signal(number)
        _, said = harness_process.communicate(timeout=30)
    assert (harness_process.returncode, said) == (2, "relay-harness: relay: interrupted: nothing was judged\n")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def written(file: Path) -> int:
    """The number in a file that another process is about to write."""
    for _ in range(3000):
        if file.exists() and (text := file.read_text("utf-8")):
            return int(text)
        threading.Event().wait(0.01)
    raise AssertionError(f"{file} was never written")


def test_the_fakes_can_listen_elsewhere_and_say_so() -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "conformance", "up", "--no-relay", "--json", "--bind", "0.0.0.0"],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as up:  # fmt: skip
        assert up.stdout is not None
        shown = json.loads(up.stdout.readline())
        up.terminate()
        _, said = up.communicate(timeout=30)
    assert shown["control"].startswith("http://127.0.0.1:")
    assert "answer anyone who can reach 0.0.0.0" in said
    assert up.returncode == 0


def test_one_requirement_is_judged_and_reported(tmp_path: Path) -> None:
    done = harness("conform", "--only", "IN-1", "--report-dir", str(tmp_path))
    assert done.returncode == 0, done.stderr
    report = json.loads((tmp_path / "report.json").read_text("utf-8"))
    assert report["subject"]["name"] == "reference"
    assert report["profile"] == "26"
    assert report["totals"] == {"passed": 1, "failed": 0, "unknown": 0, "broken": 0}
    (requirement,) = report["requirements"]
    assert (requirement["id"], requirement["level"], requirement["verdict"]) == ("IN-1", "must", "passed")
    assert len(requirement["scenarios"]) >= 5
    assert {"name", "verdict", "seconds", "reason"} <= set(requirement["scenarios"][0])


def test_the_same_scenarios_judge_real_processes_over_real_sockets() -> None:
    done = harness("conform", "--http", "--only", "IN-4,OUT-8,QUOTA-1,CRASH-2", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    report = json.loads(done.stdout)
    assert report["subject"]["time"] == "real"
    assert report["totals"]["passed"] == 4


def test_a_report_that_cannot_be_written_is_no_verdict(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    done = harness("conform", "--only", "IN-1", "--report-dir", str(tmp_path / "taken"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_requirements_are_listed_and_shown_with_sources() -> None:
    listed = harness("list")
    assert listed.returncode == 0
    assert "QUOTA-1" in listed.stdout
    shown = harness("show", "out-8")
    assert shown.returncode == 0
    assert "issue 9467" in shown.stdout
    assert "When CHT sends" in shown.stdout


def test_up_reports_a_port_in_use() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = harness("up", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "Address already in use" in done.stderr


def test_no_traffic_is_no_verdict_of_a_load_test() -> None:
    done = harness("load", "reminder_morning", "--texts", "0", "--json")
    assert done.returncode == 2
    document = json.loads(done.stdout)
    assert (document["requests"], document["verdict"]) == (0, "broken")


def test_a_smoke_run_of_the_load_test_loses_nothing() -> None:
    done = harness("load", "reminder_morning", "--texts", "60", "--seconds", "3", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    document = json.loads(done.stdout)
    assert (document["texts_in"], document["texts_out"]) == (60, 60)
    assert (document["lost"], document["duplicated"], document["verdict"]) == (0, 0, "passed")
    assert document["texts_per_second"] > 0
    assert document["calls_per_text"] < 2
