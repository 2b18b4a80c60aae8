"""The gates of a load run: each is seen closed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.checks import Violation
from conformance.verdicts import Verdict
from loadtests.gates import Figures, percentile, verdict
from loadtests.shapes import SHAPES, UnknownShape, shape

GOOD = Figures(
    shape="reminder_morning",
    requests=4000,
    failures=0,
    texts_in=2000,
    texts_out=2000,
    lost=0,
    duplicated=0,
    violations=0,
    texts_per_second=90.0,
    p50_ms=5,
    p95_ms=20,
    p99_ms=50,
    to_phone_p50_s=1.0,
    to_phone_p95_s=2.0,
    calls_per_text=1.1,
    seconds=44.0,
)


def test_a_good_run_passes() -> None:
    assert verdict(GOOD, []) == (Verdict.PASSED, [])


def test_a_run_without_requests_is_broken_not_passed() -> None:
    result, reasons = verdict(replace(GOOD, requests=0), [])
    assert result is Verdict.BROKEN
    assert "no request was made" in reasons[0]


def test_a_run_without_texts_is_broken_not_passed() -> None:
    assert verdict(replace(GOOD, texts_in=0, texts_out=0), [])[0] is Verdict.BROKEN


def test_failed_requests_fail_the_run() -> None:
    result, reasons = verdict(replace(GOOD, failures=3), [])
    assert result is Verdict.FAILED
    assert reasons == ["3 of 4000 requests failed"]


def test_a_violation_fails_the_run_and_is_named() -> None:
    result, reasons = verdict(GOOD, [Violation("outgoing_lost", "lost", "'hello' never arrived")])
    assert result is Verdict.FAILED
    assert reasons == ["lost: 'hello' never arrived"]


def test_many_violations_are_counted_not_all_listed() -> None:
    _, reasons = verdict(GOOD, [Violation("outgoing_lost", "lost", str(n)) for n in range(50)])
    assert len(reasons) == 21
    assert reasons[-1] == "and 30 more violations"


def test_slow_answers_fail_the_run_where_a_limit_is_set() -> None:
    assert verdict(GOOD, [], p95_limit_ms=10)[0] is Verdict.FAILED
    assert verdict(GOOD, [], p95_limit_ms=30)[0] is Verdict.PASSED


def test_percentiles_of_known_values() -> None:
    assert percentile([], 0.5) == 0.0
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([1.0, 2.0, 3.0], 1.0) == 3.0


def test_an_unknown_shape_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownShape, match="reminder_morning"):
        shape("full_moon")


def test_a_shape_can_be_scaled() -> None:
    small = shape("reminder_morning").scaled(10, 2)
    assert (small.texts_in, small.texts_out, small.in_per_second, small.out_per_second) == (10, 10, 5, 5)


def test_shapes_have_different_names() -> None:
    assert len({one.name for one in SHAPES}) == len(SHAPES)
