"""The queue of pushes that failed or had to wait: each run retries them, for ever.

Source: cht-core `sentinel/src/schedule/outbound.js`. `relevant_to` is not checked again; the payload is built again
from the current document.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from fakes.cht.contacts.lineage import hydrate
from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.couch.documents import Conflict, Doc, Documents
from fakes.cht.couch.infodoc import info_id, save_completed_tasks
from fakes.cht.outbound.payload import OutboundError
from fakes.cht.outbound.push import TASK, Outbound
from fakes.cht.state import State

Push = Mapping[str, Any]


class _Queued(NamedTuple):
    task: Doc
    doc: Doc
    info: Doc | None


class OutboundQueue:
    """Processes the documents `task:outbound:*`."""

    def __init__(self, state: State, views: ContactViews, outbound: Outbound) -> None:
        self._state = state
        self._views = views
        self._outbound = outbound

    def run(self) -> None:
        """One run over the current queue, one push after the other. Does nothing if no push is due."""
        due = {name: push for name, push in self._outbound.pushes().items() if self._outbound.is_due(push)}
        if not due:
            return
        sentinel = self._state.sentinel
        for queued in self._queued(sentinel):
            for name in list(queued.task["queue"]):
                if due.get(name) and sentinel is self._state.sentinel:  # else the fake was reset meanwhile
                    self._push(name, due[name], queued, sentinel)

    def _queued(self, sentinel: Documents) -> list[_Queued]:
        """The queued pushes with their current documents; those of deleted documents are dropped."""
        found = []
        with self._state.lock:
            for task in [task for id_ in sentinel.ids_with_prefix(TASK) if (task := sentinel.get(id_)) is not None]:
                doc = self._state.docs.get(str(task.get("doc_id")))
                if doc is None:
                    sentinel.delete(task["_id"], task["_rev"])
                elif isinstance(task.get("queue"), list):
                    found.append(_Queued(task, doc, sentinel.get(info_id(doc["_id"]))))
        for queued in found:
            hydrate(queued.doc, self._state, self._views)
        return found

    def _push(self, name: str, push: Push, queued: _Queued, sentinel: Documents) -> None:
        try:
            self._outbound.send(push, name, queued.doc, queued.info)
        except OutboundError:
            return  # stays in the queue
        with self._state.lock:
            self._remove(name, queued.task, sentinel)
            save_completed_tasks(queued.doc["_id"], queued.info or {}, sentinel)

    def _remove(self, name: str, task: Doc, sentinel: Documents) -> None:
        """Remove an entry from the queue, and delete an empty queue.

        The real CHT uses the name as a list index, so that the first entry is removed, whichever was pushed.
        """
        queue: list[Any] = task["queue"]
        place = int(name) if name.isascii() and name.isdigit() else 0
        del queue[place : place + 1]
        if not queue:
            task["_deleted"] = True
        try:
            task["_rev"] = sentinel.save(task)
        except Conflict:
            return
