"""Each violation names what it rests on, as far as its check knows it: the number, the words, the id, the calls."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from conformance.checks import ALL, judge, names
from tests.conformance.evidence.histories import AMINA, YUSUF
from tests.conformance.evidence.test_decisive import CASES

IN = (AMINA, "I am ill")
OUT = (YUSUF, "Visit @ nine")
NAMED: Mapping[str, tuple[object, ...]] = {
    "accepted and never handed over": (*IN, None, ()),
    "handed over twice": (*IN, None, ()),
    "a report that nobody sent": (*IN, "run-1", ()),
    "refused, but stored": (*IN, "run-1", ()),
    "never fetched": (*OUT, None, ()),
    "two urns of one person in one request": (*OUT, None, ()),
    "words that CHT never had": (*OUT, None, ()),
    "words that RapidPro was asked to send": (*OUT, None, ()),
    "failed in CHT alone": (*OUT, "u-1", ()),
    "back from delivered to sent, and forward again": (*OUT, "u-1", ()),
    "never asked": (*OUT, "u-1", ()),
    "sent in the wrong order": (*OUT, None, ()),
    "asked again while throttled": (None, None, None, (2, 3)),
    "a secret in a body": (None, None, None, (2,)),
    "a secret in the relay's own answer": (None, None, None, (2,)),
    "a secret in its output": (None, None, None, ()),
    "a request that nobody needs": (None, None, None, (2,)),
}


@pytest.mark.parametrize("name", NAMED)
def test_a_violation_names_what_it_rests_on(name: str) -> None:
    check, history, _ = CASES[name]
    first = next(violation for violation in judge(history, ALL) if violation.check == check)
    assert (first.number, first.text, first.id, first.calls) == NAMED[name]


def test_there_is_a_case_for_each_check() -> None:
    assert {CASES[name][0] for name in NAMED} == set(names(ALL))
