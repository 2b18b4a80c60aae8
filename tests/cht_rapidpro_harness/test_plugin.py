"""The pytest plugin in other people's projects: fixtures, options, reports of failures, workers."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cht_rapidpro_harness.pytest_run import environment, run_pytest, write
from tests.folders import ROOT

SEND = """
def send(world, text="Come on Monday"):
    headers = {"Authorization": f"Token {world.rapidpro.token}"}
    body = {"urns": ["tel:+250788123001"], "text": text}
    return world.session().post(f"{world.rapidpro.url}/api/v2/broadcasts.json", json=body, headers=headers)
"""
TWICE = f"""{SEND}
def test_one(sms_world, fake_rapidpro, fake_cht):
    assert (sms_world.rapidpro, sms_world.cht) == (fake_rapidpro, fake_cht)
    send(sms_world)
    sms_world.pass_time(60)
    assert sms_world.phone("+250788123001").received == ["Come on Monday"]

test_another = test_one
"""


def test_each_test_has_a_world_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, {"test_it.py": TWICE})
    done = run_pytest(tmp_path)
    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_a_failure_shows_the_last_exchanges_without_secrets(tmp_path: Path) -> None:
    failing = f"{SEND}\ndef test_it(sms_world):\n    send(sms_world, 'Is this shown?')\n    assert not 'right'\n"
    write(tmp_path, {"test_it.py": failing})
    done = run_pytest(tmp_path)
    assert done.returncode == 1
    shown = done.stdout.partition("last exchanges of sms_world")[2]
    assert re.search(r"rapidpro +POST /api/v2/broadcasts.json .*Is this shown\?.* -> 201", shown), done.stdout
    assert "RAPIDPRO-TEST-TOKEN" not in done.stdout


def test_a_failure_is_shown_even_if_the_fakes_have_ended(tmp_path: Path) -> None:
    test = "def test_it(sms_world):\n    sms_world.control.url = 'http://127.0.0.1:9'\n    assert not 'right'\n"
    ini = "[pytest]\nsms_world_mode = processes\n"
    write(tmp_path, {"test_it.py": test, "pytest.ini": ini})
    done = run_pytest(tmp_path)
    assert done.returncode == 1
    assert "assert not 'right'" in done.stdout
    assert "cannot be read: the fakes' control API at http://127.0.0.1:9 does not answer" in done.stdout
    assert "INTERNALERROR" not in done.stdout


def test_a_fault_that_no_request_met_fails_the_test(tmp_path: Path) -> None:
    write(tmp_path, {"test_it.py": "def test_it(sms_world):\n    sms_world.fault('lost-reply')\n"})
    done = run_pytest(tmp_path)
    assert done.returncode == 1
    assert "no request has met these faults, so they tested nothing: lose_reply" in done.stdout


def test_options_come_from_the_marker_or_from_the_ini_file(tmp_path: Path) -> None:
    tests = """
import pytest

def test_ini(sms_world):
    assert sms_world.mode == "processes"
    sms_world.pass_time(3600)

@pytest.mark.sms_world(mode="in-process", clock=None, profile="6.4", cht_release="4.4")
def test_marker(sms_world):
    assert sms_world.mode == "in-process"
    assert sms_world.control.get("/cht/release")["name"] == "4.4"
"""
    ini = "[pytest]\nsms_world_mode = processes\nsms_world_clock = virtual\nsms_world_seed = 7\n"
    write(tmp_path, {"test_it.py": tests, "pytest.ini": ini})
    done = run_pytest(tmp_path, "--strict-markers", "--strict-config")
    assert "2 passed" in done.stdout, done.stdout + done.stderr


WRONG_MARKERS = {
    '"9.3"': "sms_world: the marker takes mode=..., profile=..., .*, and not '9.3'",
    "version=3": "and not version",
    'mode="http"': "mode: expected one of in-process, processes, got 'http'",
    "profile=9": "profile: expected one of .*, got 9",
    "seed=None": "seed: expected a whole number, got None",
}


def test_wrong_markers_are_one_sentence_each(tmp_path: Path) -> None:
    tests = [
        f"@pytest.mark.sms_world({marker})\ndef test_{number}(sms_world):\n    pass\n"
        for number, marker in enumerate(WRONG_MARKERS)
    ]
    write(tmp_path, {"test_it.py": "\n".join(["import pytest", *tests])})
    done = run_pytest(tmp_path)
    assert f"{len(WRONG_MARKERS)} errors" in done.stdout
    for sentence in WRONG_MARKERS.values():
        assert re.search(f"^(E +)?(sms_world: )?.*{sentence}", done.stdout, re.MULTILINE), done.stdout
    assert "Traceback" not in done.stdout
    assert "another exception" not in done.stdout
    assert len(done.stdout.splitlines()) < 6 * len(WRONG_MARKERS), done.stdout


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("sms_world_seed=x", "sms_world: sms_world_seed: expected a whole number, got 'x'"),
        ("sms_world_mode=", "sms_world: mode: expected one of in-process, processes, got ''"),
        ("sms_world_clock=system", "sms_world: clock: in process time is virtual"),
    ],
)
def test_wrong_settings_are_one_sentence(setting: str, sentence: str, tmp_path: Path) -> None:
    write(tmp_path, {"test_it.py": "def test_it(sms_world):\n    pass\n", "pytest.ini": "[pytest]\n"})
    done = run_pytest(tmp_path, "-o", setting)
    assert done.returncode == 1
    assert sentence in done.stdout
    assert len(done.stdout.splitlines()) < 10, done.stdout


def test_workers_do_not_disturb_each_other(tmp_path: Path) -> None:
    tests = f"""{SEND}
import pytest

@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("mode", ["in-process", "processes"])
def test_it(number, mode, request):
    request.applymarker(pytest.mark.sms_world(mode=mode, clock="virtual"))
    world = request.getfixturevalue("sms_world")
    send(world, f"Text {{number}}")
    world.pass_time(60)
    assert world.phone("+250788123001").received == [f"Text {{number}}"]
"""
    write(tmp_path, {"test_it.py": tests})
    done = run_pytest(tmp_path, "-n", "2")
    assert "12 passed" in done.stdout, done.stdout + done.stderr


def test_without_a_fixture_nothing_of_the_harness_is_imported() -> None:
    program = """
import sys
import cht_rapidpro_harness.pytest_plugin
names = {name.partition(".")[0] for name in sys.modules}
print(sorted(names & {"flask", "requests", "conformance", "fakes", "relay", "click", "werkzeug"}))
print([name for name in sys.modules if name.startswith("cht_rapidpro_harness.ours.")])
print(len([one for one in sys.meta_path if "Ours" in type(one).__name__]))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment({"PYTHONPATH": str(ROOT)}),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split("\n")[:3] == ["[]", "[]", "0"]
