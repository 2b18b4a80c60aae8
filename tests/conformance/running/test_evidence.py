"""What a run keeps of its scenarios: steps of all, and of a failed one the ladder with the decisive call."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from conformance.evidence.model import Event, Evidence, Party, StepOutcome
from conformance.reports.report import Report, ScenarioResult
from conformance.requirements.catalogue import load, select
from conformance.running.runner import conform
from conformance.running.worlds import InProcessWorlds
from conformance.services.neighbours import CHT_GATEWAY, INCOMING_TOKEN, RAPIDPRO_TOKEN
from conformance.subjects.in_process import reference
from conformance.verdicts import Verdict
from tests.broken.every import every_broken_relay

SECRETS = (RAPIDPRO_TOKEN, INCOMING_TOKEN, CHT_GATEWAY[1])


def judged(name: str, *ids: str, verbose: bool = False) -> Report:
    build = reference if name == "reference" else every_broken_relay()[name].build
    return conform(InProcessWorlds("26", 1, build, name), select(load(), ids), verbose=verbose)


def first_failure(report: Report) -> tuple[ScenarioResult, Evidence]:
    result = next(one for one in report.results if one.verdict is Verdict.FAILED)
    assert result.evidence is not None
    return result, result.evidence


def decisive(evidence: Evidence) -> list[Event]:
    return [event for event in evidence.events if event.decisive]


def body(event: Event) -> Mapping[str, Any]:
    assert event.request is not None
    found: Mapping[str, Any] = json.loads(event.request.body)
    return found


def test_a_relay_that_sends_twice_is_shown_at_its_second_request() -> None:
    result, evidence = first_failure(judged("resends after a lost answer", "OUT-9"))
    assert result.reason.startswith("expected Amina to receive 'Visit due tomorrow' once")
    (event,) = decisive(evidence)
    assert (event.source, event.target, event.title) == (Party.RELAY, Party.RAPIDPRO, "POST /api/v2/broadcasts.json")
    assert body(event)["text"] == "Visit due tomorrow"
    (before,) = [one for one in evidence.events if one.title == event.title and not one.decisive]
    assert (before.fault, before.acted, before.reply) == ("lose_reply", True, None)
    assert [step.outcome for step in evidence.steps] == [
        StepOutcome.PASSED, StepOutcome.PASSED, StepOutcome.FAILED, StepOutcome.NOT_RUN,
    ]  # fmt: skip
    assert list(evidence.people.values()) == ["Amina"]


def test_a_relay_that_goes_backwards_is_shown_at_the_call_that_said_so() -> None:
    _, evidence = first_failure(judged("goes backwards", "STATE-6"))
    (event,) = decisive(evidence)
    assert event.target is Party.CHT
    assert [update["status"] for update in body(event)["updates"]] == ["SENT"]


def test_a_relay_that_drops_a_text_is_shown_where_it_accepted_it_and_where_it_lost_it() -> None:
    _, evidence = first_failure(judged("forgets what CHT did not accept", "IN-6"))
    accepted, tried = decisive(evidence)
    assert (accepted.source, accepted.status) == (Party.RAPIDPRO, 200)
    assert (tried.target, tried.status, tried.acted) == (Party.CHT, 503, False)
    assert evidence.arrivals[0].missing == ('"I have a fever" from Amina',)


def test_a_relay_that_accepts_a_wrong_token_is_shown_at_its_answer() -> None:
    _, evidence = first_failure(judged("accepts a wrong token", "AUTH-2"))
    (event,) = decisive(evidence)
    assert (event.source, event.target, event.status) == (Party.RAPIDPRO, Party.RELAY, 200)


@pytest.mark.parametrize("verbose", [False, True])
def test_misconduct_has_the_evidence_of_the_scenario_in_which_it_was_seen_without_the_secret(verbose: bool) -> None:
    result, evidence = first_failure(judged("shows its token", "AUTH-5", "OUT-2", verbose=verbose))
    assert result.elsewhere
    assert {event.target for event in decisive(evidence)} == {Party.CHT}
    assert evidence.steps
    assert all(step.outcome is StepOutcome.PASSED for step in evidence.steps)
    text = json.dumps(evidence.as_json())
    assert not any(secret in text for secret in SECRETS)


def test_passed_scenarios_keep_their_steps_and_nothing_else() -> None:
    for result in judged("reference", "OUT-3", "AUTH-1").results:
        assert result.verdict is Verdict.PASSED
        assert result.feature in ("Outgoing texts reach phones", "Texts that cannot be accepted")
        assert result.started.endswith("+00:00")
        assert result.evidence is not None
        assert {step.outcome for step in result.evidence.steps} == {StepOutcome.PASSED}
        assert 0 < sum(step.seconds for step in result.evidence.steps) <= result.seconds
        assert result.evidence == Evidence(steps=result.evidence.steps)


def test_verbose_keeps_every_exchange_of_passed_scenarios_too() -> None:
    (result,) = judged("reference", "OUT-3", verbose=True).results
    assert result.evidence is not None
    assert {event.count for event in result.evidence.events} == {1}
    assert sum(event.title == "POST /api/sms" for event in result.evidence.events) > 3
    assert not decisive(result.evidence)


def test_steps_show_the_values_of_their_example() -> None:
    results = judged("reference", "OUT-4").results
    first = next(one for one in results if "nurse@clinic.example" in one.name)
    assert first.evidence is not None
    assert first.evidence.steps[0].text == 'CHT sends "Write to nurse@clinic.example" to Amina'
    assert [step.keyword for step in first.evidence.steps] == ["When", "Then"]


def test_evidence_survives_its_own_json() -> None:
    _, evidence = first_failure(judged("resends after a lost answer", "OUT-9"))
    again = Evidence.from_json(json.loads(json.dumps(evidence.as_json())))
    assert again.as_json() == evidence.as_json()
