"""A ramp: which step was too much, and what was at its limit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from conformance.history.model import Call, History
from loadtests.results import Watched
from loadtests.running.ramp import Steps, limits
from loadtests.shapes.model import Ramp

BEGAN = datetime(2026, 3, 2, 8, tzinfo=UTC)
RAMP = Ramp(first=100, factor=2, step_seconds=10, steps=3)
IDLE = Watched(
    at=BEGAN, sent_in=0, sent_out=0, reports=0, on_phones=0, channel_queue=0,
    cpu={"relay": 0.2, "fakes": 0.2, "load generator": 0.2, "machine": 0.3}, memory_mb={}, lag_ms=1,
)  # fmt: skip


def look(seconds: float, **changes: object) -> Watched:
    return replace(IDLE, at=BEGAN + timedelta(seconds=seconds), **changes)  # type: ignore[arg-type]


def follow(*looks: Watched) -> tuple[Steps, list[bool]]:
    steps = Steps(RAMP, 1)
    return steps, [steps.broken(one, (one.at - BEGAN).total_seconds()) for one in looks]


def test_the_step_before_the_one_that_was_too_much_is_the_highest() -> None:
    looks = [look(6), look(9), look(16), look(26, sent_out=5000, on_phones=4000)]
    steps, broken = follow(*looks)
    assert broken == [False, False, False, True]
    assert steps.highest == 200
    assert steps.sentences(History(), looks) == [
        "highest rate without growing queues: 200 texts a second each way",
        "at 400 a second, after 26 s, 1000 texts that were due were on no phone",
        "limited by: none of these: it is the relay's own pace",
    ]


def test_a_queue_at_the_beginning_of_a_step_says_nothing() -> None:
    assert follow(look(2, sent_in=900, reports=100))[1] == [False]
    assert follow(look(7, sent_in=900, reports=100))[1] == [True]


def test_a_relay_that_breaks_at_once_has_no_highest_rate() -> None:
    looks = [look(6, sent_in=900, reports=100)]
    steps, _ = follow(*looks)
    assert steps.highest is None
    assert steps.sentences(History(), looks)[0] == "the relay does not keep up with 100 texts a second each way"


def test_a_relay_that_bears_everything_is_not_limited() -> None:
    looks = [look(9), look(19), look(29)]
    steps, broken = follow(*looks)
    assert not any(broken)
    assert steps.sentences(History(), looks) == [
        "highest rate without growing queues: 400 texts a second each way",
        "the relay kept up with all 3 steps: nothing limits it so far",
    ]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"cpu": {"relay": 0.97}}, "the processor time of the relay (97% of a core)"),
        ({"cpu": {"fakes": 0.9}}, "the processor time of the fakes (90% of a core)"),
        ({"cpu": {"load generator": 0.9}}, "the processor time of the load generator (90% of a core)"),
        ({"lag_ms": 900}, "the load generator itself (900 ms late): more --processes, or workers on other machines"),
        ({"sent_out": 100, "channel_queue": 80}, "RapidPro's channel (80 messages wait for it)"),
        ({"cpu": {"machine": 0.99}}, "this machine, which all of them share (99% of its cores)"),
    ],
)
def test_each_limit_is_named(changes: dict[str, object], sentence: str) -> None:
    assert list(limits(History(), [look(1, **changes), look(2, **changes)])) == [sentence]


def test_a_refused_request_is_the_quotas_limit() -> None:
    call = Call(1, BEGAN, "rapidpro", "in", "POST", "/api/v2/broadcasts.json", 429, reply_headers={"retry-after": "5"})
    history = History(calls=(call,))
    assert list(limits(history, [look(2), look(8)])) == ["RapidPro's quota (the relay was throttled for 3 s meanwhile)"]
    assert not list(limits(history, [look(6), look(8)]))


def test_a_load_generator_that_is_late_ends_the_ramp() -> None:
    looks = [look(6, lag_ms=400)]
    steps, broken = follow(*looks)
    assert broken == [True]
    assert "texts were sent 400 ms late" in steps.sentences(History(), looks)[1]


def test_a_compressed_ramp_is_quicker_and_shorter() -> None:
    steps = Steps(RAMP, 2)
    assert not steps.broken(look(4), 4)
    assert steps.highest == 200
