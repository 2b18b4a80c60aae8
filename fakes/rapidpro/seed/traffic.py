"""The broadcasts, messages, flow starts and runs of a seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakes.rapidpro.seed.rows import SeedRows, moment
from fakes.rapidpro.store.rows import Broadcast, FlowStart, Message, Run


class Traffic:
    """Adds broadcasts, messages, flow starts and runs to a store."""

    def __init__(self, rows: SeedRows) -> None:
        self._rows = rows

    def broadcast(self, row: Mapping[str, Any]) -> None:
        """A broadcast."""
        urns = row.get("urns")
        self._rows.store.add_broadcast(
            Broadcast(
                row["id"],
                row.get("uuid") or f"000000bb-0000-4000-8000-{row['id']:012x}",
                self._rows.space(row),
                row["status"],
                row.get("contact_count"),
                None if urns is None else list(urns),
                self._rows.people(row),
                self._rows.groups(row),
                dict(row["translations"]),
                row["base_language"],
                moment(row["created_on"]),
                bool(row.get("scheduled")),
            )
        )

    def message(self, row: Mapping[str, Any]) -> None:
        """A message, of a broadcast or not."""
        store, space = self._rows.store, self._rows.space(row)
        labels = [one for one in store.labels if one.workspace is space and one.name in row.get("labels", ())]
        store.add_message(
            Message(
                row["id"],
                row["uuid"],
                space,
                None if row.get("broadcast") is None else store.broadcast_by_id[row["broadcast"]],
                store.contacts[row["contact"]],
                row.get("urn"),
                self._rows.by_uuid(store.channels, row.get("channel")),
                row["direction"],
                row.get("type", "text"),
                row["status"],
                row.get("visibility", "visible"),
                row["text"],
                moment(row["created_on"]),
                moment(row.get("modified_on") or row["created_on"]),
                None if not row.get("sent_on") else moment(row["sent_on"]),
                row.get("failed_reason"),
                list(row.get("attachments", ())),
                labels,
                self._rows.by_uuid(store.flows, row.get("flow")),
            )
        )

    def start(self, row: Mapping[str, Any]) -> None:
        """A flow start."""
        self._rows.store.add_start(
            FlowStart(
                row["id"],
                row["uuid"],
                self._rows.space(row),
                self._rows.by_uuid(self._rows.store.flows, row["flow"]),
                row.get("origin", "api"),
                row["status"],
                row.get("contact_count"),
                list(row.get("urns") or ()),
                self._rows.people(row),
                self._rows.groups(row),
                dict(row.get("exclusions") or {}),
                row.get("params"),
                row.get("created_by"),
                moment(row["created_on"]),
                moment(row["modified_on"]),
            )
        )

    def run(self, row: Mapping[str, Any]) -> None:
        """A flow run."""
        store = self._rows.store
        store.add_run(
            Run(
                row["id"],
                row["uuid"],
                self._rows.space(row),
                self._rows.by_uuid(store.flows, row["flow"]),
                store.contacts[row["contact"]],
                self._rows.by_uuid(store.starts, row.get("start")),
                row["status"],
                bool(row.get("responded")),
                dict(row.get("results") or {}),
                list(row.get("path") or ()),
                moment(row["created_on"]),
                moment(row["modified_on"]),
                None if not row.get("exited_on") else moment(row["exited_on"]),
            )
        )
