"""One record on its way through the transitions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from fakes.cht.couch.documents import Doc, Documents


@dataclass
class Change:
    """A document with contacts filled in, and what is remembered about it.

    `sentinel` is the database of info documents. `request_id` is set while a request of somebody waits for the end.
    """

    doc: Doc
    info: Doc
    sentinel: Documents
    seq: Any = None
    request_id: str | None = None

    def has_run(self, name: str) -> bool:
        """Whether the transition changed this document before."""
        return bool((self.info.get("transitions") or {}).get(name))


class Transition(Protocol):
    """One transition."""

    def filter(self, change: Change) -> bool:
        """Whether it has to do with this change."""
        ...

    def on_match(self, change: Change) -> bool:
        """Do it; whether it counts as having changed the document. What it raises becomes an error of the document."""
        ...


Warn = Callable[[str], None]
"""Called with a sentence where the fake does less than the real server would."""
