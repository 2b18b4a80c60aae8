"""What `conform` prints at its end fits the terminal, breaks no word, and shows the cause of each failure."""

from __future__ import annotations

import re
import shlex
import subprocess
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.console import Console

from conformance.evidence.arrivals import arrived
from conformance.evidence.lines import POINTER
from conformance.evidence.model import Arrivals, Event, Evidence, Part, Party, Step, StepOutcome
from conformance.reports.report import Report, ScenarioResult
from conformance.reports.side_by_side import SideBySide
from conformance.reports.terminal import EVENTS, command_lines, show_report, width_of
from conformance.requirements.catalogue import Level, Requirement, load
from conformance.verdicts import Verdict

WIDTHS = [80, 100, 140]
SCREEN = 24
PASSED, FAILED, UNKNOWN, BROKEN = Verdict.PASSED, Verdict.FAILED, Verdict.UNKNOWN, Verdict.BROKEN
REPEAT = "relay-harness conform --only OUT-1 --profile 26 --seed 1 --subject-command 'python -m my_relay --fast' --http"
SENTENCE = "A text that CHT has to send reaches the phone once, within eight hours, and unchanged but for its blanks."
BODY = '{"urns": ["tel:+250788200001"], "text": "' + "Come to the clinic " * 20 + '"}'


def event(number: int, **given: object) -> Event:
    one = Event(
        f"2026-03-02T12:{number // 60:02}:{number % 60:02}+00:00", Party.RELAY, Party.RAPIDPRO,
        "POST /api/v2/broadcasts.json", 201, Part({"authorization": "Token [hidden]"}, BODY),
        Part({"content-type": "application/json"}, '{"id": 9001}'), seq=number,
    )  # fmt: skip
    return replace(one, **given)  # type: ignore[arg-type]  # fields by name


EVENTS_OF_ALL_KINDS = (
    event(1, source=Party.CHT, target=Party.CHT, title='"Visit" for Amina is pending', status=None, request=None,
          reply=None, seq=None, count=60),
    event(2, status=None, reply=None, fault="lose_reply"),
    event(3, decisive=True),
    event(4, status=429, fault="throttle", acted=False, reply=Part({"retry-after": "1800"}, "{}")),
    event(5, title="empty polls: POST /api/sms", count=12, until="2026-03-02T13:00:00.123+00:00"),
    event(6, title="GET /api/v2/messages.json?after=" + "2026-03-02T12%3A00%3A00" * 6),
    event(7, at="2026-03-05T08:00:00.500+00:00", source=Party.RAPIDPRO, target=Party.PHONE, omitted=7),
)  # fmt: skip
EVIDENCE = Evidence(
    (
        Step("Given", "RapidPro accepts the next text but its answer is lost", StepOutcome.PASSED),
        Step(
            "When",
            'CHT sends "Come to the clinic tomorrow, with the card of the child" to Amina',
            StepOutcome.PASSED,
        ),
        Step("Then", 'Amina receives "Come to the clinic tomorrow" once', StepOutcome.FAILED),
        Step("And", "CHT shows the text to Amina as delivered", StepOutcome.NOT_RUN),
    ),
    {"+250788200001": "Amina", "+250788200002": "Yusuf"},
    (Arrivals("out", 60, 20, tuple(f'"You are number {n}" for Person {n} (pending in CHT)' for n in range(40))),),
    EVENTS_OF_ALL_KINDS,
    tuple(f"12:00:{n:02} the relay says something rather long about what it does at the moment {n}" for n in range(20)),
    "/tmp/relay-1/relay.log",
)
FAILURE = ScenarioResult(
    "The answer is lost", ("OUT-1",), FAILED, 0.5, "expected Amina to receive it once, not twice", REPEAT,
    feature="Outgoing texts reach phones", evidence=EVIDENCE,
)  # fmt: skip


def report(*results: ScenarioResult, requirements: tuple[Requirement, ...] | None = None) -> Report:
    known = requirements or (Requirement("OUT-1", Level.MUST, SENTENCE, "a source"),)
    return Report({"name": "my relay"}, "26", known, list(results))


def shown(result: Report | SideBySide, width: int = 80, *, verbose: bool = False, quiet: bool = False) -> list[str]:
    console = Console(width=width, force_terminal=False)
    with console.capture() as captured:
        if isinstance(result, Report):
            show_report(result, console, verbose=verbose, quiet=quiet)
        else:
            result.show(console, quiet=quiet)
    return captured.get().splitlines()


def words_of(lines: list[str]) -> set[str]:
    return {word for line in lines for word in line.split()}


def all_passed() -> Report:
    known = load()
    return report(*(ScenarioResult(one.sentence, (one.id,), PASSED, 0.1) for one in known), requirements=known)


@pytest.mark.parametrize("width", WIDTHS)
def test_a_run_in_which_all_passed_fits_a_screen(width: int) -> None:
    lines = shown(all_passed(), width)
    assert len(lines) < SCREEN
    assert max(map(cell_len, lines)) <= width
    numbers = [one.id.partition("-")[2] for one in load() if one.id.startswith("IN-")]
    assert lines[0].split() == ["IN", "passed", *sorted(numbers, key=int)]
    assert " ".join(lines).endswith("(RapidPro profile 26)")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_failure_fits_the_width_and_breaks_no_word(width: int) -> None:
    lines = shown(report(FAILURE), width)
    assert [line for line in lines if cell_len(line) > width] == []
    for sentence in (SENTENCE, FAILURE.reason, *(step.text for step in EVIDENCE.steps)):
        assert set(sentence.split()) <= words_of(lines)


def test_a_failure_shows_requirement_steps_ladder_missing_texts_log_and_command() -> None:
    text = "\n".join(shown(report(FAILURE)))
    for part in (
        "failed OUT-1: The answer is lost",
        "   OUT-1 (must): A text that CHT has to send",
        "   x  Then Amina receives",
        "   -  And CHT shows the text",
        "20 of 60 texts arrived on phones; missing:",
        "and 37 more",
        "no answer (fault lose_reply: it acted)",
        "429 (fault throttle: it did not act)",
        "[retry-after: 1800]",
        "is pending, and 59 more",
        "empty polls: POST /api/sms",
        "12 times until 13:00:00",
        "... 7 more, with --verbose ...",
        "Thursday, 05 March 2026",
        "Its log, /tmp/relay-1/relay.log:",
        "12:00:19 the relay says",
    ):
        assert part in text, part
    assert [line for line in text.splitlines() if line.startswith(POINTER)] == [
        f"{POINTER} 12:00:03.000 relay > RapidPro POST /api/v2/broadcasts.json: 201"
    ]
    assert text.splitlines()[-1].endswith("(RapidPro profile 26)")


@pytest.mark.parametrize("width", WIDTHS)
def test_the_command_can_be_copied(width: int) -> None:
    lines = [line.text for line in command_lines(REPEAT, width)]
    assert all(cell_len(line) <= width for line in lines)
    pasted = ["sh", "-c", "\n".join(["printf '%s\\n' \\", *lines])]
    words = subprocess.run(pasted, capture_output=True, text=True, check=True, timeout=30).stdout.splitlines()
    assert words == shlex.split(REPEAT)


def test_what_stands_in_the_evidence_is_not_said_in_the_reason_too() -> None:
    sentence = arrived(EVIDENCE.arrivals[0])
    one = replace(FAILURE, reason=f"expected in time: it\n{sentence}", evidence=replace(EVIDENCE, log=()))
    lines = shown(report(one))
    assert sum(sentence in line for line in lines) == 1
    assert any(line.startswith("   Its log, ") and line.endswith(": it is empty") for line in lines)


def test_of_several_failures_of_a_requirement_one_is_shown_in_full() -> None:
    lines = shown(report(FAILURE, replace(FAILURE, name="Three answers are lost")))
    assert sum("What happened" in line for line in lines) == 1
    assert sum("run again" in line for line in lines) == 1
    assert "failed OUT-1: Three answers are lost" in lines
    verbose = shown(report(FAILURE, replace(FAILURE, name="Three answers are lost")), verbose=True)
    assert sum("What happened" in line for line in verbose) == 2


def test_a_long_ladder_is_shortened_unless_all_is_asked_for() -> None:
    events = tuple(event(number) for number in range(300))
    long = report(replace(FAILURE, evidence=replace(EVIDENCE, events=events)))
    lines = shown(long)
    assert sum("broadcasts.json: 201" in line for line in lines) == EVENTS
    assert f"   ... {300 - EVENTS} more, with --verbose ..." in lines
    assert sum("broadcasts.json: 201" in line for line in shown(long, verbose=True)) == 300


def test_verbose_shows_bodies_headers_passed_scenarios_and_the_table() -> None:
    passed = replace(FAILURE, name="Another", verdict=PASSED, reason="", repeat="")
    text = "\n".join(shown(report(FAILURE, passed), verbose=True))
    assert BODY in text
    assert "asks authorization: Token [hidden]" in text
    assert "passed OUT-1: Another" in text
    assert re.search(r"OUT-1 +│ must +│ failed", text)


def test_quiet_shows_the_totals_and_what_broke() -> None:
    made = report(FAILURE)
    assert shown(made, quiet=True) == ["my relay: 1 failed of 1 requirement, 1 scenario in 0.5 s (RapidPro profile 26)"]
    several = replace(made, results=[FAILURE] * 5, elapsed=1.25)
    assert "5 scenarios in 1.2 s" in shown(several, quiet=True)[0], "not the sum, if they were played at the same time"
    made.broken.append("a feature cannot be read")
    assert shown(made, quiet=True)[0] == "broken: a feature cannot be read"


def test_quiet_shows_a_line_for_each_of_several_subjects() -> None:
    beside = SideBySide([report(FAILURE), replace(report(FAILURE), subject={"name": "other"})])
    assert shown(beside, quiet=True) == ["my relay  1 failed", "other     1 failed"]


def test_what_is_unknown_says_why_once() -> None:
    reason = "needs virtual time, which this subject does not support"
    unknown = [ScenarioResult(name, ("OUT-1",), UNKNOWN, 0.0, reason) for name in ("a", "b")]
    assert f"unknown: {reason}: OUT-1" in " ".join(shown(report(*unknown)))


def test_a_broken_scenario_shows_the_end_of_the_traceback() -> None:
    traceback = "\n".join(["KeyError: 'x'", *(f"  line {n}" for n in range(40))])
    lines = shown(report(replace(FAILURE, verdict=BROKEN, reason=traceback)))
    assert "   KeyError: 'x'" in lines
    assert "   line 39" in lines
    assert "   line 3" not in lines


def test_a_result_without_evidence_is_shown_all_the_same() -> None:
    lines = shown(report(ScenarioResult("a scenario", ("OUT-1",), FAILED, 0.1, "it failed")))
    assert "   it failed" in lines


def test_what_failed_after_the_steps_says_so() -> None:
    steps = tuple(replace(step, outcome=StepOutcome.PASSED) for step in EVIDENCE.steps)
    judged = replace(FAILURE, evidence=replace(EVIDENCE, steps=steps))
    assert "   x  (judged after the steps)" in shown(report(judged))
    elsewhere = shown(report(replace(judged, elsewhere=True)))
    assert "   x  (the steps passed; what is wrong was seen on the way)" in elsewhere


@pytest.mark.parametrize(
    ("width", "terminal", "used"), [(60, True, 60), (200, True, 200), (60, False, 80), (200, False, 140)]
)
def test_the_width_is_that_of_the_terminal_or_between_80_and_140(width: int, terminal: bool, used: int) -> None:
    assert width_of(Console(width=width, force_terminal=terminal)) == used


TEXTS = st.text(alphabet=st.sampled_from("ab é日🙏\n\u202e\x1b \t\"'{}"), max_size=200)


@given(TEXTS, TEXTS, st.sampled_from(WIDTHS))
def test_whatever_texts_there_are_the_lines_fit(title: str, body: str, width: int) -> None:
    odd = event(1, title=title, request=Part({}, body), decisive=True)
    evidence = replace(EVIDENCE, events=(odd,), log=(title,), steps=(Step("When", f"x{body}", StepOutcome.FAILED),))
    for line in shown(report(replace(FAILURE, reason=title, evidence=evidence)), width):
        assert cell_len(line) <= width


@pytest.mark.parametrize("count", [2, 3, 5, 9])
@pytest.mark.parametrize("width", WIDTHS)
def test_subjects_side_by_side_fit_the_width_and_break_no_word(count: int, width: int) -> None:
    results = [replace(FAILURE, evidence=None), replace(FAILURE, verdict=UNKNOWN)]
    subjects = [replace(report(*results), subject={"name": f"subject-of-{n}", "seed": 1}) for n in range(count)]
    lines = shown(SideBySide(subjects), width)
    assert [line for line in lines if cell_len(line.rstrip()) > width] == []
    cells = [cell.strip() for line in lines for cell in re.split("[│┃]", line)]
    assert [cells.count(f"subject-of-{n}") for n in range(count)] == [1] * count
    assert cells.count("failed (1 of 2)") == count
    if "requirement" in cells:
        assert set(SENTENCE.split()) <= words_of(lines)
