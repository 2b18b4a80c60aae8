"""One change of a document, on its way through the transitions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from fakes.cht.couch.documents import Doc, Documents


@dataclass
class Change:
    """A hydrated document with its info document.

    `sentinel` is the database of info documents. `request_id` is set if an HTTP request waits for the transitions.
    """

    doc: Doc
    info: Doc
    sentinel: Documents
    seq: Any = None
    request_id: str | None = None

    def has_run(self, name: str) -> bool:
        """Whether the transition has changed this document before."""
        return bool((self.info.get("transitions") or {}).get(name))


class Transition(Protocol):
    """One transition. The methods have the names that they have in CHT."""

    def filter(self, change: Change) -> bool:
        """Whether the transition applies to this change."""
        ...

    def on_match(self, change: Change) -> bool:
        """Apply it. Returns whether the document counts as changed. An exception becomes an error of the document."""
        ...


Warn = Callable[[str], None]
"""Called with a sentence where the fake does less than the real server, or something failed."""
