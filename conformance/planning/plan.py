"""A plan: the question put to each subject in turn."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.planning.best import best_times
from conformance.planning.question import HOUR, Question
from conformance.planning.result import Plan
from conformance.planning.run import run
from conformance.subjects.built_in import BuiltIn
from fakes.rapidpro.api.http.throttle import parse_rate
from fakes.rapidpro.versions.profiles import PROFILES


def plan_for(question: Question, subjects: Sequence[BuiltIn]) -> Plan:
    """Let each subject send the texts. SubjectFailed if one breaks down."""
    quota = quota_of(question)
    last = best_times(question.texts, quota, HOUR, question.tps, question.outages)[-1]
    return Plan.of(question, quota, [run(one, question, last) for one in subjects])


def quota_of(question: Question) -> int:
    """Requests to send that RapidPro allows in an hour."""
    if question.quota is not None:
        return question.quota
    rates = PROFILES[question.profile].rates
    allowed, seconds = parse_rate(rates.get("v2.broadcasts", rates["v2"]))
    return allowed * HOUR // seconds
