"""The gates of a load run: each is seen closed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from conformance.checks import Violation
from conformance.verdicts import Verdict
from loadtests.gates import Figures, Limits, percentile, samples_needed, verdict

GOOD = Figures(
    shape="reminder_morning",
    time="real",
    requests=4000,
    failures=0,
    driver_requests=2000,
    driver_failures=0,
    texts_in=2000,
    texts_out=2000,
    lost=0,
    duplicated=0,
    violations=0,
    not_drained=0,
    texts_per_second=90.0,
    texts_out_per_second=80.0,
    p50_ms=5,
    p95_ms=20,
    p99_ms=50,
    to_phone_p50_s=1.0,
    to_phone_p95_s=2.0,
    calls_per_text=1.1,
    seconds=44.0,
)
ALL_KEPT = Limits(6, 21, 51, 3, 89, 79)


def test_a_good_run_passes() -> None:
    assert verdict(GOOD, [], Limits(), {}) == (Verdict.PASSED, [])
    assert verdict(GOOD, [], ALL_KEPT, {}) == (Verdict.PASSED, [])


def test_a_run_without_requests_is_broken_not_passed() -> None:
    result, reasons = verdict(replace(GOOD, requests=0), [], Limits(), {})
    assert result is Verdict.BROKEN
    assert "no request was made" in reasons[0]


def test_a_run_without_texts_is_broken_not_passed() -> None:
    assert verdict(replace(GOOD, texts_in=0, texts_out=0), [], Limits(), {})[0] is Verdict.BROKEN


def test_requests_that_the_relay_did_not_answer_fail_the_run() -> None:
    result, reasons = verdict(replace(GOOD, failures=3), [], Limits(), {})
    assert result is Verdict.FAILED
    assert reasons == ["3 of 2000 requests that the relay had to answer failed"]


def test_requests_that_the_fakes_refused_are_not_the_relays_fault() -> None:
    result, reasons = verdict(replace(GOOD, driver_failures=3), [], Limits(), {})
    assert result is Verdict.BROKEN
    assert reasons == ["3 of 2000 requests to the fakes failed"]


def test_a_violation_fails_the_run_and_is_named_also_if_the_fakes_refused_something() -> None:
    found = [Violation("outgoing_lost", "lost", "'hello' never arrived")]
    result, reasons = verdict(replace(GOOD, driver_failures=3), found, Limits(), {})
    assert result is Verdict.FAILED
    assert reasons == ["lost: 'hello' never arrived", "3 of 2000 requests to the fakes failed"]


def test_many_violations_are_counted_not_all_listed() -> None:
    many = [Violation("outgoing_lost", "lost", str(n)) for n in range(50)]
    _, reasons = verdict(GOOD, many, Limits(), {})
    assert len(reasons) == 21
    assert reasons[-1] == "and 30 more violations"


def test_what_is_left_at_the_time_limit_fails_the_run_as_numbers() -> None:
    result, reasons = verdict(GOOD, [], Limits(), {"texts from CHT still in CHT (pending)": 7})
    assert result is Verdict.FAILED
    assert reasons == ["not done by the time limit: 7 texts from CHT still in CHT (pending)"]


@pytest.mark.parametrize(
    ("limits", "sentence"),
    [
        (Limits(p50_ms=4), "p50_ms is 5 ms, the limit is 4 ms"),
        (Limits(p95_ms=10), "p95_ms is 20 ms, the limit is 10 ms"),
        (Limits(p99_ms=49.5), "p99_ms is 50 ms, the limit is 49.5 ms"),
        (Limits(to_phone_p95_s=1), "to_phone_p95_s is 2 s, the limit is 1 s"),
        (Limits(texts_per_second=91), "texts_per_second is 90, at least 91 is wanted"),
        (Limits(texts_out_per_second=81), "texts_out_per_second is 80, at least 81 is wanted"),
    ],
)
def test_each_limit_can_be_exceeded(limits: Limits, sentence: str) -> None:
    assert verdict(GOOD, [], limits, {}) == (Verdict.FAILED, [sentence])


@pytest.mark.parametrize(
    ("share", "limits"), [(0.5, Limits(p50_ms=99)), (0.95, Limits(p95_ms=99)), (0.99, Limits(p99_ms=99))]
)
def test_too_few_samples_make_a_limit_unknown_not_kept(share: float, limits: Limits) -> None:
    enough = samples_needed(share)
    few = replace(GOOD, requests=2000 + enough - 1)
    result, reasons = verdict(few, [], limits, {})
    assert result is Verdict.UNKNOWN
    assert f"it needs {enough} requests that the relay answered, there were {enough - 1}" in reasons[0]
    assert verdict(replace(few, requests=2000 + enough), [], limits, {})[0] is Verdict.PASSED


def test_requests_that_drive_the_fakes_are_no_samples() -> None:
    only_driving = replace(GOOD, requests=2000, p95_ms=None)
    assert verdict(only_driving, [], Limits(p95_ms=99), {})[0] is Verdict.UNKNOWN


def test_a_rate_out_without_any_text_out_is_unknown() -> None:
    nothing_out = replace(GOOD, texts_out_per_second=None, texts_out=0)
    assert verdict(nothing_out, [], Limits(texts_out_per_second=1), {})[0] is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("rate", "sentence"),
    [(None, "highest_rate is not even that of the first step, at least 5 is wanted"),
     (4.5, "highest_rate is 4.5, at least 5 is wanted")],
)  # fmt: skip
def test_a_ramp_must_reach_the_rate_that_is_wanted(rate: float | None, sentence: str) -> None:
    limits = Limits(highest_rate=5)
    assert verdict(replace(GOOD, highest_rate=rate), [], limits, {}) == (Verdict.FAILED, [sentence])
    assert verdict(replace(GOOD, highest_rate=5), [], limits, {}) == (Verdict.PASSED, [])


def test_percentiles_of_known_values() -> None:
    assert percentile([], 0.5) == 0.0
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert percentile([1.0, 2.0, 3.0], 1.0) == 3.0
