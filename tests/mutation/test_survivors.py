"""The list of explained survivors is up to date, and a run of mutmut is read and judged as it should be."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.mutation.score import Score, UnfinishedRun, by_module, statuses, survivors, total
from tests.mutation.survivors import PAGE, Mutant, as_markdown, from_diff, load, outdated, unexplained, updated

DIFF = """\
# relay.policy.x_back_off__mutmut_33: survived
--- relay/policy.py
+++ relay/policy.py
@@ -6,4 +6,4 @@
     first, longest = (30, 600) if error.needs_admin else (5, 120)
-    return float(min(first * 2.0, longest))
+    return float(min(first * 3.0, longest))
"""
RESULTS = """\
    relay.matching.x_match__mutmut_1: killed
    relay.policy.xǁStatusQueryǁmax_pages__mutmut_1: timeout
    relay.policy.x_back_off__mutmut_2: survived
    relay.policy.x_back_off__mutmut_3: no tests
    relay.policy.x_back_off__mutmut_4: segfault
"""


def test_each_explained_survivor_changes_a_line_that_is_there() -> None:
    assert outdated(load()) == [], "remove them from tests/mutation/survivors.toml, or mend their lines"


def test_a_survivor_whose_line_or_module_is_gone_is_outdated(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text("def f(a):\n    return min(\n        a, 1\n    )\n", "utf-8")
    there, changed = Mutant("module.py", "return min( a, 1 )", ""), Mutant("module.py", "return min(a, 1)", "")
    gone = Mutant("other.py", "return", "")
    assert outdated([there, changed, gone], tmp_path) == [changed, gone]


def test_the_document_shows_all_survivors() -> None:
    text = PAGE.read_text("utf-8")
    assert updated(text, load()) == text, "run make docs"


def test_a_survivor_is_shown_under_its_module_with_its_reason() -> None:
    page = "before\n<!-- survivors -->\nold\n<!-- end -->\nafter\n"
    known = {Mutant("a.py", "x < 1", "x <= 1"): "It is never 1.", Mutant("b.py", "y", "z"): "Nobody asks."}
    shown = as_markdown(known)
    assert shown.startswith("### `a.py`\n\nIt is never 1.\n\n```diff\n- x < 1\n+ x <= 1\n```\n")
    assert updated(page, known) == f"before\n<!-- survivors -->\n{shown}<!-- end -->\nafter\n"


def test_a_mutant_is_read_from_its_diff() -> None:
    mutant = from_diff(DIFF)
    assert mutant == Mutant(
        "relay/policy.py", "return float(min(first * 2.0, longest))", "return float(min(first * 3.0, longest))"
    )
    assert unexplained([mutant], {mutant: "why"}) == []
    assert unexplained([mutant], {mutant._replace(line="return"): "why"}) == [mutant]
    with pytest.raises(ValueError, match="no diff of a file: 'Could not find mutant'"):
        from_diff("Could not find mutant")


def test_the_score_counts_what_failed_did_not_end_or_crashed() -> None:
    by_name = statuses(RESULTS)
    scores = by_module(by_name)
    assert scores == {"relay.matching": Score(1, 1), "relay.policy": Score(2, 4)}
    assert total(scores.values()) == Score(3, 5)
    assert total(scores.values()).percent == 60
    assert survivors(by_name) == ["relay.policy.x_back_off__mutmut_2", "relay.policy.x_back_off__mutmut_3"]


@pytest.mark.parametrize(
    ("results", "what"),
    [
        ("", "all"),
        ("Traceback (most recent call last):\n", "all"),
        (f"{RESULTS}    relay.policy.x_back_off__mutmut_5: not checked\n", "not checked"),
        (f"{RESULTS}    relay.policy.x_back_off__mutmut_5: suspicious\n", "suspicious"),
    ],
)
def test_a_run_that_was_not_finished_has_no_score(results: str, what: str) -> None:
    with pytest.raises(UnfinishedRun, match=f"not tested to the end: {what}$"):
        statuses(results)
