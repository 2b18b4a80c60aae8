"""CouchDB's `_find`: patterns of a query must not hang the process."""

from __future__ import annotations

import pytest

from fakes.cht.couch.find import QueryError, find
from tests.fakes.cht.client import client

DOCS = [{"_id": str(number), "text": "a" * 5000 + "b"} for number in range(100)]


def matching(pattern: str, *texts: str) -> list[str]:
    docs = [{"_id": str(number), "text": text} for number, text in enumerate(texts)]
    return [doc["text"] for doc in find(docs, {"selector": {"text": {"$regex": pattern}}})]


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|a)*$", "^(a|aa)+$", "(a*)*c", "^(([a-z])+.)+[A-Z]([a-z])+$"])
def test_a_pattern_that_backtracks_without_end_is_answered(pattern: str) -> None:
    assert find(DOCS, {"selector": {"text": {"$regex": pattern}}}) == []


def test_it_is_answered_over_the_api_too() -> None:
    cht = client()
    cht.put("/medic/long", json={"text": "a" * 5000 + "b"})
    answer = cht.post("/medic/_find", json={"selector": {"text": {"$regex": "^(a+)+$"}}})
    assert (answer.status_code, answer.json()["docs"]) == (200, [])


@pytest.mark.parametrize(
    ("pattern", "found"),
    [("b", ["abc", "b"]), ("^b", ["b"]), ("c$", ["abc"]), ("^[a-c]{3}$", ["abc"]), ("(?i)B", ["abc", "b"]), ("é", [])],
)
def test_patterns_match_anywhere_in_a_text(pattern: str, found: list[str]) -> None:
    assert matching(pattern, "abc", "b", "") == found


@pytest.mark.parametrize("pattern", ["(", "[", "(?=a)", r"(a)\1", "((a{90}){90}){90}"])
def test_a_pattern_that_is_broken_or_not_supported_is_refused(pattern: str) -> None:
    with pytest.raises(QueryError, match="regular expression"):
        matching(pattern, "a")


def test_half_a_surrogate_pair_is_no_error() -> None:
    assert matching("a", "a\ud800") == ["a\ud800"]
