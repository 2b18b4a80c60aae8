"""Each preset has a scenario: common faults are judged, not only offered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from conformance.running.runner import scenarios
from conformance.world.vocabulary import CHANNEL, CHT_TROUBLES, RAPIDPRO_TROUBLES
from fakes.faults.presets import PRESETS


def presets_of(phrases: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(preset, phrase) for each phrase that means a preset."""
    for phrase, meaning in phrases.items():
        for fault in meaning(60.0) if callable(meaning) else [meaning]:
            if "preset" in fault:
                yield fault["preset"], phrase


@pytest.fixture(scope="module")
def steps() -> str:
    """All steps of all scenarios, and their names, which include the examples of outlines."""
    return "\n".join(line for one in scenarios() for line in (one.name, *one.steps))


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_has_a_scenario(preset: str, steps: str) -> None:
    known = [*presets_of(RAPIDPRO_TROUBLES), *presets_of(CHT_TROUBLES), *presets_of(CHANNEL)]
    phrases = [phrase for name, phrase in known if name == preset]
    assert phrases, f"no phrase of the scenarios means {preset}"
    assert any(phrase in steps for phrase in phrases), f"no scenario says {phrases}"
