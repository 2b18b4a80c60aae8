"""Any report, for tests of what is true of all of them."""

from __future__ import annotations

from hypothesis import strategies as st

from conformance.evidence.model import Arrivals, Event, Evidence, Part, Party, Step, StepOutcome
from conformance.reports.report import Report, ScenarioResult
from conformance.reports.run_info import RunInfo
from conformance.verdicts import Verdict
from tests.conformance.reports.examples import REQUIREMENTS

TEXT = st.text(st.characters(), max_size=20)
TEXTS = st.lists(TEXT, max_size=2).map(tuple)
PARTS = st.none() | st.builds(Part, st.dictionaries(TEXT, TEXT, max_size=2), TEXT)
RESULTS = st.builds(
    ScenarioResult,
    name=TEXT,
    requirements=st.lists(st.sampled_from([one.id for one in REQUIREMENTS]), min_size=1, unique=True).map(tuple),
    verdict=st.sampled_from(Verdict),
    seconds=st.integers(0, 10**6).map(lambda milliseconds: milliseconds / 1000),
    reason=TEXT,
    repeat=TEXT,
    elsewhere=st.booleans(),
    feature=TEXT,
    started=TEXT,
    seen_in=st.lists(TEXT, max_size=2).map(tuple),
    evidence=st.none()
    | st.builds(
        Evidence,
        steps=st.lists(st.builds(Step, TEXT, TEXT, st.sampled_from(StepOutcome), st.floats(0, 9)), max_size=2).map(
            tuple
        ),
        people=st.dictionaries(TEXT, TEXT, max_size=2),
        arrivals=st.lists(
            st.builds(Arrivals, st.sampled_from(["in", "out"]), st.integers(0), st.integers(0), TEXTS, TEXTS)
        ).map(tuple),
        events=st.lists(
            st.builds(Event, TEXT, st.sampled_from(Party), st.sampled_from(Party), TEXT, request=PARTS, reply=PARTS),
            max_size=2,
        ).map(tuple),
        log=st.lists(TEXT, max_size=2).map(tuple),
    ),
)
REPORTS = st.lists(RESULTS, max_size=3).map(
    lambda results: Report(
        {"name": "it"}, "26", REQUIREMENTS, results, [], "", RunInfo("2026-11-27T08:00:00", "again", 1, {}, "1"), 2.5
    )
)
