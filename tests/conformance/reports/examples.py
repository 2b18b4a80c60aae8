"""Reports made by hand: with all verdicts, with evidence, and with texts that are not harmless on a page."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from conformance.evidence.model import Arrivals, Event, Evidence, Part, Party, Step, StepOutcome
from conformance.reports.report import Report, ScenarioResult
from conformance.reports.run_info import RunInfo
from conformance.requirements.catalogue import Level, Requirement
from conformance.verdicts import Verdict

EVIL = (
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "{{ 7 * 7 }} {% raw %}",
    "]]> <!-- & &amp; -->",
    "\u202egnp.exe\u202c \u2066isolated\u2069",
    "null \x00, bell \x07, escape \x1b[31m, next line \x85",
    "half \ud83d of a pair, \ufffe\uffff, \u2028 \u2029",
    "مرحبا नमस्ते 👩‍⚕️",
)
REQUIREMENTS = (
    Requirement("OUT-1", Level.MUST, "A text that CHT has to send reaches the phone once.", "a document"),
    Requirement("OUT-6", Level.MUST, "A text is not sent twice after a lost answer.", "an issue"),
    Requirement("QUOTA-3", Level.SHOULD, "Few requests per text.", "a file"),
    Requirement("OPS-8", Level.MAY, "It takes <b>odd</b> dates & times.", 'a "source"'),
)
LOST = Event(
    at="2026-01-05T09:00:02.000Z",
    source=Party.RELAY,
    target=Party.RAPIDPRO,
    title="POST /api/v2/broadcasts.json",
    request=Part({"content-type": "application/json"}, '{"urns": ["tel:+250788123001"], "text": "Come on Monday"}'),
    fault="lose_reply",
    decisive=True,
    seq=7,
)
EVENTS = (
    Event("2026-01-05T09:00:00.000Z", Party.CHT, Party.CHT, "a text to Amina is due"),
    Event(
        at="2026-01-05T09:00:01.000Z",
        source=Party.RELAY,
        target=Party.CHT,
        title="POST /api/sms",
        status=200,
        request=Part({}, '{"messages": [], "updates": []}'),
        reply=Part({"content-type": "application/json"}, '{"messages": [{"id": "a", "content": "Come on Monday"}]}'),
        seq=6,
    ),
    LOST,
    replace(LOST, at="2026-01-05T09:01:02.000Z", fault=None, decisive=False, status=201, reply=Part({}, '{"id": 2}')),
    Event("2026-01-05T09:01:03.000Z", Party.RAPIDPRO, Party.PHONE, "Amina receives 'Come on Monday'"),
    Event("2026-01-05T09:01:04.000Z", Party.RAPIDPRO, Party.PHONE, "Amina receives 'Come on Monday'"),
    Event(
        at="2026-01-05T09:02:00.000Z",
        source=Party.RELAY,
        target=Party.CHT,
        title="POST /api/sms (empty)",
        status=200,
        count=12,
        omitted=3,
        until="2026-01-05T09:14:00.000Z",
    ),
)
EVIDENCE = Evidence(
    steps=(
        Step("Given", "RapidPro loses the answer to a send", StepOutcome.PASSED, 0.01),
        Step("When", 'CHT sends "Come on Monday" to Amina', StepOutcome.PASSED, 0.02),
        Step("Then", 'Amina receives "Come on Monday" once', StepOutcome.FAILED, 0.2),
        Step("And", "CHT shows it as delivered", StepOutcome.NOT_RUN),
    ),
    people={"+250788123001": "Amina"},
    arrivals=(Arrivals("out", 1, 1, (), ('"Come on Monday" for Amina (twice)',)), Arrivals("in", 2, 1, ("I am ill",))),
    events=EVENTS,
    log=("started", "POST /api/v2/broadcasts.json: no answer, sending again"),
    log_path="/var/log/relay.log",
)


def run_info(created: str = "2026-11-27T08:00:00+00:00", **configuration: Any) -> RunInfo:
    return RunInfo(
        created, "relay-harness conform --subject naive", 1, {"profile": "26", "seed": 1, **configuration}, "0.1.0"
    )


def result(id_: str, verdict: Verdict, name: str = "A scenario", reason: str = "", **more: Any) -> ScenarioResult:
    repeat = "" if verdict is Verdict.PASSED else f"relay-harness conform --only {id_} --seed 1"
    return ScenarioResult(name, (id_,), verdict, 0.25, reason, repeat, **more)


def report(name: str = "naive", created: str = "2026-11-27T08:00:00+00:00") -> Report:
    """One of each verdict, a scenario of two requirements, conduct, and something that broke outside."""
    results = [
        result("OUT-1", Verdict.PASSED, "One text (hello)", feature="Texts out", started="2026-11-27T08:00:01+00:00"),
        result(
            "OUT-6",
            Verdict.FAILED,
            "The answer to a send is lost",
            "sent twice: 'Come on Monday' to Amina\n(expected: once)",
            feature="Lost answers",
            started="2026-11-27T08:00:02+00:00",
            evidence=EVIDENCE,
        ),
        replace(result("OUT-1", Verdict.UNKNOWN, "After a crash", "needs restart"), requirements=("OUT-1", "OPS-8")),
        result("OPS-8", Verdict.BROKEN, "Odd dates", "KeyError: 'x'\nTraceback ..."),
        result(
            "QUOTA-3",
            Verdict.FAILED,
            "seen in: One text (hello)",
            "9 requests",
            elsewhere=True,
            seen_in=("One text (hello)",),
        ),
    ]
    made = Report({"name": name, "kind": "http", "time": "virtual"}, "26", REQUIREMENTS, results, ["a feature is odd"])
    made.run = run_info(created)
    return made


def evil_report() -> Report:
    """A report in which every text is evil."""
    everything = " ".join(EVIL)
    evidence = Evidence(
        steps=tuple(Step("Then", text, StepOutcome.FAILED) for text in EVIL),
        people={everything: everything},
        arrivals=(Arrivals("out", 2, 1, EVIL),),
        events=tuple(
            Event(text, Party.RELAY, Party.CHT, text, None, Part({text: text}, text), None, text, decisive=True)
            for text in EVIL
        ),
        log=EVIL,
        log_path=everything,
    )
    results = [
        ScenarioResult(text, ("OUT-1",), Verdict.FAILED, 0.1, text, text, feature=text, evidence=evidence)
        for text in EVIL
    ]
    requirement = replace(REQUIREMENTS[0], sentence=everything, source=everything)
    made = Report({"name": everything, "about": everything}, everything, (requirement,), results, list(EVIL))
    made.run = RunInfo("2026-11-27T08:00:00+00:00", everything, 1, {everything: everything}, everything)
    return made
