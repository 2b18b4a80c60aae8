"""The requirements as the specification explains them: in order, each with its meaning and a failing history."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from types import MappingProxyType

from conformance.requirements.catalogue import Requirement, load

GROUPS = MappingProxyType(
    {
        "IN": "Texts in",
        "AUTH": "Tokens",
        "OUT": "Texts out",
        "STATE": "States",
        "WHY": "Reasons",
        "QUOTA": "Quotas",
        "CRASH": "Crashes",
        "OPS": "Operation",
    }
)
"""Headings by the first part of the ids. A group that is not here gets that part itself."""
TICKET = re.compile(r"(?:(cht-core|cht-gateway) )?(issue|pull request) (\d+)")


def requirements_explained() -> str:
    """All requirements in the order of the catalogue, under a heading for each group."""
    parts: list[str] = []
    for group, members in groupby(load(), key=lambda one: one.id.partition("-")[0]):
        parts += [f"### {GROUPS.get(group, group)}", *(entry for one in members for entry in _explained(one))]
    return "\n" + "\n\n".join(parts) + "\n\n"


def _explained(one: Requirement) -> Iterator[str]:
    yield f"#### {one.id} ({one.level})"
    yield one.sentence
    yield f"- Why: {one.why}\n- Fails: {one.failing}\n- Source: {with_links(one.source)}"


def with_links(source: str) -> str:
    """A source whose issues and pull requests are links. Those that name no repository are cht-core's."""

    def link(found: re.Match[str]) -> str:
        kind = "issues" if found[2] == "issue" else "pull"
        return f"[{found[0]}](https://github.com/medic/{found[1] or 'cht-core'}/{kind}/{found[3]})"

    return TICKET.sub(link, source)
