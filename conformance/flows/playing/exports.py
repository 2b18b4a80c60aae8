"""The export that a conversation uses: its definitions, and which flow a text starts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from conformance.flows.bundle import Bundle, UnreadableBundle, name_in, read_bundle, uuid_in
from fakes.rapidpro.flows.bundles.reading import BadBundle
from fakes.rapidpro.flows.bundles.reading import Bundle as Parts
from fakes.rapidpro.flows.bundles.reading import read_bundle as read_parts
from fakes.rapidpro.flows.bundles.triggers import CATCH_ALL, FlowTrigger, Match, find
from fakes.rapidpro.flows.expressions.words import words


class BadExport(ValueError):
    """An export that cannot be used; the text says what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Export:
    """An export. `flows`: definitions that nobody has checked yet, by UUID."""

    path: Path
    bundle: Bundle
    parts: Parts
    """Its triggers, and what the harness reads beside the keys of an export."""
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

    def started_by(self, text: str, groups: Collection[str]) -> Match | None:
        """The trigger that a text meets; None if no trigger takes it. A single flow without triggers takes all."""
        triggers = list(self._triggers())
        if not triggers and len(self.flows) == 1:
            triggers = [FlowTrigger(CATCH_ALL, uuid) for uuid in self.flows]
        return find(triggers, [word.lower() for word in words(text)], "", groups)

    def _triggers(self) -> Iterator[FlowTrigger]:
        """The triggers that texts start; which channel they are for does not matter, since there is only one."""
        for one in self.parts.triggers:
            included, excluded = _uuids(one.groups), _uuids(one.exclude_groups)
            yield FlowTrigger(one.type, self.flow_named(one.flow), one.keywords, one.match_type, included, excluded)


def read_export(path: Path) -> Export:
    """The export in a file; a definition alone is taken for an export with one flow. BadExport."""
    try:
        bundle = read_bundle(path)
    except UnreadableBundle as error:
        raise BadExport(str(error)) from None
    if not all(map(uuid_in, bundle.flows)):
        raise BadExport(f"{path}: expected a UUID in each of the flows")
    try:
        parts = read_parts({"version": "13", **bundle.content})
    except BadBundle as error:
        raise BadExport(f"{path}: {error}") from None
    return Export(path, bundle, parts, {uuid_in(one): one for one in bundle.flows})


def _uuids(groups: Iterable[Mapping[str, str]]) -> frozenset[str]:
    return frozenset(one.get("uuid", "") for one in groups)
