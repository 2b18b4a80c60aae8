"""`flow check` on the recorded exports: what is known about those that bring texts to CHT, and nothing beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from conformance.flows.bundle import bundle_of
from conformance.flows.checking.check import check, generations_for
from tests.folders import ROOT

RECORDINGS = ROOT / "tests" / "golden" / "flows" / "recordings.ndjson"
UNGUARDED = {"empty-content", "no-input"}
"""What a flow has that posts every text at once."""
EXPECTED: Mapping[str, set[str]] = {
    "cht_docs_records": {"needs-global", "no-accept", "report-swallowed"},
    "cht_docs_relay": UNGUARDED | {"answer-not-read", "needs-global", "needs-service"},
    "example_relay_flow": UNGUARDED | {"answer-not-read", "needs-global", "retry-with-one-id"},
    "relay_with_fallback": UNGUARDED | {"needs-global", "needs-label", "retry-with-one-id"},
    "webhook_loop": {"empty-content", "no-authorization", "run-uuid-repeated"},
    "webhook_old_router": UNGUARDED | {"needs-global"},
    "step_limit": {"loop-without-wait"},
    "msg_quick_replies": set(),
    "random_router": set(),
    "wait_timeout": set(),
}


@pytest.fixture(scope="module")
def found() -> Mapping[str, set[str]]:
    """The rules that fire, by recorded export."""
    rules: dict[str, set[str]] = {}
    for line in RECORDINGS.read_text("utf-8").splitlines():
        recorded = json.loads(line)
        bundle = bundle_of(recorded["export"], recorded["transcript"]["bundle"])
        rules[bundle.path] = {one.rule.id for one in check(bundle, generations_for(bundle), None)}
    return rules


@pytest.mark.parametrize("name", EXPECTED)
def test_the_findings_of_a_recorded_export_are_those_it_has(name: str, found: Mapping[str, set[str]]) -> None:
    assert found[name] == EXPECTED[name]


def test_most_recorded_exports_have_no_finding_but_refusals(found: Mapping[str, set[str]]) -> None:
    clean = [name for name, rules in found.items() if rules <= {"refused"}]
    assert len(found) > 80
    assert len(clean) > len(found) / 2
