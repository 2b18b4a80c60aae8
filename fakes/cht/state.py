"""The state of the fake CHT: databases, settings, credentials, users.

One lock guards all of it. Hold `State.lock` around a group of reads and writes that belong together; never hold it
during an outgoing HTTP call, because the other side may call back.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from fakes.cht.couch.documents import Doc, Documents
from fakes.cht.couch.message_views import MessageViews
from fakes.cht.javascript.dates import to_ms
from fakes.cht.releases.release import Release
from fakes.cht.releases.table import NEWEST, RELEASES
from fakes.clock import Clock

ChangeListener = Callable[[Doc], None]
NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class User:
    """A user who may log in. `roles` holds role names; `_admin` is the database administrator."""

    name: str
    password: str
    roles: tuple[str, ...] = ()

    @property
    def is_admin(self) -> bool:
        return "_admin" in self.roles


class State:
    """The state of the fake.

    `docs` is the database `medic`, `sentinel` the database `medic-sentinel` (info documents and `task:outbound:*`).
    `settings` is the whole settings object, read at every use, replaced as a whole and never changed in place.
    `messages` are CHT's database views of messages. `release` is read at every use, because behaviours can be switched.
    """

    def __init__(self, clock: Clock, rng: random.Random, release: Release = RELEASES[NEWEST]) -> None:
        self.lock = threading.RLock()
        self.clock = clock
        self.rng = rng
        self.release = release
        self._listeners: list[ChangeListener] = []
        self.clear()

    def clear(
        self,
        settings: Mapping[str, Any] = NOTHING,
        credentials: Mapping[str, str] = NOTHING,
        users: Mapping[str, User] = NOTHING,
    ) -> None:
        """Remove everything but the listeners of changes, and take these settings, credentials and users.

        They are replaced in one step each, because requests read them without the lock: a text that came in while the
        settings were empty would be stored without its country code.
        """
        self.docs = Documents()
        self.sentinel = Documents()
        self.messages = MessageViews()
        self.settings: dict[str, Any] = dict(settings)
        self.credentials: dict[str, str] = dict(credentials)
        self.users: dict[str, User] = dict(users)
        self.starting_up = False
        self.docs.listen(self.messages.changed)
        self.docs.listen(self._notify)

    def on_change(self, listener: ChangeListener) -> None:
        """Call `listener(doc)` within every save of a document of `medic`; deleted ones have `_deleted`.

        The listener is called under the lock. It may record the document (not change it) and set timers, but must not
        make calls.
        """
        self._listeners.append(listener)

    def get(self, doc_id: str) -> Doc | None:
        """A copy of a document of `medic`, or None."""
        with self.lock:
            return self.docs.get(doc_id)

    def save(self, doc: Mapping[str, Any]) -> str:
        """Store a copy of `doc` (`_id`, and `_rev` if it exists) in `medic`. Returns the revision; raises Conflict."""
        with self.lock:
            return self.docs.save(doc)

    def all_docs(self) -> Iterator[Doc]:
        """Copies of all documents of `medic` in order of id."""
        with self.lock:
            return iter(list(self.docs.all_docs()))

    def now(self) -> datetime:
        """The current time, aware, UTC."""
        return self.clock.now()

    def now_ms(self) -> int:
        """The current time in ms since 1970, as in `reported_date`."""
        return to_ms(self.clock.now())

    def new_id(self) -> str:
        """An id as the database generates it: 32 hex digits."""
        with self.lock:
            return f"{self.rng.getrandbits(128):032x}"

    def new_uuid(self) -> str:
        """An id as CHT generates it: a UUID of the version of the release."""
        with self.lock:
            bits = self.rng.getrandbits(128)
        version = self.release.uuid_version
        if version == 7:
            bits = (self.now_ms() << 80) | (bits & ((1 << 80) - 1))
        bits = bits & ~(0xF << 76) | (version << 76)
        bits = bits & ~(0x3 << 62) | (0x2 << 62)
        digits = f"{bits:032x}"
        return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"

    def _notify(self, doc_id: str, after: Doc | None) -> None:
        doc = after if after is not None else {"_id": doc_id, "_deleted": True}
        for listener in self._listeners:
            listener(doc)
