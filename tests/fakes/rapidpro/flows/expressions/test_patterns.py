"""Regular expressions in flow expressions: the dialect of RE2, and no input that makes them slow."""

import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fakes.rapidpro.flows.expressions import Env, Evaluated, evaluate

FUNCTIONS = ("regex_match", "has_pattern")
COMPLAINTS = {
    "regex_match": "error calling regex_match(...): invalid regular expression",
    "has_pattern": "error calling has_pattern(...): must be called with a valid regular expression",
}


def evaluated(template: str, **context: Any) -> Evaluated:
    return evaluate(template, context, Env(now=datetime(2026, 3, 4, tzinfo=UTC), timezone=ZoneInfo("UTC")))


def matched(text: str, pattern: str) -> str:
    outcome = evaluated('@(has_pattern(text, pattern)["match"])', text=text, pattern=pattern)
    assert outcome.errors == ()
    return outcome.text


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(a+)+$", "a" * 5000 + "!"),
        (r"(.*)(.*)(.*)b", "a" * 2000),
        (r"(a|aa)+$", "a" * 5000 + "!"),
        (r"^(\w+\s?)*$", "a " * 2500 + "!"),
        (r"(x+x+)+y", "x" * 5000),
        (r"(?:(?:a*)*)*b", "a" * 5000),
    ],
)
@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_pattern_with_catastrophic_backtracking_is_answered_at_once(function: Any, pattern: Any, text: Any) -> None:
    start = time.process_time()
    outcome = evaluated(f"@({function}(text, pattern))", text=text, pattern=pattern)
    assert time.process_time() - start < 1
    if function == "has_pattern":
        assert outcome == Evaluated("false")
    else:
        assert outcome == Evaluated("", ("error calling regex_match(...): invalid regular expression group",))


def test_ten_times_the_text_takes_no_more_than_some_ten_times_as_long() -> None:
    def seconds(length: int) -> float:
        best = 1e9
        for _ in range(5):
            start = time.process_time()
            evaluated('@(has_pattern(text, "(.*)(.*)(.*)b"))', text="a" * length)
            best = min(best, time.process_time() - start)
        return best

    seconds(10)  # the library is there now
    assert seconds(100_000) < 40 * max(seconds(10_000), 0.000_5)


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize(
    "pattern",
    [
        r"(a)\1", r"(?P<n>a)(?P=n)", "(?=a)", "(?!a)", "(?<=a)", "(?<!a)", "(?>a)", "a++", "(?(1)a|b)", r"a\Z", r"\C",
        "(", ")", "[", "*", "a**", r"\8", "a{1001}", "(a{100}){100}", "(?x) a", r"\p{Nowhere}", "[b-a]", "(" * 9_000,
        "a" * 10_001, r"(\pL{1000})",
    ],
)  # fmt: skip
def test_unsupported_syntax_is_refused(function: Any, pattern: Any) -> None:
    outcome = evaluated(f"[@({function}(text, pattern))]", text="aa", pattern=pattern)
    assert outcome == Evaluated("[]", (COMPLAINTS[function],))


@pytest.mark.parametrize(
    ("text", "pattern", "match"),
    [
        ("x Jina y", "JINA", "Jina"),
        ("ÉTÉ", "été", "ÉTÉ"),
        ("R 12", r"(?-i)r", ""),
        ("a\nb1\nc", r"^b\d$", "b1"),
        ("a\nb", "a.b", ""),
        ("a\nb", "(?s)a.b", "a\nb"),
        ("a\nb", r"\Ab", ""),
        ("a\nb", r"b\z", "b"),
        ("é1", r"\w", "1"),
        ("٣4", r"\d", "4"),
        ("जन1", r"\pL+", "जन"),
        ("Ω!", r"\p{Greek}", "Ω"),
        ("x(1)", r"\Q(1)\E", "(1)"),
        ("aab", "(?U)a+", "a"),
        ("ab", "(?P<first>a)(?<second>b)", "ab"),
        ("aXb", r"\x{58}", "X"),
        ("👶👶", ".", "👶"),
        ("ab", "", ""),
        ("id-7", "  id-7  ", "id-7"),
        ("\ud800a", ".a", "\ufffda"),
    ],
)
def test_a_pattern_matches_as_the_dialect_says(text: Any, pattern: Any, match: Any) -> None:
    assert matched(text, pattern) == match


def test_only_the_router_test_trims_its_pattern() -> None:
    assert evaluated('@(regex_match("a b", " b"))') == Evaluated(" b")
    assert evaluated('@(has_pattern("a b", " b").match)') == Evaluated("b")


def test_groups_that_did_not_match_are_empty() -> None:
    assert evaluated('@(has_pattern("R 12", "r (\\d+)(kg)?(x)?").extra)') == Evaluated("{0: R 12, 1: 12, 2: , 3: }")
    assert evaluated('[@(regex_match("R 12", "r (\\d+)(kg)?", 2))]') == Evaluated("[]")


@pytest.mark.parametrize("group", ["-1", "2", "99", "2147483647"])
def test_a_group_that_the_pattern_does_not_have_is_an_error(group: Any) -> None:
    outcome = evaluated(f'@(regex_match("ab", "(a)", {group}))')
    assert outcome.errors == ("error calling regex_match(...): invalid regular expression group",)


@pytest.mark.parametrize(
    "template",
    [
        '@(has_pattern(text, "(x?){990}y"))',
        '@(foreach(split(repeat("x ", 4000)), (x) => has_pattern(text, "x+" & x)))',
        '@(foreach(split(repeat("x ", 4000)), (x) => is_error(regex_match(x, "\\pL{1000}"))))',
    ],
)
def test_patterns_that_run_for_seconds_are_too_complex(template: Any) -> None:
    start = time.process_time()
    outcome = evaluated(template, text="x" * 100_000)
    assert time.process_time() - start < 10
    assert outcome.text == ""
    assert outcome.errors[0].endswith("expression is too complex to evaluate")


def test_the_library_is_loaded_only_when_a_pattern_is_used() -> None:
    program = "import sys, fakes.rapidpro.flows.expressions; sys.exit('re2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], timeout=60, check=False).returncode == 0
