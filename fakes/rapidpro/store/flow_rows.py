"""What flows read and change in the store: what their workspace holds, contacts, runs. Callers hold the lock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from fakes.rapidpro.store.rows import Broadcast, Contact, Field, Flow, FlowStart, Global, Message, Named, Run, User
from fakes.rapidpro.store.tables import Tables

ENDED = frozenset({"completed", "interrupted", "expired", "failed"})
"""Statuses of runs that have ended."""


class FlowRows(Tables):
    """The part of `records.Records` that is about flows."""

    def fields_in(self, workspace: Any) -> Sequence[Field]:
        return [one for one in self.fields if one.workspace is workspace]

    def groups_in(self, workspace: Any) -> Sequence[Named]:
        return [one for one in self.groups if one.workspace is workspace]

    def labels_in(self, workspace: Any) -> Sequence[Named]:
        return [one for one in self.labels if one.workspace is workspace]

    def users_in(self, workspace: Any) -> Sequence[User]:
        return [one for one in self.users.values() if workspace.id in one.roles]

    def new_group(self, workspace: Any, uuid: str, name: str, query: str | None) -> Named:
        group = Named(uuid or self.new_uuid(), name, workspace, query or None)
        self.groups.append(group)
        return group

    def new_field(self, workspace: Any, key: str, name: str, kind: str) -> None:
        self.fields.append(Field(key, name, kind, workspace))

    def set_global(self, workspace: Any, key: str, value: str, now: datetime) -> None:
        """Set a global, which is created if there is none."""
        found = next((one for one in self.globals if one.workspace is workspace and one.key == key), None)
        if found is None:
            self.globals.append(Global(key, key.replace("_", " ").title(), value, now, workspace))
        else:
            found.value, found.modified_on = value, now

    def contact_by_uuid(self, workspace: Any, uuid: str) -> Contact | None:
        """The workspace's contact of that UUID, or None."""
        found = self.contacts.get(uuid)
        return None if found is None or found.deleted or found.workspace is not workspace else found

    def contacts_in(self, workspace: Any) -> Sequence[Contact]:
        """The workspace's contacts, oldest first."""
        found = (one for one in self.contacts.values() if one.workspace is workspace and not one.deleted)
        return sorted(found, key=lambda one: one.id)

    def flows_of(self, contact: Any) -> Sequence[Flow]:
        """The flows of the contact's runs, newest first."""
        rows = self.run_indexes.of((contact.workspace.id, contact.uuid))
        return [] if rows is None else [one.flow for one in rows]

    def change_contact(self, contact: Any, now: datetime, **changes: Any) -> None:
        """Set attributes of a contact: name, language, status, timezone, urns, fields, groups."""
        for name, value in changes.items():
            if name == "urns":
                self.set_urns(contact, value)
            else:
                setattr(contact, name, value)
        self.mark_modified(contact, now)

    def set_flow(self, message: Any, flow: Any) -> None:
        message.flow = flow
        self.folders.update(message)

    def add_label(self, message: Message, name: str) -> None:
        """Label a message, with a label that exists."""
        found = next((one for one in self.labels if one.workspace is message.workspace and one.name == name), None)
        if found is not None and found not in message.labels:
            self.set_labels(message, [*message.labels, found])

    def catch_all_flow(self, workspace: Any, now: datetime) -> Flow:
        for flow in self.flows:
            if flow.workspace is workspace and not (flow.archived or flow.deleted or flow.has_definition):
                return flow
        return self.new_flow(workspace, "Relay", now)

    def new_flow(self, workspace: Any, name: str, now: datetime, *, uuid: str = "") -> Flow:
        flow = Flow(uuid or self.new_uuid(), name, False, False, now, now, workspace, made=True)
        self.flows.append(flow)
        return flow

    def flow_of(self, workspace: Any, uuid: str) -> Flow | None:
        found = (one for one in self.flows if one.uuid == uuid and one.workspace is workspace)
        return next((one for one in found if not one.deleted), None)

    def new_run(self, workspace: Any, contact: Any, flow: Any, *, uuid: str, start: Any, now: datetime) -> Run:
        flow = start.flow if flow is None and start is not None else flow
        run = Run(
            self.next_id("run"), uuid, workspace, flow, contact, start, "active", start is None, {}, [], now, now, None
        )
        self.add_run(run)
        return run

    def set_run(
        self, run: Any, now: datetime, *, status: str, results: Mapping[str, Any], path: Sequence[Any], responded: bool
    ) -> None:
        run.status, run.results, run.path = status, dict(results), list(path)
        run.responded = run.responded or responded
        run.modified_on = now
        run.exited_on = now if status in ENDED else None
        self.run_indexes.update(run)

    def was_in_flow(self, contact: Any, flow: Any) -> bool:
        """Whether the contact has a run in the flow."""
        return any(one is flow for one in self.flows_of(contact))

    def new_broadcast(
        self, workspace: Any, translations: Mapping[str, Any], base_language: str, *, uuid: str, urns: Sequence[str],
        contacts: Sequence[Any], groups: Sequence[str], query: str, now: datetime,
    ) -> Broadcast:  # fmt: skip
        named = [one for one in self.groups_in(workspace) if one.uuid in groups]
        return self.add_broadcast(
            Broadcast(
                self.next_id("broadcast"), uuid, workspace, "pending", None, list(urns), list(contacts), named,
                dict(translations), base_language, now, query=query,
            )
        )  # fmt: skip

    def new_start(
        self, workspace: Any, flow: Any, *, uuid: str, urns: Sequence[str], contacts: Sequence[Any],
        groups: Sequence[str], query: str, exclusions: Mapping[str, bool], creates_contact: bool, now: datetime,
    ) -> FlowStart:  # fmt: skip
        """A start that a flow asked for. `groups`: their UUIDs."""
        named = [one for one in self.groups_in(workspace) if one.uuid in groups]
        start = FlowStart(
            self.next_id("start"), uuid, workspace, flow, "flow", "pending", None, list(urns), list(contacts), named,
            dict(exclusions), None, None, now, now, creates_contact=creates_contact, query=query,
        )  # fmt: skip
        self.add_start(start)
        return start
