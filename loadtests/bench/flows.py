"""`python -m loadtests.bench flows`: 1,000 texts through the recommended flow, in this process, in both generations.

Each text starts a session, calls the webhook, is answered and is thanked for. The aim is 1.5 seconds.
"""

from __future__ import annotations

import cProfile
import os
import pstats
import time
from pathlib import Path

from conformance.flows.conversations.model import GENERATIONS, Rule, Setting
from conformance.flows.playing.exports import read_export
from conformance.flows.playing.person import Person
from conformance.services.in_process import BEGINNING
from fakes.rapidpro.versions.generation import Generation

TEXTS = 1000
SHOWN = 30
FLOW = Path(__file__).parents[2] / "examples" / "flows" / "recommended.json"
GLOBALS = {"cht_url": "https://cht.example/texts", "cht_api_key": "bench-token"}


def measure() -> dict[str, float | str]:
    """Seconds for all texts (of a clock, and of the processor), and the functions that take most of them, as shares."""
    figures: dict[str, float | str] = {}
    for generation in GENERATIONS:
        seconds, of_processor = _seconds(_person(generation))
        figures[f"{TEXTS}_texts_{generation}_seconds"] = round(seconds, 3)
        figures[f"{TEXTS}_texts_{generation}_cpu_seconds"] = round(of_processor, 3)
    return figures | _profile()


def _person(generation: Generation) -> Person:
    answer = {"status": 200, "body": {"saved": 1}}
    setting = Setting(FLOW, "", BEGINNING, globals=GLOBALS, endpoint=(Rule("", (answer,)),))
    person = Person(setting, read_export(FLOW), generation)
    person.text("the first text, for which the flow is read")
    return person


def _seconds(person: Person) -> tuple[float, float]:
    began, worked = time.perf_counter(), time.process_time()
    for number in range(TEXTS):
        seen = person.text(f"I am number {number} and have a fever")
        if len(seen.calls) != 1 or len(seen.replies) != 1:
            raise AssertionError(f"text {number} led to {seen}: the measurement is invalid")
    return time.perf_counter() - began, time.process_time() - worked


def _profile() -> dict[str, float | str]:
    """The functions of the fakes by the time in them and in what they call, in the newer generation."""
    person, profile = _person("new"), cProfile.Profile()
    profile.runcall(_seconds, person)
    stats = pstats.Stats(profile).stats  # type: ignore[attr-defined] # it is there, and described in the manual
    total = max(whole for _, _, _, whole, _ in stats.values())
    ours = [one for one in stats.items() if f"{os.sep}flows{os.sep}" in one[0][0] or "urns.py" in one[0][0]]
    most = sorted(ours, key=lambda one: -one[1][3])[:SHOWN]
    return {
        f"{Path(file).name} {name}": f"{100 * values[3] / total:.0f} % in {values[1]} calls"
        for (file, _, name), values in most
    }
