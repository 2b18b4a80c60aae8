"""A session as the report with the ladder: one scenario, whose verdict is what the checks find so far."""

from __future__ import annotations

from conformance.checks import CONDUCT, RESULTS, judge
from conformance.reports.joined import Joined
from conformance.reports.page.html import page
from conformance.reports.report import Report, ScenarioResult
from conformance.reports.run_info import RunInfo
from conformance.requirements.catalogue import Level, Requirement
from conformance.verdicts import Verdict
from conformance.workbench.bench import Bench
from conformance.workbench.session.session import Session
from conformance.world.evidence import gather
from conformance.world.observations import few_sentences
from fakes.clock import format_moment

REQUIREMENT = Requirement(
    "SESSION",
    Level.MUST,
    "In this session every text arrived once, and CHT has every state.",
    "a session of the workbench",
)
COMMAND = "relay-harness replay session.json"


def html_report(bench: Bench, session: Session) -> str:
    """The page. Texts that have not arrived yet count as lost: it says what is so at this moment."""
    history = bench.history()
    found = judge(history, (*RESULTS, *CONDUCT), without=tuple(bench.world.excused_checks))
    result = ScenarioResult(
        name=f"Session from {format_moment(session.began)} to {format_moment(session.ended)}",
        requirements=(REQUIREMENT.id,),
        verdict=Verdict.FAILED if found else Verdict.PASSED,
        seconds=(session.ended - session.began).total_seconds(),
        reason=bench.world.hide.text(few_sentences(found)) if found else "",
        repeat=COMMAND,
        started=format_moment(session.began),
        evidence=gather(bench.world, history, found),
    )
    run = RunInfo.of(format_moment(session.ended), COMMAND, session.seed, {})
    report = Report(bench.world.subject.describe(), session.profile, (REQUIREMENT,), [result], run=run)
    return page(Joined([report]))
