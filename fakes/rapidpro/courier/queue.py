"""A channel's queue: replies before broadcasts, limited to so many segments per second."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class SendQueue(Generic[Item]):
    """Two queues and a budget per second. It has no clock: callers pass the time."""

    def __init__(self, cost: Callable[[Item], int]) -> None:
        self._cost = cost
        self._high: deque[Item] = deque()
        self._low: deque[Item] = deque()
        self._second = -1
        self._used = 0.0
        self.scheduled = False
        """Whether draining the queue is already scheduled; set by the owner."""

    def __len__(self) -> int:
        return len(self._high) + len(self._low)

    def add(self, item: Item, *, first: bool) -> None:
        """Add an item; `first`: before all items that were added without it."""
        (self._high if first else self._low).append(item)

    def take(self, timestamp: float, tps: float) -> Item | None:
        """The next item if the budget of this second allows it, at `timestamp` (seconds since 1970); else None.

        The budget is used up when `tps` segments are taken; the last item may exceed it.
        """
        second = int(timestamp)
        if second != self._second:
            self._used = max(0.0, self._used - tps * (second - self._second)) if tps < 1 else 0.0
            self._second = second
        if not len(self) or self._used >= tps:
            return None
        item = self._high.popleft() if self._high else self._low.popleft()
        self._used += max(1, self._cost(item))
        return item

    def seconds_left(self, timestamp: float) -> float:
        """Seconds until the next second begins."""
        return int(timestamp) + 1 - timestamp
