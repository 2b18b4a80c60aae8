"""What a run in real time concludes from what was sent."""

from __future__ import annotations

import pytest

from conformance.verdicts import HarnessBroken
from loadtests.driving.work import Sent
from loadtests.running.real_time import too_slow
from loadtests.shapes.reading import built_in

SPIKE = built_in()["campaign_spike"].with_texts(2000)


def sent(texts: int, *, ms: float, lag_ms: float) -> list[Sent]:
    return [Sent("people", number, 0.0, ms + lag_ms, lag_ms, True, "name", "+1", "a") for number in range(texts)]


def test_a_relay_for_whose_answers_all_senders_wait_has_failed() -> None:
    (reason,) = too_slow(sent(2400, ms=14_000, lag_ms=60_000), SPIKE, 180, 1)
    assert reason == (
        "1600 of 4000 texts were not sent 60 s after the last was to be sent: 200 others at a time waited for the "
        "relay's answer"
    )


def test_a_load_generator_that_is_late_although_answers_are_quick_is_not_the_relays_failure() -> None:
    with pytest.raises(HarnessBroken, match=r"1600 of 4000 texts were not sent .* the load generator is too slow"):
        too_slow(sent(2400, ms=10, lag_ms=60_000), SPIKE, 180, 1)
