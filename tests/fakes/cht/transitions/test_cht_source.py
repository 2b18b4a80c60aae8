"""The fake's rules and transitions against what CHT's own code answers (`tests/golden/cht_source/SOURCES.md`)."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from fakes.cht.reports.validation.functions import FUNCTIONS, RuleError
from fakes.cht.reports.validation.lookup_functions import RuleFunctions
from fakes.cht.reports.validation.rules import holds
from tests.fakes.cht.transitions.cht_source import in_order, read, run_case, state_with

COMMON = read("transitions")


def outcome(rule: str, values: dict[str, Any], functions: Any = FUNCTIONS) -> bool | str:
    """Whether a rule about the field `a` holds, or what it throws."""
    given = {**values, "a": "" if values.get("a") is None else values["a"]}
    try:
        return holds(rule, given, "a", functions)
    except RuleError as fault:
        return str(fault)


def test_rules_hold_and_throw_as_in_the_real_cht() -> None:
    samples = read("rules")
    found = [(one["rule"], one["values"], outcome(one["rule"], one["values"])) for one in samples]
    assert len(samples) > 300
    assert found == [(one["rule"], one["values"], one["outcome"]) for one in samples]


@pytest.mark.parametrize("name", ["exists", "unique", "uniqueWithin", "isAfter", "isBefore", "isISOWeek", "Phone"])
def test_lookup_functions_return_what_the_real_ones_return(name: str) -> None:
    samples = [one for one in read("questions") if name in one["rule"]]
    assert {one["holds"] for one in samples} == {True, False}
    for one in samples:
        doc = {"_id": "me", "type": "data_record", "form": "R", **one["doc"]}
        state, views = state_with({"default_country_code": one["country"]}, [*one["docs"], doc])
        values = {**copy.deepcopy(doc), **doc["fields"]}
        if values.get(one["property"]) is None:
            values[one["property"]] = ""
        assert holds(one["rule"], values, one["property"], RuleFunctions(state, views).functions) == one["holds"], one


@pytest.mark.parametrize("number", range(len(COMMON["cases"])))
def test_transitions_save_the_documents_that_the_real_ones_save(number: int) -> None:
    case = COMMON["cases"][number]
    assert in_order(run_case(COMMON, case)) == in_order(case["found"])
