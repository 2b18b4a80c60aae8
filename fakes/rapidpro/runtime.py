"""What all parts behind the API share: the clock, randomness, the service's lock, and this version's habits."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from fakes.clock import Clock
from fakes.rapidpro.uuids import uuid4, uuid7
from fakes.rapidpro.versions.habits import Habits

MINUTE = 60.0


class Runtime:
    """Runs actions later, under the service's lock. A reset cancels all of them."""

    def __init__(self, clock: Clock, rng: random.Random, lock: AbstractContextManager[Any], habits: Habits) -> None:
        self.clock = clock
        self.rng = rng
        self.lock = lock
        self.habits = habits
        self._epoch = 0

    def call_later(self, seconds: float, action: Callable[..., None], *arguments: Any) -> None:
        """Run the action `seconds` from now, with the lock held."""
        epoch = self._epoch

        def run() -> None:
            with self.lock:
                if self._epoch == epoch:
                    action(*arguments)

        self.clock.call_later(seconds, run)

    def call_outside(self, seconds: float, action: Callable[..., None], *arguments: Any) -> None:
        """Run the action `seconds` from now without the lock: it may take long. In real time in a thread of its own."""
        epoch = self._epoch

        def run() -> None:
            if self._epoch != epoch:
                return
            if self.clock.kind == "virtual":
                action(*arguments)
            else:
                threading.Thread(target=action, args=arguments, name="mailroom", daemon=True).start()

        self.clock.call_later(seconds, run)

    @property
    def epoch(self) -> int:
        """The number of resets: what began before a reset must not be stored after it."""
        return self._epoch

    def cancel_all(self) -> None:
        """Cancel all actions that have not run yet."""
        self._epoch += 1

    def jittered(self, seconds: float) -> float:
        """A random duration between 0.5 and 1.5 times `seconds`."""
        return seconds * (0.5 + self.rng.random()) if seconds else 0.0

    def chance(self, share: float) -> bool:
        """True with this probability, 0 to 1; no random number is drawn for 0."""
        return share > 0 and self.rng.random() < share

    def new_uuid(self) -> str:
        """A UUID for a new message: random; in new versions it begins with the time."""
        return uuid7(self.rng, self.clock.timestamp()) if self.habits.generation == "new" else uuid4(self.rng)

    def to_next_minute(self, seconds: float, every: float = MINUTE) -> float:
        """Seconds until the first run, at least `seconds` away, of a job that runs once a minute or `every` seconds."""
        due = self.clock.timestamp() + seconds
        return -(-due // every) * every - self.clock.timestamp()
