"""CHT's second process: it sees every change of a document, and works off schedules and queued pushes.

Source: cht-core `sentinel/src/lib/feed.js`, `sentinel/src/schedule/index.js`.
"""

from __future__ import annotations

from contextlib import suppress

import requests

from fakes.cht.couch.contact_views import Subjects
from fakes.cht.couch.documents import Doc
from fakes.cht.jobs import Gone, Tasks
from fakes.cht.outbound.push import TASK, Outbound
from fakes.cht.outbound.queue import OutboundQueue
from fakes.cht.sentinel.due_tasks import Schedules
from fakes.cht.state import State
from fakes.cht.transitions.engine import Transitions
from fakes.cht.transitions.lib.change import Note
from fakes.cht.transitions.lib.loading import SENTINEL, Loading

AGAIN = 0.05
"""Seconds until a task is tried again that could not begin."""


class Sentinel:
    """Works off changes one after the other, in a task of its own; changes while no transition is on do not matter."""

    def __init__(self, state: State, subjects: Subjects, session: requests.Session, tasks: Tasks, note: Note) -> None:
        self._state = state
        self._tasks = tasks
        self._note = note
        self._subjects = subjects
        self._loading = Loading(state, SENTINEL, note)
        outbound = Outbound(state, session)
        self._transitions = Transitions(state, subjects, outbound, note)
        self._queue = OutboundQueue(state, subjects, outbound)
        self._schedules = Schedules(state, subjects, self._transitions.messages, note)
        self._world = object()
        self._waiting: dict[str, None] = {}
        self._awake = False
        self._busy = False
        self._pushing = False
        self._asleep = False

    def changed(self, doc: Doc) -> None:
        """A document was saved. Called under the lock."""
        self._schedules.changed(doc)
        if doc.get("_deleted") or not self._loading.any():
            return
        self._waiting[doc["_id"]] = None
        if not self._awake:
            self._awake = True
            self._state.clock.call_later(0, self._wake)

    def forget(self) -> None:
        """Begin anew with another world; what is under way for the old one writes nothing more."""
        with self._state.lock:
            self._waiting.clear()
            self._awake = self._busy = self._pushing = False
            self._world = object()
        self._schedules.forget()
        self._transitions.clear()

    def fall_asleep(self) -> None:
        """Begin nothing until `wake_up`; changes that come meanwhile wait."""
        self._asleep = True

    def wake_up(self) -> None:
        """Look at what has come meanwhile."""
        self._asleep = False
        with self._state.lock:
            if self._waiting and not self._awake:
                self._awake = True
                self._state.clock.call_later(0, self._wake)

    def run_schedules(self) -> None:
        """What is due turns pending, now."""
        self._schedules.run()

    def run_outbound(self) -> None:
        """Look at all changes, then try queued pushes, now. A run that is under way is not joined by a second one."""
        self._look()
        if self._pushing:
            return
        self._pushing, world = True, self._world
        try:
            self._queue.run()
        finally:
            if world is self._world:
                self._pushing = False

    def run_due(self) -> None:
        """The timer of the schedules."""
        self._schedules.run()
        if self._has_queue():
            self._tasks.start(self._run_outbound_quietly)

    def _run_outbound_quietly(self) -> None:
        with suppress(Gone):
            self.run_outbound()

    def _has_queue(self) -> bool:
        with self._state.lock:
            return bool(self._waiting or self._state.sentinel.ids_with_prefix(TASK))

    def _wake(self) -> None:
        self._awake = False
        if self._asleep:
            return
        if self._waiting and not self._tasks.start(self._look):
            self._awake = True
            self._state.clock.call_later(AGAIN, self._wake)

    def _look(self) -> None:
        """Run the transitions over all changes that wait, one after the other."""
        with self._state.lock:
            if self._busy:
                return
            self._busy, world = True, self._world
        docs, sentinel = self._state.docs, self._state.sentinel
        while (doc_id := self._next(world)) is not None:
            try:
                self._transitions.after_save(doc_id, docs, sentinel)
            except Gone:
                self._give_back(doc_id, world)
                raise
            except Exception as fault:  # one bad document must not stop all others
                self._note(f"sentinel over {doc_id} ended in {type(fault).__name__}: {fault}")

    def _give_back(self, doc_id: str, world: object) -> None:
        """The process died over this change: it was not noted as done, so it is looked at again."""
        with self._state.lock:
            if world is self._world:
                self._waiting = {doc_id: None, **self._waiting}
                self._busy = False

    def _next(self, world: object) -> str | None:
        with self._state.lock:
            if world is not self._world:
                return None
            if self._asleep or not self._waiting:
                self._busy = False
                return None
            doc_id = next(iter(self._waiting))
            del self._waiting[doc_id]
            return doc_id
