"""Makes the messages of a run. Source: the message schema of `cucumber-messages`, which its data classes follow.

After the steps a scenario is judged, when all is quiet: that is a hook, so that a scenario whose steps all passed can
fail. Step definitions are one for all: which function plays a step says nothing about a relay.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import cucumber_messages as messages
from cucumber_messages import Envelope, TestStepResultStatus
from gherkin.pickles.compiler import Pickle
from gherkin.stream.id_generator import IdGenerator

from conformance.evidence.model import StepOutcome
from conformance.reports.ci.times import EPOCH, began
from conformance.reports.ladder_text import as_text
from conformance.reports.messages.features import Features
from conformance.reports.report import Report, ScenarioResult
from conformance.reports.run_info import DISTRIBUTION
from conformance.verdicts import Verdict

STEPS = {
    StepOutcome.PASSED: TestStepResultStatus.passed,
    StepOutcome.FAILED: TestStepResultStatus.failed,
    StepOutcome.NOT_RUN: TestStepResultStatus.skipped,
}
WITHOUT_EVIDENCE = {Verdict.PASSED: TestStepResultStatus.passed, Verdict.UNKNOWN: TestStepResultStatus.skipped}
JUDGED = {
    Verdict.PASSED: TestStepResultStatus.passed,
    Verdict.FAILED: TestStepResultStatus.failed,
    Verdict.BROKEN: TestStepResultStatus.failed,
    Verdict.UNKNOWN: TestStepResultStatus.skipped,
}


def ndjson(report: Report, features: Path) -> str:
    """The run as Cucumber messages; `features`: the folder with the feature files.

    In ASCII, since some readers take U+2028 for the end of a line.
    """
    return "".join(f"{json.dumps(one)}\n" for one in Run(report, features).envelopes())


class Run:
    """The messages of one report, in the order in which Cucumber would send them."""

    def __init__(self, report: Report, features: Path) -> None:
        self._report = report
        self._ids = IdGenerator()
        self._features = Features(features, report, self._ids)
        self._hook, self._definition, self._run = (self._ids.get_next_id() for _ in range(3))

    def envelopes(self) -> Iterator[dict[str, Any]]:
        """Each message as a JSON object."""
        yield _json(Envelope(meta=_meta(self._report)))
        yield from self._sources()
        yield from map(_json, self._support())
        yield _json(
            Envelope(test_run_started=messages.TestRunStarted(_timestamp(began(self._report)), self._run)),
        )
        cases = [self._case(pickle) for pickle in self._features.pickles]
        yield from (_json(Envelope(test_case=case)) for case in cases)
        end = began(self._report)
        for result, case in zip(self._report.results, cases, strict=True):
            start = began(self._report, result)
            end = max(end, start + timedelta(seconds=result.seconds))
            yield from map(_json, self._played(result, case, start))
        yield _json(Envelope(test_run_finished=self._finished(end)))

    def _sources(self) -> Iterator[dict[str, Any]]:
        """The features, and the pickles that were run: Cucumber's own parser makes them in the shape of messages."""
        for feature in self._features.used:
            media_type = messages.SourceMediaType.text_x_cucumber_gherkin_plain
            yield _json(Envelope(source=messages.Source(feature.text, media_type, feature.uri)))
            yield {"gherkinDocument": feature.document}
            yield from ({"pickle": pickle} for pickle in feature.run)

    def _support(self) -> Iterator[Envelope]:
        steps = messages.SourceReference(uri="features/steps")
        pattern = messages.StepDefinitionPattern("^.*$", messages.StepDefinitionPatternType.regular_expression)
        yield Envelope(step_definition=messages.StepDefinition(self._definition, pattern, steps))
        judging = messages.SourceReference(uri="conformance/running/plugin.py")
        hook = messages.Hook(self._hook, judging, "judged when all is quiet", type=messages.HookType.after_test_case)
        yield Envelope(hook=hook)

    def _case(self, pickle: Pickle) -> messages.TestCase:
        no_arguments = [messages.StepMatchArgumentsList([])]
        steps = [
            messages.TestStep(
                self._ids.get_next_id(),
                pickle_step_id=step["id"],
                step_definition_ids=[self._definition],
                step_match_arguments_lists=no_arguments,
            )
            for step in pickle["steps"]
        ]
        judged = messages.TestStep(self._ids.get_next_id(), hook_id=self._hook)
        return messages.TestCase(self._ids.get_next_id(), pickle["id"], [*steps, judged], self._run)

    def _played(self, result: ScenarioResult, case: messages.TestCase, start: datetime) -> Iterator[Envelope]:
        started = self._ids.get_next_id()
        yield Envelope(test_case_started=messages.TestCaseStarted(0, started, case.id, _timestamp(start)))
        now = start
        for step, outcome in zip(case.test_steps, _outcomes(result, len(case.test_steps) - 1), strict=True):
            yield Envelope(test_step_started=messages.TestStepStarted(started, step.id, _timestamp(now)))
            if step.hook_id and result.verdict is not Verdict.PASSED and as_text(result):
                yield Envelope(attachment=_ladder(result, started, step.id, _timestamp(now)))
            now += timedelta(seconds=outcome.duration.seconds, microseconds=outcome.duration.nanos // 1000)
            finished = messages.TestStepFinished(started, step.id, outcome, _timestamp(now))
            yield Envelope(test_step_finished=finished)
        yield Envelope(test_case_finished=messages.TestCaseFinished(started, _timestamp(now), will_be_retried=False))

    def _finished(self, end: datetime) -> messages.TestRunFinished:
        bad = {Verdict.FAILED, Verdict.BROKEN} & set(self._report.verdicts())
        broken = "\n".join(self._report.broken) or None
        return messages.TestRunFinished(not bad, _timestamp(end), message=broken, test_run_started_id=self._run)


def _outcomes(result: ScenarioResult, steps: int) -> Sequence[messages.TestStepResult]:
    """The results of the steps, and of the hook that judges."""
    recorded = result.evidence.steps if result.evidence else ()
    if len(recorded) == steps:
        outcomes = [messages.TestStepResult(_duration(step.seconds), STEPS[step.outcome]) for step in recorded]
    else:
        status = WITHOUT_EVIDENCE.get(result.verdict, TestStepResultStatus.unknown)
        outcomes = [messages.TestStepResult(_duration(0), status) for _ in range(steps)]
    failure = None
    if result.verdict in (Verdict.FAILED, Verdict.BROKEN):
        kind = "SubjectFailed" if result.verdict is Verdict.FAILED else "HarnessBroken"
        failure = messages.Exception(kind, result.reason or result.verdict.value)
    rest = max(0.0, result.seconds - sum(step.seconds for step in recorded))
    return [
        *outcomes,
        messages.TestStepResult(_duration(rest), JUDGED[result.verdict], failure, result.reason or None),
    ]


def _ladder(result: ScenarioResult, started: str, step: str, when: messages.Timestamp) -> messages.Attachment:
    return messages.Attachment(
        body=as_text(result),
        content_encoding=messages.AttachmentContentEncoding.identity,
        media_type="text/plain",
        file_name="ladder.txt",
        test_case_started_id=started,
        test_step_id=step,
        timestamp=when,
    )


def _meta(report: Report) -> messages.Meta:
    return messages.Meta(
        cpu=messages.Product(platform.machine() or "unknown"),
        implementation=messages.Product(DISTRIBUTION, report.run.harness or None),
        os=messages.Product(platform.system() or "unknown", platform.release() or None),
        protocol_version=version("cucumber-messages"),
        runtime=messages.Product(platform.python_implementation(), platform.python_version()),
    )


def _json(envelope: Envelope) -> dict[str, Any]:
    made: dict[str, Any] = messages.message_converter.to_dict(envelope)
    return made


def _timestamp(when: datetime) -> messages.Timestamp:
    since = when - EPOCH
    return messages.Timestamp(nanos=since.microseconds * 1000, seconds=since.days * 86_400 + since.seconds)


def _duration(seconds: float) -> messages.Duration:
    return messages.Duration(nanos=round(seconds % 1 * 1e6) * 1000 % 10**9, seconds=int(seconds))
