"""A relay that refuses, hangs or never polls is judged soon, and with the cause."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from conformance.history.model import History, IncomingText, Outcome
from conformance.verdicts import HarnessBroken, SubjectFailed
from conformance.world.observations import Observations, WebhookResponse, outcome_of
from conformance.world.people import Person
from conformance.world.timing import RealTiming

AMINA, YUSUF = Person("Amina", "+250788200001"), Person("Yusuf", "+250788200002")
AT = datetime(2026, 5, 4, 9, tzinfo=UTC)


class Answered(Observations):
    """Texts that the relay answered with these statuses; 0 for no answer."""

    def __init__(self, *statuses: int, error: str = "") -> None:
        self.webhook_results, self.incoming_texts = [], []
        for number, status in enumerate(statuses):
            webhook = {"status": status, "body": "Oops" if status else "", "error": error}
            self.webhook_results.append((AMINA, {"webhook": webhook}))
            self.incoming_texts.append(
                IncomingText(str(number), AMINA.number, "Hello", outcome_of({"webhook": webhook}), AT)
            )

    def history(self) -> History:
        return History(incoming_texts=tuple(self.incoming_texts))


def test_a_refused_text_is_not_waited_for() -> None:
    with pytest.raises(SubjectFailed, match=r"to accept Amina's text, it answered 500 'Oops'$"):
        Answered(500).expect_accepted(AMINA)
    with pytest.raises(SubjectFailed, match=r"it answered 403 'Oops' \(too late\)$"):
        Answered(200, 403, error="too late").expect_accepted(AMINA, 2)


@pytest.mark.parametrize("statuses", [(200,), (0,), (500, 200), (200, 500), (0, 400)])
def test_a_text_that_may_have_been_accepted_is_waited_for(statuses: tuple[int, ...]) -> None:
    Answered(*statuses).expect_accepted(AMINA)


def test_nothing_is_expected_of_somebody_who_sent_nothing() -> None:
    Answered(500).expect_accepted(YUSUF)


def test_responses_are_shown_in_words() -> None:
    assert str(WebhookResponse(0, "", "timed out")) == "nothing (timed out)"
    assert str(WebhookResponse(0, "")) == "nothing"
    assert str(WebhookResponse(200, "x" * 1000)) == f"200 '{'x' * 300}'"


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(None, "unknown"), (0, "unknown"), (200, "ok"), (299, "ok"), (199, "refused"), (300, "refused"), (500, "refused")],
)
def test_a_status_has_an_outcome(status: int | None, outcome: str) -> None:
    assert outcome_of({"webhook": {"status": status}}) == Outcome(outcome)
    with pytest.raises(HarnessBroken, match="called no webhook"):
        outcome_of({"webhook": None})


class Subject:
    """Alive for some checks, then ended."""

    def __init__(self, looks: int = 1000) -> None:
        self.looks = looks

    def check_alive(self) -> None:
        self.looks -= 1
        if self.looks < 0:
            raise SubjectFailed("ended")


class WorldOf:
    """A world of which only the subject is used."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject


def until(looks: int, subject: Subject) -> RealTiming:
    timing, world, left = RealTiming(0.0, patience=0.2), WorldOf(subject), iter([False] * looks)
    any_world: Any = world
    timing.until(any_world, lambda: next(left, True), within=1)
    return timing


def test_a_wait_that_times_out_is_recorded() -> None:
    assert until(1000, Subject()).timed_out
    assert not until(2, Subject()).timed_out


def test_nobody_waits_for_a_subject_that_has_ended() -> None:
    with pytest.raises(SubjectFailed, match="ended"):
        until(1000, Subject(looks=2))
