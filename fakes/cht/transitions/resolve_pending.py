"""Set pending messages to sent at once, so that nothing is sent (cht-core `transitions/resolve_pending.js`)."""

from __future__ import annotations

from collections.abc import Iterator

from fakes.cht.couch.documents import Doc
from fakes.cht.javascript import js
from fakes.cht.javascript.dates import iso
from fakes.cht.messages.task_state import set_task_state
from fakes.cht.state import State
from fakes.cht.transitions.lib.change import Change


class ResolvePending:
    """Sets the state of pending tasks to `sent`; scheduled ones only in documents without errors."""

    def __init__(self, state: State) -> None:
        self._state = state

    def filter(self, change: Change) -> bool:
        """A document with a pending task that has a phone number and a text."""
        return any(_pending(change.doc))

    def on_match(self, change: Change) -> bool:
        """Set the states."""
        now, changed = self._state.now(), False
        for task in [*_pending(change.doc)]:
            if set_task_state(task, "sent", now=now):
                task["timestamp"] = iso(now)
                changed = True
        return changed


def _pending(doc: Doc) -> Iterator[Doc]:
    for name in ("tasks", *(() if doc.get("errors") else ("scheduled_tasks",))):
        for task in doc.get(name) or ():
            if task.get("state") == "pending" and any(
                js.truthy(one.get("to")) and js.truthy(one.get("message")) for one in task["messages"]
            ):
                yield task
