"""The GitHub Action and the GitLab template: valid, and their scripts run in a clean environment, in both outcomes."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.subjects.external import free_port
from tests.distribution.conftest import Installed, add_dependencies
from tests.folders import ROOT

ACTION = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
GITLAB = yaml.safe_load((ROOT / "ci" / "gitlab.yml").read_text("utf-8"))
STEPS = ACTION["runs"]["steps"]
COMMANDS = Path(sys.executable).parent
OFFLINE = {"PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1"}


@pytest.mark.parametrize(
    "options",
    [
        ("vendor.github-actions", "action.yml"),
        ("vendor.gitlab-ci", "--data-transform", "gitlab-ci", "ci/gitlab.yml"),
    ],
    ids=lambda options: options[0],
)
def test_a_template_is_valid(options: tuple[str, ...]) -> None:
    command = [str(COMMANDS / "check-jsonschema"), "--builtin-schema", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def filled(value: str, known: dict[str, str]) -> str:
    """A text with the values of its expressions. KeyError for an expression that is not known here."""
    return re.sub(r"\$\{\{ ([^}]+) \}\}", lambda found: known[found[1]], value)


@dataclass(frozen=True, slots=True)
class Runner:
    """What GitHub gives to an action: here the wheel stands for its checkout, as pip takes either."""

    temp: Path
    installed: Installed

    def step(self, script: str, values: dict[str, str], folder: Path, **inputs: str) -> int:
        """Run a script of the Action in `folder` with these inputs. Returns its exit status."""
        given = {name: str(row["default"]) for name, row in ACTION["inputs"].items()}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        known = {f"inputs.{name}": value for name, value in given.items()} | {
            "runner.temp": str(self.temp),
            "github.action_path": str(self.installed.wheel),
            "steps.python.outputs.python-path": sys.executable,
        }
        own = {"PATH": "/usr/bin:/bin", "RUNNER_TEMP": str(folder), **OFFLINE}
        own |= {name: str(folder / name) for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        environment = own | {name: filled(value, known) for name, value in values.items()}
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
        return subprocess.run(command, cwd=folder, env=environment, timeout=120, check=False).returncode

    def judge(self, folder: Path, **inputs: str) -> tuple[int, str, str]:
        """Run the step that judges: its exit status, its outputs, and the summary."""
        (step,) = [step for step in STEPS if step.get("id") == "conform"]
        status = self.step(step["run"], step["env"], folder, **inputs)
        output, summary = ((folder / name).read_text("utf-8") for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY"))
        return status, output, summary


@pytest.fixture(scope="module")
def runner(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Runner:
    """A runner on which the Action has installed the harness."""
    made = Runner(tmp_path_factory.mktemp("runner"), installed)
    (step,) = [step for step in STEPS if step.get("name") == "Install the harness"]
    assert made.step(step["run"], step["env"], made.temp) == 0
    add_dependencies(made.temp / "relay-harness")
    return made


def test_the_action_judges_a_relay_and_leaves_a_report(runner: Runner, tmp_path: Path) -> None:
    command, url = f"{runner.installed.commands / 'python'} -m relay", f"http://127.0.0.1:{free_port()}"
    status, output, summary = runner.judge(tmp_path, subject_command=command, subject_url=url, only="IN-3")
    assert (status, output) == (0, "status=0\n")
    assert "IN-3" in summary
    report = json.loads((tmp_path / "relay-report" / "report.json").read_text("utf-8"))
    assert report["totals"]["passed"] == 1


def test_the_action_fails_with_the_status_of_the_verdict(runner: Runner, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    status, output, summary = runner.judge(tmp_path, subject_command="sh -c 'exit 3'", subject_url=url, only="IN-3")
    assert (status, output) == (2, "status=2\n")
    assert "ended with status 3" in summary


def test_the_inputs_of_the_action_are_options_and_are_documented() -> None:
    asked = [sys.executable, "-m", "conformance", "conform", "--help"]
    known = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    script = next(step["run"] for step in STEPS if step.get("id") == "conform")
    options = set(re.findall(r"--[a-z-]+", script))
    assert options >= {"--subject-command", "--subject-url", "--config", "--level", "--report-dir"}
    assert {option for option in options if option not in known} <= LATER
    page = (ROOT / "docs" / "containers.md").read_text("utf-8")
    assert all(f"`{name}`" in page for name in ACTION["inputs"])


LATER = {"--config"}
"""Options that come with the file harness.toml."""


def test_no_expression_stands_in_a_script_where_it_could_be_taken_for_code() -> None:
    assert not any("${{" in step["run"] for step in STEPS if "run" in step)


def test_the_gitlab_job_judges_a_relay_and_leaves_a_report(installed: Installed, tmp_path: Path) -> None:
    job: dict[str, Any] = GITLAB["relay-conformance"]
    variables = {name: str(value) for name, value in GITLAB["variables"].items()} | {
        "CI_BUILDS_DIR": str(tmp_path),
        "HARNESS": str(installed.wheel),
        "OPTIONS": "--only IN-3",
        "SUBJECT_COMMAND": f"{installed.commands / 'python'} -m relay",
        "SUBJECT_URL": f"http://127.0.0.1:{free_port()}",
        "PATH": f"{COMMANDS}:/usr/bin:/bin",
    }
    first, second, third = job["script"]
    for script in (f"{first}\n{second}", third):
        done = subprocess.run(
            ["sh", "-ec", script], cwd=tmp_path, env=variables | OFFLINE, capture_output=True, text=True, timeout=120,
            check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        add_dependencies(tmp_path / "relay-harness")
    assert (tmp_path / GITLAB["variables"]["REPORT_DIR"] / "report.json").exists()
    assert os.path.basename(job["artifacts"]["reports"]["junit"]) == "junit.xml"
