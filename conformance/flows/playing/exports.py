"""The export that a conversation uses: its definitions, and which flow a text starts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.flows.bundle import Bundle, UnreadableBundle, name_in, read_bundle, uuid_in
from fakes.rapidpro.flows.expressions.words import words

KEYWORD, CATCH_ALL = "K", "C"
"""Types of triggers that a text starts."""


class BadExport(ValueError):
    """An export that cannot be used; the text says what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Export:
    """An export. `flows`: definitions that nobody has checked yet, by UUID."""

    path: Path
    bundle: Bundle
    flows: Mapping[str, Mapping[str, Any]]

    def name_of(self, uuid: str) -> str:
        """The name of a flow, or else its UUID."""
        return name_in(self.flows.get(uuid) or {}) or uuid

    def flow_named(self, name: str) -> str:
        """The UUID of the flow with that name or UUID. BadExport."""
        found = next((uuid for uuid, one in self.flows.items() if name in (uuid, name_in(one))), None)
        if found is None:
            known = ", ".join(repr(self.name_of(uuid)) for uuid in list(self.flows)[:20])
            raise BadExport(f"{self.path} has no flow {name!r}: expected one of {known}")
        return found

    def started_by(self, text: str, groups: Collection[str]) -> tuple[str, str, str] | None:
        """The flow that a text starts, the keyword, and the type of the trigger; None if no trigger takes it.

        A keyword goes before a catch-all; of several the one that is bound to a group goes first.
        Source: mailroom core/models/trigger.go.
        """
        said = [word.lower() for word in words(text)]
        for kind in (KEYWORD, CATCH_ALL):
            able = [
                one for one in self._triggers(kind) if _fits(one, groups) and (kind == CATCH_ALL or _has(one, said))
            ]
            best = max(able, key=_score, default=None)
            if best is not None:
                return str(best["flow"]["uuid"]), said[0] if kind == KEYWORD else "", kind
        only = list(self.flows)
        return (only[0], "", CATCH_ALL) if len(only) == 1 and not list(self._triggers(KEYWORD, CATCH_ALL)) else None

    def _triggers(self, *kinds: str) -> Iterator[Mapping[str, Any]]:
        for one in self.bundle.content.get("triggers") or ():
            if isinstance(one, Mapping) and one.get("trigger_type") in kinds and isinstance(one.get("flow"), Mapping):
                yield one


def read_export(path: Path) -> Export:
    """The export in a file; a definition alone is taken for an export with one flow. BadExport."""
    try:
        bundle = read_bundle(path)
    except UnreadableBundle as error:
        raise BadExport(str(error)) from None
    if not all(map(uuid_in, bundle.flows)):
        raise BadExport(f"{path}: expected a UUID in each of the flows")
    return Export(path, bundle, {uuid_in(one): one for one in bundle.flows})


def _has(trigger: Mapping[str, Any], said: list[str]) -> bool:
    keywords = trigger.get("keywords") or [trigger.get("keyword")]
    known = {str(one).strip().lower() for one in keywords if one}
    return bool(said) and said[0] in known and (trigger.get("match_type") != "O" or len(said) == 1)


def _groups(trigger: Mapping[str, Any], name: str) -> set[str]:
    return {str(one.get("uuid")) for one in trigger.get(name) or () if isinstance(one, Mapping)}


def _fits(trigger: Mapping[str, Any], groups: Collection[str]) -> bool:
    wanted, unwanted = _groups(trigger, "groups"), _groups(trigger, "exclude_groups")
    return (not wanted or bool(wanted & set(groups))) and not unwanted & set(groups)


def _score(trigger: Mapping[str, Any]) -> int:
    return 2 * bool(_groups(trigger, "groups")) + bool(_groups(trigger, "exclude_groups"))
