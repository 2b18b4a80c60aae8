"""Messages of one stretch to one contact: each leaves the queue some seconds after the one before.

Source: mailroom core/msgio/courier.go (a list for contact and channel), courier utils/queue/lua/pop.lua (up to v9.3
queue/queue.go): the rest of the list goes back into the queue, three seconds in the future and with high priority.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fakes.rapidpro.runtime import Runtime
from fakes.rapidpro.store.records import Message


class Spacing:
    """What waits for the message before it. `queue` is called with each message in its turn. Callers hold the lock."""

    def __init__(self, runtime: Runtime, queue: Callable[[Message], None]) -> None:
        self._later = runtime.call_later
        self._queue = queue
        self._rests: dict[int, Sequence[Message]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._rests.values()))

    def hold(self, message: Message, rest: Sequence[Message]) -> None:
        """`rest` follows the message, which is in the queue."""
        if rest:
            self._rests[message.id] = rest

    def left(self, message: Message, seconds: float) -> None:
        """The message has left the queue: the next one of its stretch is queued `seconds` later."""
        if message.id in self._rests:
            self._later(seconds, self._follow, message.id)

    def _follow(self, before: int) -> None:
        rest = self._rests.pop(before, ())
        if rest:
            self.hold(rest[0], rest[1:])
            self._queue(rest[0])

    def keep(self, wanted: Callable[[Message], bool]) -> None:
        """Only these messages wait any longer; the others are never queued."""
        kept = {before: [one for one in rest if wanted(one)] for before, rest in self._rests.items()}
        self._rests = {before: rest for before, rest in kept.items() if rest}

    def clear(self) -> None:
        """Nothing waits any more."""
        self._rests.clear()
