"""The recorded conversations, as jobs with what is expected of the answers."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tests.folders import GOLDEN

GENERATIONS = {"new": "new_error", "9": "error_9"}
LISTS = ("outputs", "effects", "webhooks", "path", "waits", "status", "errors")
DRAWN = ("outputs", "path")
"""What depends on a random router."""


@dataclass(frozen=True)
class Recorded:
    """One case in one generation."""

    name: str
    job: dict[str, Any]
    expected: dict[str, Any]


def bundles() -> dict[str, dict[str, Any]]:
    """All recordings by the name of their bundle."""
    lines = (GOLDEN / "flows/recordings.ndjson").read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return {one["transcript"]["bundle"]: one for one in found}


def cases(recording: dict[str, Any]) -> Iterator[Recorded]:
    """All cases of a recording, in each generation that they hold for."""
    transcript = recording["transcript"]
    for entry in transcript["flows"]:
        for case in entry["cases"]:
            for generation in GENERATIONS:
                if case["generation"] in ("both", generation):
                    name = f"{transcript['bundle']} / {entry['flow']['name']} / {case['case']} / {generation}"
                    job = _job(recording, entry["flow"]["uuid"], case, generation)
                    yield Recorded(name, job, _expected(case, generation))


def _job(recording: dict[str, Any], flow: str, case: dict[str, Any], generation: str) -> dict[str, Any]:
    transcript = recording["transcript"]
    return {
        "bundle": recording["export"],
        "flow": flow,
        "generation": generation,
        "clock": transcript["clock"],
        "env": {**transcript["env"], **case.get("env", {})},
        "workspace": transcript["workspace"],
        **{key: case[key] for key in ("languages", "contact", "webhook_answers", "inputs")},
    }


def _expected(case: dict[str, Any], generation: str) -> dict[str, Any]:
    refusal = GENERATIONS[generation]
    if refusal in case:
        return {refusal: case[refusal], "error": case[refusal]}
    kept = (*LISTS, "runs", "contact_after", "error", "unused_inputs")
    expected = {key: case[key] for key in kept if key in case}
    if generation == "9" and "errors_9" in case:
        expected["errors"] = case["errors_9"]
    return _comparable(expected, case)


def _comparable(answer: dict[str, Any], case: dict[str, Any]) -> dict[str, Any]:
    """Without what is drawn at random, if something was."""
    if not case.get("random"):
        return answer
    runs = [{**run, "results": sorted(run["results"])} for run in answer["runs"]]
    return {**{key: value for key, value in answer.items() if key not in DRAWN}, "runs": runs}


def differences(recorded: Recorded, answer: dict[str, Any]) -> dict[str, Any]:
    """What of the answer is not as it was recorded: key to the two values."""
    expected = recorded.expected
    if "runs" in expected and "outputs" not in expected:
        answer = _comparable(answer, {"random": True}) if "runs" in answer else answer
    after = answer.get("contact_after")
    if after and "timezone" not in expected.get("contact_after", {"timezone": None}):
        after.pop("timezone")  # the oldest recordings do not say it
    keys = {*expected, *answer}
    return {key: (expected.get(key), answer.get(key)) for key in keys if expected.get(key) != answer.get(key)}
