"""Outbound pushes of a changed document (cht-core `transitions/mark_for_outbound.js`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakes.cht.couch.documents import Doc
from fakes.cht.couch.infodoc import save_completed_tasks
from fakes.cht.javascript.sandbox import holds
from fakes.cht.outbound.payload import OutboundError
from fakes.cht.outbound.push import TASK, Outbound
from fakes.cht.state import State
from fakes.cht.transitions.lib.change import Change


class MarkForOutbound:
    """Makes the relevant pushes at once, and queues those that failed or have to wait."""

    def __init__(self, state: State, outbound: Outbound) -> None:
        self._state = state
        self._outbound = outbound

    def filter(self, change: Change) -> bool:  # noqa: ARG002 - every document may be relevant
        """Whether any push is configured."""
        return bool(self._outbound.pushes())

    def on_match(self, change: Change) -> bool:
        """Push; the document never counts as changed. A `relevant_to` that throws prevents all its pushes."""
        doc = change.doc
        pushes = self._outbound.pushes().items()
        relevant = [(name, push) for name, push in pushes if _is_relevant(push, doc)]
        waiting = [name for name, push in relevant if not self._outbound.is_due(push)]
        failed = [name for name, push in relevant if name not in waiting and not self._push(name, push, change)]
        if waiting or failed:
            self._queue([*waiting, *failed], change)
        return False

    def _push(self, name: str, push: Mapping[str, Any], change: Change) -> bool:
        try:
            if self._outbound.send(push, name, change.doc, change.info, change.request_id):
                with self._state.lock:
                    save_completed_tasks(change.doc["_id"], change.info, change.sentinel)
        except OutboundError:
            return False
        return True

    def _queue(self, names: list[str], change: Change) -> None:
        """Queue pushes. If the document already has a queue, that is kept and these are lost, as in the real CHT."""
        doc_id = change.doc["_id"]
        with self._state.lock:
            if f"{TASK}{doc_id}" not in change.sentinel:
                about = {"type": "task:outbound", "created": self._state.now_ms(), "doc_id": doc_id, "queue": names}
                change.sentinel.save({"_id": f"{TASK}{doc_id}", **about})


def _is_relevant(push: Mapping[str, Any], doc: Doc) -> bool:
    expression = push.get("relevant_to")
    return bool(expression) and holds(str(expression), {"doc": doc})
