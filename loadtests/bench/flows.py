"""Texts through the recommended flow, in this process, in both generations.

Each text starts a session, calls the webhook, is answered and is thanked for.
"""

from __future__ import annotations

import time
from pathlib import Path

from conformance.flows.conversations.model import GENERATIONS, Rule, Setting
from conformance.flows.playing.exports import read_export
from conformance.flows.playing.person import Person
from conformance.services.in_process import BEGINNING
from fakes.rapidpro.versions.generation import Generation

TEXTS = 1000
FLOW = Path(__file__).parents[2] / "examples" / "flows" / "recommended.json"
GLOBALS = {"cht_url": "https://cht.example/texts", "cht_api_key": "bench-token"}


def measure(texts: int = TEXTS) -> dict[str, dict[str, float]]:
    """By generation of the flow engine: texts, and how many a second of the clock and of the processor."""
    return {f"generation {generation}": _figures(_person(generation), texts) for generation in GENERATIONS}


def _person(generation: Generation) -> Person:
    answer = {"status": 200, "body": {"saved": 1}}
    setting = Setting(FLOW, "", BEGINNING, globals=GLOBALS, endpoint=(Rule("", (answer,)),))
    person = Person(setting, read_export(FLOW), generation)
    person.text("the first text, for which the flow is read")
    return person


def _figures(person: Person, texts: int) -> dict[str, float]:
    began, worked = time.perf_counter(), time.process_time()
    for number in range(texts):
        seen = person.text(f"I am number {number} and have a fever")
        if len(seen.calls) != 1 or len(seen.replies) != 1:
            raise AssertionError(f"text {number} led to {seen}: the measurement is invalid")
    seconds, of_processor = time.perf_counter() - began, time.process_time() - worked
    return {
        "texts": texts,
        "texts_per_second": round(texts / seconds),
        "texts_per_cpu_second": round(texts / of_processor),
    }
