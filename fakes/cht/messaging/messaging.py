"""Texts and state updates: the part all gateways share (cht-core `api/src/services/messaging.js`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fakes.cht.couch.documents import Doc, copy_json
from fakes.cht.couch.message_views import Row, all_messages, json_key
from fakes.cht.errors import ServerError
from fakes.cht.javascript import js
from fakes.cht.javascript.inherited import inherited
from fakes.cht.messages.phone_number import normalize
from fakes.cht.messages.task_state import set_task_state
from fakes.cht.reports.records import record_of_text
from fakes.cht.state import State
from fakes.cht.transitions.lib.loading import SERVER, LoadedTransitions

REQUIRED = ("id", "content", "from")
GATEWAY_PHONES = "medic-gateway"
"""The outgoing service that fetches its messages from `/api/sms`."""
BeforeSave = Callable[[Doc], None]
"""Runs the transitions over a new record, which it may change. Called without the lock: it may make HTTP calls."""


@dataclass(slots=True)
class StateUpdate:
    """A new state for the task of one message, found by the message's uuid, else by its gateway reference."""

    state: Any
    uuid: Any = None
    gateway_ref: Any = None
    details: Any = None


class Messaging:
    """`send_at_once` gets the id of a document whose messages should not wait for the next pass.

    `database_delay` is called between the look-up of duplicates and the save, where the real server waits for its
    database. Requests that overlap there are all saved: none sees the other's record. It does nothing by default.

    `warn` is called with a sentence when something failed without an error reply.
    """

    def __init__(self, state: State, before_save: BeforeSave, send_at_once: Callable[[str], None]) -> None:
        self._state = state
        self._before_save = before_save
        self.send_at_once = send_at_once
        self.database_delay: Callable[[], object] = _no_delay
        self.warn: Callable[[str], None] = _ignore
        self._loaded = LoadedTransitions(state, SERVER, lambda sentence: self.warn(sentence))

    def save_incoming(self, messages: Any) -> int:
        """Save incoming texts `{id, from, content}` that are complete and new. Returns how many were saved.

        Only presence is checked, not types. Raises ServerError if `messages` is not a list of objects.
        """
        if not isinstance(messages, list) or any(message is None for message in messages):
            raise ServerError
        complete = [message for message in messages if _is_complete(message)]
        with self._state.lock:
            new = [message for message in complete if not self._is_known(message["id"])]
        if not new:
            return 0
        self.database_delay()
        for message in new:
            fields = {"from": message["from"], "message": message["content"], "gateway_ref": message["id"]}
            self.save_record(record_of_text(fields, self._state))
        return len(new)

    def save_record(self, record: Doc) -> str:
        """Run the transitions over a new record and save it. Returns its id."""
        if self._loaded.any_loaded():
            record["_id"] = self._state.new_uuid()
            record = self._after_transitions(record)
        else:
            record["_id"] = self._state.new_id()
        self._state.save(record)
        return str(record["_id"])

    def _after_transitions(self, record: Doc) -> Doc:
        changed: Doc = copy_json(record)
        try:
            self._before_save(changed)
        except Exception as fault:  # a failed transition must not lose the text: it is saved unchanged
            self.warn(f"a transition over {record['_id']} failed with {type(fault).__name__}: {fault}")
            return record
        return changed

    def waiting(self, limit: int = 25) -> list[Row]:
        """The oldest messages that wait to be sent, even with a date in the future."""
        with self._state.lock:
            return self._state.messages.oldest(limit=limit)

    def gateway_messages(self, rows: Iterable[Row]) -> list[dict[str, Any]]:
        """The rows in the gateway format: `{content, to, id}`, with normalised numbers if possible."""
        settings = self._state.settings
        return [{"content": row.content, "to": normalize(settings, row.to) or row.to, "id": row.uuid} for row in rows]

    def update_states(self, updates: Sequence[StateUpdate]) -> int:
        """Apply state updates to the current documents. Returns how many updates were recorded.

        Raises ServerError, and records none, if a document has an id such as `constructor`, which all objects have.
        """
        with self._state.lock:
            self._resolve(updates)
            ids = {doc_id: None for update in updates for doc_id in self._state.messages.documents_of(update.uuid)}
            docs = {doc_id: doc for doc_id in ids if (doc := self._state.docs.get(doc_id)) is not None}
            applied = self._apply(updates, docs)
            for doc_id in applied:
                self._state.save(docs[doc_id])
        return sum(len(recorded) for recorded in applied.values())

    def _is_known(self, reference: Any) -> bool:
        """Whether a message has this reference. Objects and lists never equal another, so they are never known."""
        return not isinstance(reference, (dict, list)) and self._state.messages.has_reference(reference)

    def _resolve(self, updates: Sequence[StateUpdate]) -> None:
        """Set the uuid of the last message with the reference; of equal references only the first is looked up."""
        unresolved: dict[Any, StateUpdate] = {}
        for update in updates:
            if not js.truthy(update.uuid) and js.truthy(update.gateway_ref):
                unresolved.setdefault(json_key(update.gateway_ref), update)
        for update in unresolved.values():
            uuids = self._state.messages.uuids_of(update.gateway_ref)
            if uuids:
                update.uuid = uuids[-1]

    def _apply(self, updates: Iterable[StateUpdate], docs: Mapping[str, Doc]) -> dict[str, list[StateUpdate]]:
        """Change the tasks in `docs`. Returns the updates that were recorded, by document."""
        tasks: dict[Any, tuple[str, Doc]] = {}
        for doc_id, doc in docs.items():
            for task, message in all_messages(doc):
                tasks.setdefault(json_key(message.get("uuid")), (doc_id, task))
        now = self._state.now()
        applied: dict[str, list[StateUpdate]] = {}
        for update in updates:
            found = tasks.get(json_key(update.uuid)) if js.truthy(update.uuid) else None
            if found is not None and set_task_state(
                found[1], update.state, update.details, update.gateway_ref, now=now
            ):
                if inherited(found[0]) is not None:
                    raise ServerError  # the real CHT finds a function where it wants a list of updates
                applied.setdefault(found[0], []).append(update)
        return applied


def outgoing_service(settings: Mapping[str, Any]) -> Any:
    """Who sends the messages: `medic-gateway` (gateway phones) if the settings have no `sms`; None if nobody does."""
    sms = settings.get("sms")
    if not js.truthy(sms):
        return GATEWAY_PHONES
    return sms.get("outgoing_service") if isinstance(sms, dict) else None


def _is_complete(message: Any) -> bool:
    return isinstance(message, dict) and all(js.truthy(message.get(field)) for field in REQUIRED)


def _no_delay() -> None:
    """The default: do not wait."""


def _ignore(_sentence: str) -> None:
    """The default: ignore the sentence."""
