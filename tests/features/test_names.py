"""Scenarios are found by name: of two with the same name in one feature, only the last would ever run."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from conformance.running.runner import features_folder

FEATURES = sorted(features_folder().glob("*.feature"))
SCENARIO = re.compile(r"^\s*Scenario(?: Outline)?:\s*(.+?)\s*$", re.MULTILINE)


@pytest.mark.parametrize("path", FEATURES, ids=[path.stem for path in FEATURES])
def test_no_two_scenarios_of_a_feature_have_the_same_name(path: Path) -> None:
    names = Counter(SCENARIO.findall(path.read_text("utf-8")))
    assert names
    assert [name for name, count in names.items() if count > 1] == []
