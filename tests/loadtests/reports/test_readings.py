"""What is read from a run: waits, quota, request times. Each number was counted by hand or is counted anew."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.history.model import Call
from fakes.clock import VirtualClock
from fakes.rapidpro.api.http.throttle import Throttle
from fakes.rapidpro.api.http.wire import ApiError
from loadtests.reports.readings.bins import MOST_BINS, Bins
from loadtests.reports.readings.of_run import Readings
from loadtests.reports.readings.quota import scopes
from loadtests.reports.readings.requests import requests_by_name, times_over_time
from loadtests.reports.readings.waiting import (
    Wait,
    depths,
    incoming_waits,
    longest_wait,
    most_waiting,
    oldest,
    outgoing_waits,
)
from tests.loadtests.reports.examples import (
    BEGAN,
    GATEWAY,
    HISTORY,
    SAMPLES,
    arrival,
    at,
    incoming,
    outgoing,
    run,
    stored,
    throttled,
    to_cht,
    to_rapidpro,
)

RATES = {"v2": "3600/hour", "v2.messages": "3600/hour"}


@pytest.mark.parametrize(
    ("seconds", "width", "count"),
    [(0, 0.1, 1), (0.05, 0.1, 1), (12, 0.1, 120), (12.1, 0.2, 61), (37, 0.5, 74), (3600, 30, 120),
     (13 * 86_400, 10_800, 104), (86_400, 900, 96), (400 * 86_400, 4 * 86_400, 100)],
)  # fmt: skip
def test_a_run_has_few_parts_of_a_round_length(seconds: float, width: float, count: int) -> None:
    assert Bins.of(seconds) == Bins(width, count)


@given(st.floats(0, 1e9), st.floats(-10, 2e9))
def test_every_moment_is_in_a_part_however_long_the_run_is(seconds: float, moment: float) -> None:
    bins = Bins.of(seconds)
    assert 1 <= bins.count <= MOST_BINS
    assert bins.width * bins.count >= seconds * (1 - 1e-6)
    index = bins.index(moment)
    assert 0 <= index < bins.count
    if 0 < moment < seconds:
        assert bins.width * index <= moment * (1 + 1e-6)
        assert moment <= bins.width * (index + 1) * (1 + 1e-6)


def test_rates_count_each_moment_once() -> None:
    assert Bins(2, 3).rates([0, 0.5, 2, 2.1, 5, 99]) == (1.5, 0.5, 1.0)


def test_a_text_waits_until_it_is_on_its_phone() -> None:
    assert outgoing_waits(HISTORY, BEGAN) == [Wait(0, 3), Wait(1, 5), Wait(2, None)]


def test_equal_texts_leave_in_order_and_a_second_copy_makes_nobody_leave() -> None:
    history = replace(
        HISTORY,
        outgoing_texts=(outgoing(1, 4), outgoing(1, 0), outgoing(2, 0)),
        arrivals=(arrival(1, 6), arrival(2, 1), arrival(2, 2), arrival(1, 5)),
    )
    assert sorted(outgoing_waits(history, BEGAN)) == [Wait(0, 1), Wait(0, 5), Wait(4, 6)]


def test_nobody_waits_for_a_text_that_was_never_due_or_that_cht_gave_up() -> None:
    failed = outgoing(2, 1, state="failed", states=(("pending", at(1)), ("failed", at(4))))
    muted = outgoing(3, 1, state="muted", states=(("pending", at(1)), ("muted", at(2))))
    history = replace(HISTORY, outgoing_texts=(outgoing(1, None, state="scheduled"), failed, muted), arrivals=())
    assert outgoing_waits(history, BEGAN) == [Wait(1, 4, given_up=True), Wait(1, 2, given_up=True)]


def test_an_accepted_text_waits_until_cht_took_it() -> None:
    assert incoming_waits(HISTORY, BEGAN) == [Wait(2, 2.5), Wait(4, 7.2)]


def test_cht_has_a_text_although_its_answer_was_lost() -> None:
    calls = (to_cht(3, [1], None, fault="lose_reply"), to_cht(9, [1]))
    history = replace(HISTORY, incoming_texts=(incoming(1, 2),), calls=calls)
    assert incoming_waits(history, BEGAN) == [Wait(2, 3)]


def test_a_text_that_cht_does_not_have_waits_for_ever() -> None:
    history = replace(HISTORY, incoming_texts=(incoming(1, 2),), reports=())
    assert incoming_waits(history, BEGAN) == [Wait(2, None)]


@pytest.mark.parametrize(
    ("path", "body"),
    [("/api/v2/records", '{"message": "in 1", "from": "+250788300001"}'),
     ("/api/v2/records", "message=in+1&from=%2B250788300001")],
)  # fmt: skip
def test_a_relay_may_hand_texts_over_in_another_way(path: str, body: str) -> None:
    report = replace(stored(1), ref="")
    call = Call(0, at(6), "cht", "in", "POST", path, 200, GATEWAY, body=body)
    history = replace(HISTORY, incoming_texts=(incoming(1, 2),), reports=(report,), calls=(call,))
    assert incoming_waits(history, BEGAN) == [Wait(2, 6)]


def test_where_cht_is_the_relay_it_has_what_it_accepted() -> None:
    history = replace(HISTORY, incoming_texts=(incoming(1, 2),), calls=())
    assert incoming_waits(history, BEGAN) == [Wait(2, 2)]


def test_queue_depth_and_oldest_text_at_given_seconds() -> None:
    waits = outgoing_waits(HISTORY, BEGAN)
    assert depths(waits, (0, 1, 2, 3, 4, 5, 10)) == (1, 2, 3, 2, 2, 1, 1)
    assert oldest(waits, (0, 1, 2, 3, 4, 5, 10)) == (0, 1, 2, 2, 3, 3, 8)
    assert most_waiting(waits) == (3, 2)
    assert longest_wait(waits, 10) == 8
    assert (depths([], (1,)), oldest([], (1,)), most_waiting([]), longest_wait([], 1)) == ((0,), (0,), (0, None), None)


@st.composite
def some_waits(draw: st.DrawFn) -> list[Wait]:
    begins = draw(st.lists(st.integers(0, 50), max_size=30))
    return [Wait(float(one), draw(st.none() | st.integers(one, 60).map(float))) for one in begins]


@given(some_waits())
def test_depth_and_age_are_those_of_a_plain_count(waits: list[Wait]) -> None:
    moments = tuple(float(second) for second in range(61))
    present = [[one for one in waits if one.begins <= at and (one.ends is None or one.ends > at)] for at in moments]
    assert depths(waits, moments) == tuple(len(those) for those in present)
    assert oldest(waits, moments) == tuple(
        max((at - one.begins for one in those), default=0.0) for at, those in zip(moments, present, strict=True)
    )
    assert most_waiting(waits)[0] == max(map(len, present))


def test_quota_left_at_given_seconds() -> None:
    v2, messages, runs = scopes(HISTORY.calls, run().rates, "26", BEGAN)
    assert (v2.granted, v2.refused, v2.closed) == ((1, 2, 5.5), 1, [(3.5, 5.5)])
    assert [v2.left(second) for second in (0, 1, 2, 3.4, 3.5, 5.4, 5.5, 60, 61, 66)] == [10, 9, 8, 8, 0, 0, 7, 7, 8, 10]
    assert v2.fewest() == (0, 3.5)
    assert [messages.left(second) for second in (2, 3, 3.9, 4)] == [5, 4, 4, 5]
    assert (runs.granted, runs.fewest()) == ((), (5, None))


def test_what_rapidpro_does_not_count_uses_no_quota() -> None:
    calls = (
        to_rapidpro(1, status=403),
        to_rapidpro(2, status=503, acted=False, fault="outage"),
        to_rapidpro(3, name="no_such_thing", status=404),
        to_rapidpro(4, status=400),
        to_rapidpro(5, status=None, fault="lose_reply"),
        replace(to_rapidpro(6), direction="out"),
        to_cht(7, [1]),
    )
    v2, messages = scopes(calls, RATES, "26", BEGAN)
    assert (v2.granted, messages.granted) == ((4, 5), ())


def test_broadcasts_have_a_scope_of_their_own_in_older_versions() -> None:
    found = scopes((to_rapidpro(1),), {"v2": "2500/hour", "v2.broadcasts": "36000/hour"}, "9.3", BEGAN)
    assert {one.name: len(one.granted) for one in found} == {"v2": 0, "v2.broadcasts": 1}


@given(st.lists(st.integers(0, 40), max_size=60), st.integers(1, 8))
def test_quota_is_counted_as_the_fake_counts_it(moments: list[int], allowed: int) -> None:
    clock = VirtualClock(at(0))
    throttle = Throttle(clock, {"v2": f"{allowed}/second"})
    calls: list[Call] = []
    for quarters in sorted(moments):
        moment = quarters * 0.25
        clock.advance(moment - (clock.now() - at(0)).total_seconds())
        (scope,) = scopes(calls, {"v2": f"{allowed}/second"}, "26", BEGAN)
        counted = replace(scope, closed=()).left(moment)
        try:
            throttle.grant("v2", "workspace 1", {})
        except ApiError as refused:
            assert counted == 0
            calls.append(throttled(moment, int(dict(refused.headers)["Retry-After"])))
        else:
            assert counted > 0
            calls.append(to_rapidpro(moment))


def test_request_times_are_those_of_the_subject_by_intended_start() -> None:
    p50, p95, _ = times_over_time(SAMPLES, Bins(2.0, 5), BEGAN)
    assert (p50.key, p50.values) == ("p50_ms", (20.0, 1234.5, 15.0, None, None))
    assert p95.values == p50.values


def test_requests_by_name_tell_who_answered() -> None:
    table = requests_by_name(SAMPLES)
    assert table.rows == [
        ("webhook", "the subject", 3, 1, 20.0, 1234.5, 1234.5, 1234.5),
        ("CHT: a text is due", "the fakes", 2, 0, 6.0, 6.0, 6.0, 6.0),
    ]


def test_requests_that_failed_are_counted_in_a_time() -> None:
    readings = Readings.of(run())
    assert readings.failed == {"rapidpro": (3.5,), "cht": (5.0,)}
    assert readings.failed_within("cht", 4, 5) == 0
    assert readings.failed_within("cht", 5, 7) == 1
