"""Pushes that failed or had to wait are tried again at every run, for ever.

Source: cht-core `sentinel/src/schedule/outbound.js`. `relevant_to` is not asked again; the payload is made anew from
the document as it is now.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from fakes.cht.contacts.lineage import hydrate
from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.couch.documents import Conflict, Doc, Documents
from fakes.cht.couch.infodoc import info_id, save_completed
from fakes.cht.outbound.payload import OutboundError
from fakes.cht.outbound.push import TASK, Outbound
from fakes.cht.state import State

Push = Mapping[str, Any]


class _Queued(NamedTuple):
    task: Doc
    doc: Doc
    info: Doc | None


class OutboundQueue:
    """Works off the documents `task:outbound:*`."""

    def __init__(self, state: State, views: ContactViews, outbound: Outbound) -> None:
        self._state = state
        self._views = views
        self._outbound = outbound

    def run(self) -> None:
        """One run over the queue as it is now, one push after the other. With no push due it does not look at it."""
        due = {name: push for name, push in self._outbound.pushes().items() if self._outbound.is_due(push)}
        if not due:
            return
        sentinel = self._state.sentinel
        for queued in self._queued(sentinel):
            for name in list(queued.task["queue"]):
                if due.get(name) and sentinel is self._state.sentinel:  # else the world has begun anew meanwhile
                    self._push(name, due[name], queued, sentinel)

    def _queued(self, sentinel: Documents) -> list[_Queued]:
        """What is queued, with documents as they are now; what is queued for a document that is gone is dropped."""
        found = []
        with self._state.lock:
            for task in [doc for doc in sentinel.all_docs() if doc["_id"].startswith(TASK)]:
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
            return  # it stays in the queue
        with self._state.lock:
            self._take_out(name, queued.task, sentinel)
            save_completed(queued.doc["_id"], queued.info or {}, sentinel)

    def _take_out(self, name: str, task: Doc, sentinel: Documents) -> None:
        """Shorten the queue, and remove it when it is empty.

        The real one takes the name for a place in the list, so that the first entry goes, whichever was pushed.
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
