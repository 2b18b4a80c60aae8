"""CHT's second process: it processes every change of a document, due tasks, and queued pushes.

Source: cht-core `sentinel/src/lib/feed.js`, `sentinel/src/schedule/index.js`.
"""

from __future__ import annotations

from contextlib import suppress

import requests

from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.couch.documents import Doc
from fakes.cht.jobs import Jobs, JobStopped
from fakes.cht.outbound.push import TASK, Outbound
from fakes.cht.outbound.queue import OutboundQueue
from fakes.cht.sentinel.due_tasks import DueTasks
from fakes.cht.state import State
from fakes.cht.transitions.engine import Transitions
from fakes.cht.transitions.lib.change import Warn
from fakes.cht.transitions.lib.loading import SENTINEL, LoadedTransitions

RETRY_SECONDS = 0.05
"""Seconds until a job that could not start is retried."""


class Sentinel:
    """Processes changes one after the other, in a job; ignores changes while no transition is enabled."""

    def __init__(self, state: State, views: ContactViews, session: requests.Session, jobs: Jobs, warn: Warn) -> None:
        self._state = state
        self._jobs = jobs
        self._warn = warn
        self._views = views
        self._loaded = LoadedTransitions(state, SENTINEL, warn)
        outbound = Outbound(state, session)
        self._transitions = Transitions(state, views, outbound, warn)
        self._queue = OutboundQueue(state, views, outbound)
        self._due_tasks = DueTasks(state, views, self._transitions.messages, warn)
        self._generation = object()
        self._waiting: dict[str, None] = {}
        self._timer_set = False
        self._processing = False
        self._pushing = False
        self._stopped = False

    def changed(self, doc: Doc) -> None:
        """Queue the change of a document. Called under the lock."""
        self._due_tasks.changed(doc)
        if doc.get("_deleted") or not self._loaded.any_loaded():
            return
        self._waiting[doc["_id"]] = None
        if not self._timer_set:
            self._timer_set = True
            self._state.clock.call_later(0, self._start_job)

    def reset(self) -> None:
        """Start over with a new generation; jobs of the old one save nothing more."""
        with self._state.lock:
            self._waiting.clear()
            self._timer_set = self._processing = self._pushing = False
            self._generation = object()
        self._due_tasks.reset()
        self._transitions.clear()

    def stop(self) -> None:
        """Begin nothing until `start`; changes wait meanwhile."""
        self._stopped = True

    def start(self) -> None:
        """Begin again, with the changes that have come meanwhile."""
        self._stopped = False
        with self._state.lock:
            if self._waiting and not self._timer_set:
                self._timer_set = True
                self._state.clock.call_later(0, self._start_job)

    def run_schedules(self) -> None:
        """Make due tasks pending, now."""
        self._due_tasks.run()

    def run_outbound(self) -> None:
        """Process all changes, then retry queued pushes, now. Two runs never retry pushes at the same time."""
        self._process_changes()
        if self._pushing:
            return
        self._pushing, generation = True, self._generation
        try:
            self._queue.run()
        finally:
            if generation is self._generation:
                self._pushing = False

    def on_timer(self) -> None:
        """Called by the timer: process due tasks, then the outbound queue in a job."""
        self._due_tasks.run()
        if self._has_queue():
            self._jobs.start(self._run_outbound_job)

    def _run_outbound_job(self) -> None:
        with suppress(JobStopped):
            self.run_outbound()

    def _has_queue(self) -> bool:
        with self._state.lock:
            return bool(self._waiting or self._state.sentinel.ids_with_prefix(TASK))

    def _start_job(self) -> None:
        self._timer_set = False
        if self._stopped:
            return
        if self._waiting and not self._jobs.start(self._process_changes):
            self._timer_set = True
            self._state.clock.call_later(RETRY_SECONDS, self._start_job)

    def _process_changes(self) -> None:
        """Run the transitions over all changes that wait, one after the other."""
        with self._state.lock:
            if self._processing:
                return
            self._processing, generation = True, self._generation
        docs, sentinel = self._state.docs, self._state.sentinel
        while (doc_id := self._next(generation)) is not None:
            try:
                self._transitions.after_save(doc_id, docs, sentinel)
            except JobStopped:
                self._requeue(doc_id, generation)
                raise
            except Exception as fault:  # one bad document must not stop the others
                self._warn(f"sentinel failed on {doc_id} with {type(fault).__name__}: {fault}")

    def _requeue(self, doc_id: str, generation: object) -> None:
        """Queue a change again: the process was killed before the change was recorded as processed."""
        with self._state.lock:
            if generation is self._generation:
                self._waiting = {doc_id: None, **self._waiting}
                self._processing = False

    def _next(self, generation: object) -> str | None:
        with self._state.lock:
            if generation is not self._generation:
                return None
            if self._stopped or not self._waiting:
                self._processing = False
                return None
            doc_id = next(iter(self._waiting))
            del self._waiting[doc_id]
            return doc_id
