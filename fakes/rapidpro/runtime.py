"""What all parts behind the API share: time, chance, the service's lock, and the habits of this version."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from fakes.clock import Clock
from fakes.rapidpro.uuids import uuid4, uuid7
from fakes.rapidpro.versions.habits import Habits

MINUTE = 60.0


class Runtime:
    """Things to do later, under the service's lock; all forgotten when the world begins anew."""

    def __init__(self, clock: Clock, rng: random.Random, lock: AbstractContextManager[Any], habits: Habits) -> None:
        self.clock = clock
        self.rng = rng
        self.lock = lock
        self.habits = habits
        self._epoch = 0

    def call_later(self, seconds: float, action: Callable[..., None], *arguments: Any) -> None:
        """Run the action `seconds` from now, the lock held."""
        epoch = self._epoch

        def run() -> None:
            with self.lock:
                if self._epoch == epoch:
                    action(*arguments)

        self.clock.call_later(seconds, run)

    def cancel_all(self) -> None:
        """Nothing that was to be done later is done."""
        self._epoch += 1

    def jittered(self, seconds: float) -> float:
        """A span drawn around the given one: half to one and a half of it."""
        return seconds * (0.5 + self.rng.random()) if seconds else 0.0

    def chance(self, share: float) -> bool:
        """Whether something that happens to this share happens now; nothing is drawn for a share of 0."""
        return share > 0 and self.rng.random() < share

    def new_uuid(self) -> str:
        """For a new message: random, in new versions beginning with the time."""
        return uuid7(self.rng, self.clock.timestamp()) if self.habits.generation == "new" else uuid4(self.rng)

    def to_next_minute(self, seconds: float) -> float:
        """The span until the first full minute that is at least `seconds` from now: jobs look once a minute."""
        due = self.clock.timestamp() + seconds
        return -(-due // MINUTE) * MINUTE - self.clock.timestamp()
