"""The tables in docs/faults.md are generated from the code."""

from __future__ import annotations

import pytest

from fakes.faults.docs import updated
from fakes.faults.effects import EFFECTS
from fakes.faults.presets import PRESETS
from tests.folders import DOCS

PAGE = DOCS / "faults.md"


def test_the_lists_of_the_page_are_up_to_date() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert updated(text) == text, "stale: run python -m fakes docs"


def test_the_page_names_every_effect_and_preset() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert [name for name in [*EFFECTS, *PRESETS] if f"| `{name}` |" not in text] == []


def test_a_page_without_its_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="begin fields"):
        updated("no markers")


def test_a_stale_page_is_detected() -> None:
    text = PAGE.read_text(encoding="utf-8").replace("| `reset` |", "| `rest` |")
    assert updated(text) != text
