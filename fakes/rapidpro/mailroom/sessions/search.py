"""Contacts that fit a query: whom a flow's broadcast or flow start is for. Source: mailroom core/search/resolve.go."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from fakes.rapidpro.flows.bundles.library import Library
from fakes.rapidpro.flows.engine import BadQuery, Contact, Event, search
from fakes.rapidpro.flows.running.rows import engine_contact, engine_workspace
from fakes.rapidpro.runtime import Runtime
from fakes.rapidpro.store.records import Records, Workspace

QUERYING: Mapping[str, str] = MappingProxyType(
    {"broadcast_created": "the broadcast", "session_triggered": "the start of the flow"}
)


class ContactSearch:
    """Searches the store as the real search index does: active contacts only, the oldest first."""

    def __init__(self, records: Records, runtime: Runtime, library: Library, flow_of: Callable[[Any], Any]) -> None:
        self._records = records
        self._runtime = runtime
        self._library = library
        self._flow_of = flow_of
        """The flow in which a contact waits, or None."""

    def find(self, workspace: Workspace, query: str) -> list[Any]:
        """The rows of the contacts that fit. Raises BadQuery, a ValueError, if the query cannot be read."""
        from fakes.rapidpro.flows.expressions import Env  # loads slowly, and few runs search

        now, generation = self._runtime.clock.now(), self._library.rules.generation
        seen = engine_workspace(self._records, workspace, self._library.resthooks)
        rows = {one.uuid: one for one in self._records.contacts_in(workspace) if one.status == "active"}
        env = Env(
            now=now, timezone=ZoneInfo(seen.timezone), date_format=seen.date_format, country=seen.country,
            generation=generation,
        )  # fmt: skip
        people = [engine_contact(self._records, row, seen, (), now, generation) for row in rows.values()]

        def attribute(contact: Contact, name: str) -> Sequence[str]:
            return self._attribute(rows[contact.uuid], name)

        return [rows[one.uuid] for one in search(query, people, seen, env, attribute)]

    def warnings(self, workspace: Workspace, events: Iterable[Event]) -> list[Event]:
        """A warning for each query that cannot be read. RapidPro fails such a broadcast or start, and says nothing."""
        found = []
        for event in events:
            if event.type in QUERYING and event.values["query"]:
                try:
                    self.find(workspace, event.values["query"])
                except BadQuery as problem:
                    text = f"{QUERYING[event.type]} fails: its query {event.values['query']} cannot be read: {problem}"
                    found.append(replace(event, type="warning", values={"text": text}))
        return found

    def _attribute(self, row: Any, name: str) -> Sequence[str]:
        """The values of an attribute that only searches know; groups and flows by name."""
        if name in ("id", "status"):
            return [str(getattr(row, name))]
        if name == "group":
            return [one.name for one in self._records.groups_of(row)]
        if name == "flow":
            flow = self._flow_of(row)
            return [] if flow is None else [flow.name]
        if name == "history":
            return [one.name for one in self._records.flows_of(row)]
        return []
