"""The lock of each contact: one thing at a time happens to a contact, other contacts go on.

Source: mailroom core/models/contact.go (LockContact), core/tasks/handler.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class ContactLocks:
    """Locks by contact id."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[int, threading.RLock] = {}
        self._busy: dict[int, int] = {}

    @contextmanager
    def waiting_for(self, contact: int) -> Iterator[None]:
        """Hold the contact's lock; wait for it as long as another thread holds it."""
        with self._guard:
            lock = self._locks.setdefault(contact, threading.RLock())
        with lock, self._counted(contact):
            yield

    @contextmanager
    def if_free(self, contact: int) -> Iterator[bool]:
        """Hold the contact's lock if nobody does, this thread neither. Yields whether it is held."""
        with self._guard:
            lock = self._locks.setdefault(contact, threading.RLock())
            taken = not self._busy.get(contact) and lock.acquire(blocking=False)
        if not taken:
            yield False
            return
        try:
            with self._counted(contact):
                yield True
        finally:
            lock.release()

    @contextmanager
    def _counted(self, contact: int) -> Iterator[None]:
        with self._guard:
            self._busy[contact] = self._busy.get(contact, 0) + 1
        try:
            yield
        finally:
            with self._guard:
                self._busy[contact] -= 1
