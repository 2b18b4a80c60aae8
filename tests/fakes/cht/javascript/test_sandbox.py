"""JavaScript of the settings ends after its time, also in built-in functions that the engine cannot interrupt."""

from __future__ import annotations

import time

import pytest

from fakes.cht.javascript.sandbox import SECONDS, ScriptError, evaluate

HUGE = "Array(1 << 28)"
OVERRUNNING = [
    f'{HUGE}.join("a")', f"{HUGE}.sort()", f"{HUGE}.reverse()", f"{HUGE}.toString()", f"String({HUGE})", f"'' + {HUGE}",
    f"{HUGE}.indexOf(1)", f"{HUGE}.includes(1)", f"{HUGE}.slice()", f"{HUGE}.unshift(1)", f"[].concat({HUGE})",
    f"[{HUGE}].flat()", 'Array.prototype.join.call({length: 1 << 28}, "")',
    "for (;;) Array(1 << 20).indexOf(1)", "for (;;) Array(1 << 16).join('')",
]  # fmt: skip


@pytest.mark.parametrize("expression", OVERRUNNING)
def test_an_expression_that_overruns_its_time_inside_a_built_in_function_ends_as_a_loop_does(expression: str) -> None:
    with pytest.raises(ScriptError) as endless:
        evaluate("for (;;);", {})
    began = time.process_time()
    with pytest.raises(ScriptError) as found:
        evaluate(expression, {})
    assert time.process_time() - began < 3 * SECONDS
    assert str(found.value) == str(endless.value)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("[3, 1, 2].sort().join('-')", "1-2-3"),
        ("[[1, 2], [3]].flat().concat([4], 5).reverse()", [5, 4, 3, 2, 1]),
        ("'a-b-c'.replace(/-/g, '+').split('+')", ["a", "b", "c"]),
        ("doc.list.map(function (x) { return x * 2; }).filter(function (x) { return x > 2; })", [4, 6]),
        ("Array(1000).fill(1).reduce(function (a, b) { return a + b; }, 0)", 1000),
        ("Array.prototype.slice.call('abc')", ["a", "b", "c"]),
        ("'ab'.repeat(3).toUpperCase().indexOf('BA')", 1),
        ("Object.keys([1, 2])", ["0", "1"]),
        ("(function () { for (var i in []) return i; return 'none'; })()", "none"),
        ("[].join.name + ''.split.name", "joinsplit"),
    ],
)
def test_ordinary_expressions_are_as_before(expression: str, value: object) -> None:
    assert evaluate(expression, {"doc": {"list": [1, 2, 3]}}).value == value


def test_each_expression_has_its_own_limit() -> None:
    for _ in range(20):
        assert evaluate("Array(1 << 20).indexOf(1)", {}).value == -1
