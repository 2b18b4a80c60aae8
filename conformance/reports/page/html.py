"""Renders the page. Everything in it is escaped, and its policy forbids all but its own style and script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from conformance.reports.joined import Joined
from conformance.reports.page.data import page_data
from conformance.reports.report import Report
from conformance.reports.visible import visible
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
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["visible"] = lambda value: visible(str(value))
    style, script = _file("page.css"), f"{_file('ladder.js')}\n{_file('page.js')}"
    rows = [
        (one, [_cell(joined, run, report, one) for run, report in enumerate(joined.reports)])
        for one in joined.requirements
    ]
    return environment.from_string(_file("page.html.jinja")).render(
        joined=joined,
        runs=list(zip(joined.labels, joined.reports, strict=True)),
        rows=rows,
        verdicts=list(SYMBOLS.items()),
        levels=list(Level),
        style=Markup(style),
        script=Markup(script),
        policy=_policy(style, script),
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


def _policy(style: str, script: str) -> str:
    """A content security policy: nothing from anywhere, but this style and this script, known by their digests."""
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (style, script))
    style_digest, script_digest = digests
    return (
        f"default-src 'none'; style-src 'sha256-{style_digest}'; script-src 'sha256-{script_digest}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _file(name: str) -> str:
    return files("conformance.reports.page").joinpath(name).read_text("utf-8").strip()
