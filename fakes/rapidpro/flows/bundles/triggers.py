"""Triggers: which flow an incoming text starts.

Source: mailroom core/models/trigger.go (FindMatchingMsgTrigger); rapidpro temba/triggers/models.py, types.py.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

KEYWORD, CATCH_ALL = "K", "C"
NAMES: Mapping[str, str] = MappingProxyType({KEYWORD: "keyword", CATCH_ALL: "catch-all"})
OTHERS: Mapping[str, str] = MappingProxyType({
    "S": "schedule", "V": "incoming call", "M": "missed call", "N": "new conversation", "R": "referral",
    "T": "closed ticket", "I": "opt-in", "O": "opt-out",
})  # fmt: skip
"""Types that no text starts."""
FIRST_WORD, ONLY_WORD = "F", "O"


@dataclass(frozen=True, slots=True)
class FlowTrigger:
    """A keyword or catch-all trigger. Groups and channel are UUIDs."""

    type: str
    flow: str
    keywords: tuple[str, ...] = ()
    match_type: str = FIRST_WORD
    groups: frozenset[str] = frozenset()
    exclude_groups: frozenset[str] = frozenset()
    channel: str = ""

    def as_json(self) -> dict[str, Any]:
        """The JSON form, close to that of an export."""
        own = {"keywords": list(self.keywords), "match_type": self.match_type} if self.type == KEYWORD else {}
        return {
            "trigger_type": self.type, "kind": NAMES[self.type], "flow": self.flow, **own,
            "groups": sorted(self.groups), "exclude_groups": sorted(self.exclude_groups),
            "channel": self.channel or None,
        }  # fmt: skip

    def replaces(self, other: FlowTrigger) -> bool:
        """Whether saving this one archives the other: the same text would start both."""
        same = self.type == other.type and (self.groups, self.exclude_groups, self.channel) == (
            other.groups, other.exclude_groups, other.channel,
        )  # fmt: skip
        return same and (self.type == CATCH_ALL or bool(set(self.keywords) & set(other.keywords)))


@dataclass(frozen=True, slots=True)
class Match:
    """The trigger of a text, and the keyword that it matched."""

    trigger: FlowTrigger
    keyword: str = ""


def find(triggers: Iterable[FlowTrigger], words: list[str], channel: str, groups: Collection[str]) -> Match | None:
    """The trigger for a text of these words, in lower case: a keyword goes before a catch-all; the best score wins."""
    able = [one for one in triggers if one.channel in ("", channel)]
    keyword = words[0] if words else ""
    matching = [one for one in able if one.type == KEYWORD and _has_keyword(one, keyword, len(words))]
    best = _best(matching, groups)
    if best is not None:
        return Match(best, keyword)
    best = _best([one for one in able if one.type == CATCH_ALL], groups)
    return None if best is None else Match(best)


def _has_keyword(trigger: FlowTrigger, keyword: str, count: int) -> bool:
    return keyword in trigger.keywords and (trigger.match_type == FIRST_WORD or count == 1)


def _best(triggers: list[FlowTrigger], groups: Collection[str]) -> FlowTrigger | None:
    fitting = [
        one
        for one in triggers
        if (not one.groups or one.groups & set(groups)) and not (one.exclude_groups & set(groups))
    ]
    return max(fitting, key=_score, default=None)


def _score(trigger: FlowTrigger) -> int:
    return 4 * bool(trigger.channel) + 2 * bool(trigger.groups) + bool(trigger.exclude_groups)
