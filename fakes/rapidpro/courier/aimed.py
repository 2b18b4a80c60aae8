"""Trouble that is aimed at some messages: which ones, and what happens to them. The one place that decides it.

A rule in JSON: `{"match": {"to": "+250788123001", "text": "Come*", "segment": 2, "nth": 3}, "trouble": "failed"}`.
Every part of `match` may be left out; `{}` matches all messages. A message meets the troubles of all rules it matches.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any

from fakes.rapidpro.settings import BadSetting, expect

WHOLE_MESSAGE = ("refused", "errored", "read")
"""Troubles that cannot be aimed at a segment."""
TROUBLES: Mapping[str, str] = MappingProxyType({
    "refused": "refused in the aggregator's answer, also in one with status 200 (Africa's Talking 406 and the like)",
    "errored": "the aggregator is unreachable or answers 5xx, at every attempt",
    "failed": "accepted, later reported as failed",
    "no_report": "the handset gets it, no report says so; Infobip reports after 48 hours that it does not know",
    "never_reports": "the aggregator reports nothing at all, whatever happens",
    "duplicate_report": "each report comes twice",
    "late_report": "the last report comes hours later",
    "out_of_order": "the report about sending comes after the one about delivery",
    "read": "a read report follows, if the aggregator has read reports",
})  # fmt: skip
NUMBER = re.compile("[+][0-9]+|[0-9]{3,6}")


@dataclass(frozen=True, slots=True)
class Match:
    """Which messages a rule is about; a part that is None matches all."""

    to: str | None = None
    """The receiver: a number in full, or a short code."""
    text: str | None = None
    """A pattern of the whole text, with `*`, `?` and `[abc]` as in file names; case matters."""
    segment: int | None = None
    """Only the reports of this segment, from 1 (setting `segment_reports`)."""
    nth: int | None = None
    """Only the nth message that `to` and `text` match, from 1, counted since the list of rules was set."""

    def covers(self, number: str, text: str) -> bool:
        """Whether receiver and text are those of this rule."""
        return self.to in (None, number) and (self.text is None or fnmatchcase(text, self.text))


@dataclass(frozen=True, slots=True)
class Rule:
    """One trouble and the messages that it is aimed at."""

    match: Match
    trouble: str

    def as_json(self) -> dict[str, Any]:
        """The JSON form, without the parts of `match` that are left out."""
        parts = {one.name: getattr(self.match, one.name) for one in fields(Match)}
        return {"match": {key: value for key, value in parts.items() if value is not None}, "trouble": self.trouble}


Rules = tuple[Rule, ...]


class Aim:
    """Finds the rules for a message. It counts the messages of each rule that says `nth`."""

    def __init__(self) -> None:
        self._rules: Rules = ()
        self._met: list[dict[int, int]] = []

    def rules_for(self, rules: Rules, message_id: int, number: str, text: str) -> Rules:
        """The rules that a message matches. Another attempt to send it is the same message; a new list counts anew."""
        if rules is not self._rules:
            self._rules, self._met = rules, [{} for _ in rules]
        found = []
        for rule, met in zip(rules, self._met, strict=True):
            if not rule.match.covers(number, text):
                continue
            if rule.match.nth is None or met.setdefault(message_id, len(met) + 1) == rule.match.nth:
                found.append(rule)
        return tuple(found)


def troubles(rules: Rules, segment: int = 1) -> frozenset[str]:
    """What a segment meets by these rules."""
    return frozenset(rule.trouble for rule in rules if rule.match.segment in (None, segment))


def read_rules(value: Any) -> Rules:
    """The rules from their JSON form. Raises BadSetting."""
    expect(
        isinstance(value, list | tuple), "aimed", 'a list of rules such as {"match": {}, "trouble": "failed"}', value
    )
    return tuple(_rule(f"aimed[{index}]", one) for index, one in enumerate(value))


def _rule(name: str, value: Any) -> Rule:
    given = _object(name, value, ("match", "trouble"))
    for key in ("match", "trouble"):
        expect(key in given, name, "an object with match and trouble", value)
    known = isinstance(given["trouble"], str) and given["trouble"] in TROUBLES
    trouble = expect(known, f"{name}.trouble", f"one of {', '.join(TROUBLES)}", given["trouble"])
    match = _match(f"{name}.match", given["match"])
    if match.segment is not None and trouble in WHOLE_MESSAGE:
        raise BadSetting(f"{name}: {trouble} concerns the whole message and cannot be aimed at a segment")
    return Rule(match, trouble)


def _match(name: str, value: Any) -> Match:
    checks: Mapping[str, tuple[Callable[[Any], bool], str]] = {
        "to": (_is_number, "a number in full, such as +250788000000, or a short code"),
        "text": (lambda one: isinstance(one, str), 'a pattern such as "Come*"'),
        "segment": (_is_count, "a whole number above 0"),
        "nth": (_is_count, "a whole number above 0"),
    }
    given = _object(name, value, tuple(checks))
    for key, one in given.items():
        is_good, expected = checks[key]
        expect(is_good(one), f"{name}.{key}", expected, one)
    return Match(**given)


def _object(name: str, value: Any, known: tuple[str, ...]) -> Mapping[str, Any]:
    expect(isinstance(value, Mapping), name, f"an object with any of {', '.join(known)}", value)
    unknown = [str(key) for key in value if key not in known]
    if unknown:
        raise BadSetting(f"{name}: unknown key {unknown[0]!r}: possible are {', '.join(known)}")
    return dict(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, str) and NUMBER.fullmatch(value) is not None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
