"""Messages in, states of messages, messages out: what all gateways share (cht-core `api/src/services/messaging.js`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fakes.cht.couch.documents import Doc, copy_json
from fakes.cht.couch.message_views import Row, all_messages, json_key
from fakes.cht.errors import ServerError
from fakes.cht.javascript import js
from fakes.cht.messages.phone_number import normalize
from fakes.cht.messages.task_state import set_task_state
from fakes.cht.reports.records import record_of_text
from fakes.cht.state import State
from fakes.cht.transitions.lib.loading import SERVER, LoadedTransitions

REQUIRED = ("id", "content", "from")
BeforeSave = Callable[[Doc], None]
"""Runs the transitions over a new record, which it may alter. Called without the lock: it may call out."""


@dataclass(slots=True)
class StateUpdate:
    """A state for the task of one message, found by the message's uuid, else by the gateway's reference."""

    state: Any
    uuid: Any = None
    gateway_ref: Any = None
    details: Any = None


class Messaging:
    """`send_at_once` gets the id of a document whose waiting messages shall not wait for the next pass.

    `pause` is called between looking for duplicates and saving, where the real server waits for its database.

    Requests that meet there are all saved: neither sees the other's record. It does nothing unless replaced.

    `warn` is called with a sentence when something broke that the caller is not told of.
    """

    def __init__(self, state: State, before_save: BeforeSave, send_at_once: Callable[[str], None]) -> None:
        self._state = state
        self._before_save = before_save
        self.send_at_once = send_at_once
        self.pause: Callable[[], object] = _go_on
        self.warn: Callable[[str], None] = _ignore
        self._loaded = LoadedTransitions(state, SERVER, lambda sentence: self.warn(sentence))

    def save_incoming(self, messages: Any) -> int:
        """Store incoming messages `{id, from, content}` that are complete and not seen before; returns how many.

        Types are not checked, only presence. Raises ServerError if `messages` is not a list of objects.
        """
        if not isinstance(messages, list) or any(message is None for message in messages):
            raise ServerError
        complete = [message for message in messages if _is_complete(message)]
        with self._state.lock:
            new = [message for message in complete if not self._is_known(message["id"])]
        if not new:
            return 0
        self.pause()
        for message in new:
            fields = {"from": message["from"], "message": message["content"], "gateway_ref": message["id"]}
            self.store(record_of_text(fields, self._state))
        return len(new)

    def store(self, record: Doc) -> str:
        """Run the transitions over a new record, save it, return its id."""
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
        except Exception as fault:  # a transition that breaks must not lose the text: it is stored as it came
            self.warn(f"a transition over {record['_id']} ended in {type(fault).__name__}: {fault}")
            return record
        return changed

    def outgoing(self, limit: int = 25) -> list[Row]:
        """The oldest messages that wait to be sent, the date in the future or not."""
        with self._state.lock:
            return self._state.messages.oldest(limit=limit)

    def to_send(self, rows: Iterable[Row]) -> list[dict[str, Any]]:
        """The rows as a gateway gets them: `{content, to, id}`, with normalised numbers where possible."""
        settings = self._state.settings
        return [{"content": row.content, "to": normalize(settings, row.to) or row.to, "id": row.uuid} for row in rows]

    def update_states(self, updates: Sequence[StateUpdate]) -> int:
        """Apply updates of state to the documents as they are now; returns how many updates were recorded."""
        with self._state.lock:
            self._resolve(updates)
            ids = {doc_id: None for update in updates for doc_id in self._state.messages.documents_of(update.uuid)}
            docs = {doc_id: doc for doc_id in ids if (doc := self._state.docs.get(doc_id)) is not None}
            applied = self._apply(updates, docs)
            for doc_id in applied:
                self._state.save(docs[doc_id])
        return sum(len(done) for done in applied.values())

    def _is_known(self, reference: Any) -> bool:
        """Objects and lists are never equal to any other, so they are never seen."""
        return not isinstance(reference, (dict, list)) and self._state.messages.has_reference(reference)

    def _resolve(self, updates: Sequence[StateUpdate]) -> None:
        """Put in the uuid of the last message with the reference; of equal references only the first is looked up."""
        wanted: dict[Any, StateUpdate] = {}
        for update in updates:
            if not js.truthy(update.uuid) and js.truthy(update.gateway_ref):
                wanted.setdefault(json_key(update.gateway_ref), update)
        for update in wanted.values():
            uuids = self._state.messages.uuids_of(update.gateway_ref)
            if uuids:
                update.uuid = uuids[-1]

    def _apply(self, updates: Iterable[StateUpdate], docs: Mapping[str, Doc]) -> dict[str, list[StateUpdate]]:
        """StateUpdate the tasks in `docs`; which updates were recorded, by document."""
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
                applied.setdefault(found[0], []).append(update)
        return applied


def _is_complete(message: Any) -> bool:
    return isinstance(message, dict) and all(js.truthy(message.get(field)) for field in REQUIRED)


def _go_on() -> None:
    """Wait for nothing."""


def _ignore(_sentence: str) -> None:
    """Nobody wants to know."""
