"""A badge for a README: how many requirements passed, and up to which level all of them did."""

from __future__ import annotations

from html import escape

from conformance.reports.report import Report
from conformance.requirements.catalogue import LEVELS, Level
from conformance.verdicts import Verdict

LABEL = "CHT-RapidPro conformance"
GREEN, YELLOW, RED, GREY = "#2e7d32", "#8a6d00", "#c62828", "#616161"
CHARACTER = 6.6
"""Pixels that a character of 11 px takes on average; `textLength` makes the text fit whatever the font is."""


def level_of(report: Report) -> Level | None:
    """The loosest level for which it and all stricter ones passed in full; None if not even every `must` passed."""
    reached: Level | None = None
    for level in LEVELS:
        if any(report.verdict(one) is not Verdict.PASSED for one in report.requirements if one.level is level):
            break
        if any(one.level is level for one in report.requirements):
            reached = level
    return reached


def badge(report: Report) -> str:
    """The badge as SVG, with a title for screen readers. Green: all passed; yellow: all musts; red: not even these."""
    passed, of = report.totals()[Verdict.PASSED], len(report.requirements)
    level = level_of(report)
    colour = RED if level is None else GREEN if passed == of else YELLOW
    reached = "below must" if level is None else "all" if passed == of else f"every {level}"
    if not passed and not report.totals()[Verdict.FAILED]:
        colour, reached = GREY, "not judged"
    if report.run.partial:
        reached += ", of a selection"
    return _svg(f"{passed}/{of} ({reached})", colour)


def _svg(value: str, colour: str) -> str:
    left, right = (round(len(words) * CHARACTER) + 12 for words in (LABEL, value))
    title = escape(f"{LABEL}: {value}")
    texts = "".join(
        f'<text x="{start + 6}" y="14" textLength="{width - 12}">{escape(words)}</text>'
        for start, width, words in ((0, left, LABEL), (left, right, value))
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{left + right}" height="20" role="img" aria-label="{title}">'
        f'<title>{title}</title><rect width="{left + right}" height="20" rx="3" fill="{colour}"/>'
        f'<path fill="#424242" d="M3 0h{left - 3}v20H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z"/>'
        f'<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11">{texts}</g></svg>\n'
    )
