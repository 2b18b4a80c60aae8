"""A relay written in Node with its standard library alone, started by the harness or running already."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from conformance.services.neighbours import neighbours
from conformance.subjects.external import free_port
from tests.folders import ROOT
from tests.harness_command import harness

RELAY = Path(__file__).parent / "relay.mjs"
DEFECTS = {"forgets": "IN-6", "repeats": "OUT-8", "impatient": "QUOTA-4"}
"""Each defect of the relay, and the requirement that fails because of it."""
LINES = 150


@pytest.fixture(scope="module")
def node() -> str:
    """The program `node`. Without it these tests are skipped, or fail where HARNESS_REQUIRE_NODE is 1."""
    found = shutil.which("node")
    if found is None and os.environ.get("HARNESS_REQUIRE_NODE") == "1":
        pytest.fail("HARNESS_REQUIRE_NODE is 1, and there is no `node`")
    if found is None:
        pytest.skip("there is no `node` on this machine")
    return found


def judged(node: str, *arguments: str, defect: str = "") -> tuple[int, dict[str, str]]:
    """The exit status, and the verdict of each requirement."""
    url, command = f"http://127.0.0.1:{free_port()}", f"{node} {RELAY}"
    done = harness(
        *("conform", "--subject-url", url, "--subject-command", command, "--json", *arguments),
        *("--poll-seconds", "0.3", "--patience-seconds", "5"),
        environment={"RELAY_DEFECT": defect},
    )
    assert done.stdout, done.stderr
    return done.returncode, verdicts(json.loads(done.stdout))


def verdicts(report: dict[str, Any]) -> dict[str, str]:
    return {one["id"]: one["verdict"] for one in report["requirements"]}


def test_it_is_a_relay_that_a_reader_can_survey() -> None:
    source = RELAY.read_text("utf-8")
    assert len(source.splitlines()) < LINES
    imported = [line.split(" from ")[1].strip('";') for line in source.splitlines() if line.startswith("import")]
    assert all(module.startswith("node:") for module in imported), "only the standard library"


def test_an_honest_relay_passes(node: str) -> None:
    status, found = judged(node, *(word for id_ in DEFECTS.values() for word in ("--only", id_)), "--jobs", "3")
    assert (status, found) == (0, dict.fromkeys(DEFECTS.values(), "passed"))


@pytest.mark.parametrize("defect", DEFECTS)
def test_each_defect_fails_its_requirement(node: str, defect: str) -> None:
    status, found = judged(node, "--only", DEFECTS[defect], "--fail-fast", "--jobs", "1", defect=defect)
    assert (status, found) == (1, {DEFECTS[defect]: "failed"})


@contextmanager
def running(node: str, folder: Path, listen: int, rapidpro: int, cht: int) -> Iterator[None]:
    """The relay, configured for services that do not listen yet."""
    usual = neighbours(f"http://127.0.0.1:{cht}", f"http://127.0.0.1:{rapidpro}").environment()
    own = {
        "RELAY_LISTEN": f"127.0.0.1:{listen}",
        "RELAY_DATABASE": f"sqlite:///{folder / 'relay.db'}",
        "RELAY_POLL_SECONDS": "0.5",
        "RELAY_SETTLE_SECONDS": "2",
    }
    with subprocess.Popen(
        [node, str(RELAY)], env={**os.environ, **usual, **own}, cwd=ROOT, stderr=subprocess.DEVNULL
    ) as relay:
        try:
            yield
        finally:
            relay.kill()


def test_a_relay_that_runs_already_is_judged_at_fixed_ports(node: str, tmp_path: Path) -> None:
    listen, rapidpro, cht = free_port(), free_port(), free_port()
    ports = ("--rapidpro-port", str(rapidpro), "--cht-port", str(cht))
    with running(node, tmp_path, listen, rapidpro, cht):
        done = harness(
            "conform", "--subject-url", f"http://127.0.0.1:{listen}", *ports, "--only", "IN-2,OUT-3,CRASH-1", "--json"
        )
    assert verdicts(json.loads(done.stdout)) == {"IN-2": "passed", "OUT-3": "passed", "CRASH-1": "unknown"}
    assert done.returncode == 0
    for shown in (f"http://127.0.0.1:{rapidpro}, token RAPIDPRO-TEST-TOKEN", f"http://127.0.0.1:{cht}, user gateway"):
        assert shown in done.stderr
