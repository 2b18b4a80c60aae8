"""What a stretch changes outside its session, in the order of its events: messages, the contact, labels and so on.

Source: mailroom core/runner, core/models/session.go, core/handlers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fakes.rapidpro.flows.bundles.library import Library
from fakes.rapidpro.flows.engine import Event, Session, Trigger
from fakes.rapidpro.flows.engine.state.contact import Ticket
from fakes.rapidpro.mailroom.dispatch import Dispatcher
from fakes.rapidpro.mailroom.sessions.work import Work
from fakes.rapidpro.runtime import Runtime
from fakes.rapidpro.store.records import Content, Records

Values = Mapping[str, Any]


class Effects:
    """Applies events. Callers hold the service's lock."""

    def __init__(self, records: Records, runtime: Runtime, dispatcher: Dispatcher, library: Library) -> None:
        self._records = records
        self._runtime = runtime
        self._dispatcher = dispatcher
        self._library = library
        self.tickets: dict[int, list[Ticket]] = {}
        """Open tickets by contact id."""
        self.triggers: dict[str, Trigger] = {}
        """By the UUID of a flow start that a flow asked for: what its sessions know of that flow."""

    def clear(self) -> None:
        """Forget everything."""
        self.tickets.clear()
        self.triggers.clear()

    def apply(self, work: Work, session: Session, events: tuple[Event, ...]) -> list[Any]:
        """Apply all events. Returns the messages to the contact; old versions make none that cannot be sent."""
        sent: list[Any] = []
        stretch: list[Any] = []
        for event in events:
            if event.type == "msg_created":
                sent.append(self._message(work, session, event, stretch))
            elif (action := _EFFECTS.get(event.type)) is not None:
                action(self, work, event.values)
        if self.tickets.get(work.contact.id, []) != session.contact.tickets:
            self.tickets[work.contact.id] = list(session.contact.tickets)
        self._dispatcher.courier.queue_stretch(stretch)
        return [one for one in sent if one is not None]

    def _message(self, work: Work, session: Session, event: Event, stretch: list[Any]) -> Any:
        values = event.values
        replies = [{"type": "text", "text": text} for text in values["quick_replies"]]
        uuid = session.runs[event.run or 0].flow_uuid
        flow = self._records.flow_of(work.workspace, self._library.row_uuid(uuid))
        return self._dispatcher.send(
            work.workspace, work.contact, Content(values["text"], values["attachments"], replies),
            requested_urn=values["urn"], high_priority=work.given is not None, flow=flow,
            sent_by=None if work.start is None else work.start.sent_by, stretch=stretch,
        )  # fmt: skip

    def _change(self, work: Work, values: Values) -> None:
        changes = {name: value or None if name in ("name", "language") else value for name, value in values.items()}
        self._records.change_contact(work.contact, self._runtime.clock.now(), **changes)

    def _field(self, work: Work, values: Values) -> None:
        fields, value = dict(work.contact.fields), values["value"]
        fields.pop(values["field"], None)
        if value is not None:
            fields[values["field"]] = value.text
        self._records.change_contact(work.contact, self._runtime.clock.now(), fields=fields)

    def _groups(self, work: Work, values: Values) -> None:
        kept = [one for one in self._records.groups_of(work.contact) if one.name not in values["removed"]]
        names = {one.name for one in kept}
        known = self._records.groups_in(work.workspace)
        added = [one for one in known if one.name in values["added"] and one.name not in names]
        self._records.change_contact(work.contact, self._runtime.clock.now(), groups=[*kept, *added])

    def _labels(self, work: Work, values: Values) -> None:
        for name in values["labels"] if work.message is not None else ():
            self._records.add_label(work.message, name)

    def _broadcast(self, work: Work, values: Values) -> None:
        translations = {
            language: {
                "text": text,
                "attachments": values["attachments"].get(language, []),
                "quick_replies": [{"type": "text", "text": one} for one in values["quick_replies"].get(language, [])],
            }
            for language, text in values["texts"].items()
        }
        broadcast = self._records.new_broadcast(
            work.workspace, translations, values["base_language"], uuid=self._runtime.new_uuid(), urns=values["urns"],
            contacts=self._contacts(work, values), groups=_uuids(values["groups"]), query=values["query"],
            now=self._runtime.clock.now(),
        )  # fmt: skip
        self._dispatcher.broadcast_created(broadcast)

    def _start(self, work: Work, values: Values) -> None:
        flow = self._records.flow_of(work.workspace, values["flow"]["uuid"])
        if flow is not None:
            start = self._records.new_start(
                work.workspace, flow, uuid=self._runtime.new_uuid(), urns=values["urns"],
                contacts=self._contacts(work, values), groups=_uuids(values["groups"]),
                query=values["query"], exclusions=_set(values["exclusions"]), creates_contact=values["create_contact"],
                now=self._runtime.clock.now(),
            )  # fmt: skip
            self.triggers[start.uuid] = Trigger(
                "flow_action", parent=values["parent"], ancestors_since_input=values["ancestors_since_input"]
            )
            self._dispatcher.flow_started(start)

    def _contacts(self, work: Work, values: Values) -> list[Any]:
        found = (self._records.contact_by_uuid(work.workspace, uuid) for uuid in _uuids(values["contacts"]))
        return [one for one in found if one is not None]


def _set(exclusions: Mapping[str, bool]) -> dict[str, bool]:
    return {name: True for name, excluded in exclusions.items() if excluded}


def _uuids(references: Iterable[Mapping[str, str]]) -> list[str]:
    return [one["uuid"] for one in references]


_EFFECTS: Mapping[str, Callable[[Effects, Work, Values], None]] = {
    "contact_name_changed": Effects._change,
    "contact_language_changed": Effects._change,
    "contact_status_changed": Effects._change,
    "contact_timezone_changed": Effects._change,
    "contact_urns_changed": Effects._change,
    "contact_field_changed": Effects._field,
    "contact_groups_changed": Effects._groups,
    "input_labels_added": Effects._labels,
    "broadcast_created": Effects._broadcast,
    "session_triggered": Effects._start,
}
