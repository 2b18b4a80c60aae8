"""The flow engine against what the real one did: all recorded conversations, both generations."""

import json
import subprocess
import sys
import tomllib
from typing import Any

import pytest

from fakes.rapidpro.flows.jobs.conversation import run_job
from fakes.rapidpro.flows.jobs.job import read_job
from tests.fakes.rapidpro.flows.recorded_flows import bundles, cases, differences
from tests.folders import GOLDEN

RECORDINGS = bundles()
NOT_YET: dict[str, str] = tomllib.loads((GOLDEN / "flows/not_yet.toml").read_text(encoding="utf-8"))
FEWEST_CASES = 880


@pytest.mark.parametrize("bundle", RECORDINGS)
def test_recorded_conversations_happen_again(bundle: str) -> None:
    found: dict[str, Any] = {}
    for recorded in cases(RECORDINGS[bundle]):
        answer = run_job(read_job(json.dumps(recorded.job).encode()))
        different = differences(recorded, answer)
        if different:
            found[recorded.name] = different
    unexpected = {name: different for name, different in found.items() if name not in NOT_YET}
    assert unexpected == {}


def test_the_not_yet_list_names_only_cases_that_are_not_met() -> None:
    known = {one.name: one for recording in RECORDINGS.values() for one in cases(recording)}
    assert len(known) > FEWEST_CASES
    assert set(NOT_YET) <= set(known)
    met = [name for name in NOT_YET if not differences(known[name], run_job(read_job(_line(known[name].job))))]
    assert met == []


def _line(job: dict[str, Any]) -> bytes:
    return json.dumps(job).encode()


def test_the_process_answers_jobs_line_by_line() -> None:
    recorded = [next(iter(cases(RECORDINGS[name]))) for name in ("webhook_old_router", "child_completed", "broadcast")]
    stdin = b"\n".join([*(_line(one.job) for one in recorded), b"", b"{", b'{"flow": "x"}'])
    command = [sys.executable, "-m", "fakes", "flow"]
    ended = subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)
    assert ended.stderr == b""
    assert ended.returncode == 2
    *good, not_json, incomplete = [json.loads(line) for line in ended.stdout.splitlines()]
    assert [differences(one, answer) for one, answer in zip(recorded, good, strict=True)] == [{}, {}, {}]
    assert not_json["error"].startswith("the job is not JSON")
    assert incomplete["error"].startswith("the job lacks bundle, generation")
