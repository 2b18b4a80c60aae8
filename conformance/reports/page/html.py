"""Renders the page of a conformance run, or of several runs joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from conformance.reports.joined import Joined
from conformance.reports.page.data import page_data
from conformance.reports.page.rendering import part, rendered
from conformance.reports.report import Report
from conformance.requirements.catalogue import Level, Requirement
from conformance.verdicts import Verdict

SYMBOLS = {Verdict.PASSED: "✓", Verdict.FAILED: "✗", Verdict.UNKNOWN: "?", Verdict.BROKEN: "!"}


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of the matrix: a requirement in one run. No verdict: that run did not judge it."""

    run: int
    verdict: Verdict | None
    partly: str = ""

    @property
    def symbol(self) -> str:
        return "" if self.verdict is None else SYMBOLS[self.verdict]


def page(joined: Joined) -> str:
    """The whole page."""
    rows = [
        (one, [_cell(joined, run, report, one) for run, report in enumerate(joined.reports)])
        for one in joined.requirements
    ]
    return rendered(
        part("page.html.jinja"),
        script="\n".join(map(part, ("ladder.js", "page.js"))),
        joined=joined,
        runs=list(zip(joined.labels, joined.reports, strict=True)),
        rows=rows,
        verdicts=list(SYMBOLS.items()),
        levels=list(Level),
        data=Markup(page_data(joined)),
        configuration=_configuration,
    )


def _cell(joined: Joined, run: int, report: Report, requirement: Requirement) -> Cell:
    verdict = joined.verdict(report, requirement)
    partly = report.partly(requirement) if verdict is not None else False
    counts = f"{report.judged(requirement)} of {len(report.scenarios(requirement))}" if partly else ""
    return Cell(run, verdict, counts)


def _configuration(values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Nested values as words on one line."""
    return [
        (name, ", ".join(map(str, one)) if isinstance(one, list | tuple) else str(one)) for name, one in values.items()
    ]
