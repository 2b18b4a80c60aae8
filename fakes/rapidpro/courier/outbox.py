"""The messages of an Android channel: they stay queued until the phone syncs and takes them all.

Source: rapidpro temba/channels/android/sync.py, temba/channels/android/views.py; mailroom web/android/status.go.
"""

from __future__ import annotations

from collections.abc import Callable

from fakes.rapidpro.courier.channel import Channel
from fakes.rapidpro.runtime import Runtime
from fakes.rapidpro.store.records import Message


class Outbox:
    """What waits for the phone. `send` is called with each message that the phone takes."""

    def __init__(self, runtime: Runtime, channel: Callable[[], Channel], send: Callable[[Message], None]) -> None:
        self._later = runtime.call_later
        self._channel = channel
        self._send = send
        self._waiting: list[Message] = []
        self._timer = 0
        self._is_timed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, message: Message) -> None:
        """A message waits for the next sync."""
        self._waiting.append(message)
        self._time_sync()

    def sync(self) -> int:
        """The phone syncs now and takes what is still queued. Returns the number of messages that it took."""
        taken = [message for message in self.clear() if message.status == "queued"]
        for message in taken:
            self._send(message)
        return len(taken)

    def keep(self, wanted: Callable[[Message], bool]) -> None:
        """Only these messages wait any longer; the others are never sent."""
        self._waiting = [message for message in self._waiting if wanted(message)]

    def clear(self) -> list[Message]:
        """Nothing waits any more. Returns what waited."""
        waiting, self._waiting = self._waiting, []
        self._stop_timer()
        return waiting

    def time_again(self) -> None:
        """The time between syncs has changed: it begins now."""
        self._stop_timer()
        self._time_sync()

    def _stop_timer(self) -> None:
        self._timer += 1
        self._is_timed = False

    def _time_sync(self) -> None:
        if self._waiting and not self._is_timed:
            self._is_timed = True
            self._later(self._channel().sync_every, self._sync_if_connected, self._timer)

    def _sync_if_connected(self, timer: int) -> None:
        if timer != self._timer:
            return
        if self._channel().down:
            self.time_again()
        else:
            self.sync()
