"""What `conform` prints at its end: verdicts by group of requirements, each failure with its evidence, then the totals.

Everything fits the width of the terminal, and no word is broken: sentences are wrapped, bodies are cut.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.evidence.arrivals import arrived
from conformance.evidence.ladder import shortest
from conformance.evidence.lines import POINTER, STEP_MARKS, Line, arrival_lines, ladder_lines, people_line, wrapped
from conformance.evidence.model import Evidence, StepOutcome
from conformance.evidence.words import cut, on_one_line
from conformance.reports.report import STYLE, Report, ScenarioResult
from conformance.requirements.catalogue import Requirement
from conformance.verdicts import Verdict

NARROWEST, WIDEST = 80, 140
EVENTS = 20
"""Events of a ladder that are shown, unless all are asked for."""
LOG_LINES = 8
BAD = (Verdict.FAILED, Verdict.BROKEN)
SECOND = "   "


def width_of(console: Console) -> int:
    """The columns to be used: those of the terminal, or 80 to 140 if there is none."""
    return console.width if console.is_terminal else min(max(console.width, NARROWEST), WIDEST)


def show_report(report: Report, console: Console, *, verbose: bool = False, quiet: bool = False) -> None:
    """Print the report. `quiet`: the totals alone. `verbose`: every exchange in full, and the table of requirements."""
    width = width_of(console)
    if not quiet:
        if verbose:
            console.print(table_of(report), width=width)
        _print(console, group_lines(report, width))
        _print(console, unknown_lines(report, width))
        _print(console, failure_lines(report, width, verbose=verbose))
    for sentence in report.broken:
        _print(console, wrapped(f"broken: {sentence}", width, style=STYLE[Verdict.BROKEN]))
    _print(console, wrapped(totals_of(report), width))


def _print(console: Console, lines: Iterable[Line]) -> None:
    for line in lines:
        console.print(Text(line.text, line.style), soft_wrap=True)


def totals_of(report: Report) -> str:
    """The last sentence: the subject, how many requirements have each verdict, and the time."""
    seconds = sum(result.seconds for result in report.results) if report.elapsed is None else report.elapsed
    scenarios = sum(not result.elsewhere for result in report.results)
    return (
        f"{report.subject.get('name', 'subject')}: {report.totals_shown() or 'nothing judged'} of "
        f"{_counted(len(report.requirements), 'requirement')}, {_counted(scenarios, 'scenario')} in {seconds:.1f} s "
        f"(RapidPro profile {report.profile})"
    )


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def group_lines(report: Report, width: int) -> Iterator[Line]:
    """The ids of the requirements by group and verdict, with how many scenarios were judged if not all were."""
    groups: dict[str, dict[str, list[Requirement]]] = {}
    for requirement in report.requirements:
        group = groups.setdefault(requirement.id.partition("-")[0], {})
        group.setdefault(plain_verdict(report, requirement), []).append(requirement)
    names = max(map(len, groups), default=0)
    verdicts = max((len(verdict) for group in groups.values() for verdict in group), default=0)
    for name, group in groups.items():
        for position, (verdict, requirements) in enumerate(group.items()):
            start = f"{'' if position else name:{names}}  {verdict:{verdicts}}  "
            numbers = " ".join(sorted((one.id.partition("-")[2] for one in requirements), key=_as_number))
            style = STYLE[report.verdict(requirements[0])]
            for line in wrapped(numbers, width, len(start)):
                yield Line(start + line.text[len(start) :], style)
                start = " " * len(start)


def _as_number(word: str) -> tuple[int, str]:
    """To sort 2 before 10."""
    return (int(word) if word.isdigit() else 0, word)


def plain_verdict(report: Report, requirement: Requirement) -> str:
    """A requirement's verdict without markup."""
    return Text.from_markup(report.shown(requirement)).plain


def unknown_lines(report: Report, width: int) -> Iterator[Line]:
    """Why scenarios could not be judged: each reason once."""
    reasons: dict[str, list[str]] = {}
    for result in report.results:
        if result.verdict is Verdict.UNKNOWN:
            ids = reasons.setdefault(result.reason, [])
            ids.extend(id_ for id_ in result.requirements if id_ not in ids)
    for reason, ids in reasons.items():
        yield from wrapped(f"unknown: {reason}: {', '.join(ids)}", width, style=STYLE[Verdict.UNKNOWN])


def failure_lines(report: Report, width: int, *, verbose: bool = False) -> Iterator[Line]:
    """Every scenario that failed or broke: in full the first of each requirement, of the others the reason. A command
    to repeat them is shown once."""
    full: set[str] = set()
    repeated: set[str] = set()
    for result in report.results:
        bad = result.verdict in BAD
        if not bad and not (verbose and result.verdict is Verdict.PASSED):
            continue
        first = verbose or not full.issuperset(result.requirements)
        full.update(result.requirements if bad else ())
        sentences = [one for one in report.requirements if one.id in result.requirements]
        if first:
            yield Line("")
        yield from scenario_lines(result, sentences if first else [], width, brief=not first, verbose=verbose)
        if result.repeat and result.repeat not in repeated:
            repeated.add(result.repeat)
            yield Line(f"{SECOND}run again:")
            yield from command_lines(result.repeat, width)
    if any(result.verdict in BAD for result in report.results):
        yield Line("")


def scenario_lines(
    result: ScenarioResult, requirements: Sequence[Requirement], width: int, *, brief: bool, verbose: bool
) -> Iterator[Line]:
    """One scenario: requirement, steps, reason, evidence."""
    style = STYLE[result.verdict]
    heading = f"{result.verdict.value} {', '.join(result.requirements)}: {result.name}"
    yield from wrapped(heading, width, style=style)
    for one in requirements:
        yield from wrapped(f"{one.id} ({one.level}): {one.sentence}", width, len(SECOND))
    evidence = result.evidence or Evidence()
    if not brief:
        yield from step_lines(result, evidence, width)
    shown_below = "" if brief else "; ".join(map(arrived, evidence.arrivals))
    yield from (Line(line.text, style) for line in reason_lines(result, width, shown_below, verbose=verbose))
    if not brief:
        yield from evidence_lines(evidence, width, verbose=verbose)


def step_lines(result: ScenarioResult, evidence: Evidence, width: int) -> Iterator[Line]:
    """The Gherkin steps. `x` marks the one that failed, `-` those that were not reached."""
    if result.feature and evidence.steps:
        yield from wrapped(f"Feature: {result.feature}", width, len(SECOND), "dim")
    for step in evidence.steps:
        style = {"x": "bold red", "-": "dim"}.get(STEP_MARKS[step.outcome], "")
        lines = list(wrapped(f"{step.keyword} {step.text}", width, 2 * len(SECOND)))
        yield Line(f"{SECOND}{STEP_MARKS[step.outcome]}  {lines[0].text.strip()}", style)
        yield from (Line(line.text, style) for line in lines[1:])
    all_passed = evidence.steps and all(step.outcome is StepOutcome.PASSED for step in evidence.steps)
    if all_passed and result.verdict in BAD:
        seen = "the steps passed; what is wrong was seen on the way" if result.elsewhere else "judged after the steps"
        yield Line(f"{SECOND}x  ({seen})", "bold red")


def reason_lines(result: ScenarioResult, width: int, shown_below: str, *, verbose: bool) -> Iterator[Line]:
    """Why it did not pass. Of a traceback, when the harness broke, the last lines."""
    lines = [line for line in result.reason.splitlines() if line != shown_below]
    if result.verdict is Verdict.BROKEN and not verbose and len(lines) > LOG_LINES:
        lines = [lines[0], "...", *lines[1 - LOG_LINES :]]
    for line in lines:
        yield from wrapped(line, width, len(SECOND))


def evidence_lines(evidence: Evidence, width: int, *, verbose: bool) -> Iterator[Line]:
    """How many texts arrived, the ladder, the end of the subject's log."""
    yield from arrival_lines(evidence.arrivals, width, len(SECOND))
    if evidence.events:
        who = people_line(evidence)
        events = evidence.events if verbose else shortest(evidence.events, EVENTS)
        marked = f"; {POINTER} marks what the verdict rests on" if any(event.decisive for event in events) else ""
        yield from wrapped(f"What happened{f' ({who})' if who else ''}{marked}:", width, len(SECOND))
        yield from ladder_lines(events, width, full=verbose)
    if evidence.log_path:
        nothing = "" if evidence.log else " it is empty"
        yield from wrapped(f"Its log, {evidence.log_path}:{nothing}", width, len(SECOND))
        log = evidence.log if verbose else evidence.log[-LOG_LINES:]
        yield from (Line(cut(f"{2 * SECOND}{on_one_line(line)}", width), "dim") for line in log)


def command_lines(command: str, width: int) -> Iterator[Line]:
    """A command that can be copied: longer than a line, it continues after a backslash."""
    words: list[str] = []
    for word in map(shlex.quote, shlex.split(command)):
        if words and words[-1].startswith("--") and " " not in words[-1] and not word.startswith("--"):
            words[-1] += f" {word}"  # an option stays with its value
        else:
            words.append(word)
    indent = 2 * SECOND
    line = indent
    for word in words:
        if line.strip() and cell_len(line) + cell_len(word) + 2 > width:
            yield Line(f"{line.rstrip()} \\")
            line = indent + SECOND
        line += f"{word} "
    yield Line(line.rstrip())


def table_of(report: Report) -> Table:
    """All requirements with level, verdict, sentence and source."""
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("id", "level", "verdict", "requirement", "source"):
        table.add_column(heading, no_wrap=heading in ("id", "level", "verdict"))
    for requirement in report.requirements:
        shown = report.shown(requirement)
        table.add_row(requirement.id, requirement.level, shown, requirement.sentence, requirement.source)
    return table
