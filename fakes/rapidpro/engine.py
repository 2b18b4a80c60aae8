"""What all parts behind the API share: time, chance, the service's lock, and how this version of RapidPro works."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fakes.clock import Clock
from fakes.rapidpro.uuids import uuid4, uuid7

if TYPE_CHECKING:
    from fakes.rapidpro.expressions.values import Generation

MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Habits:
    """How mailroom and courier of one version behave where versions differ."""

    generation: Generation
    """Which expression engine: "9" (goflow before spec 14) or "new"."""
    sends_to_urn_asked_for: bool
    """Before mailroom 8.1.18 a broadcast went to the URN that was asked for, later to the contact's first sendable."""
    stores_unreachable: bool
    """Before mailroom 8.1.17 a contact that cannot be reached got no message at all; later a failed one."""
    loop_limit: int | None
    """This many equal texts to one contact in five minutes: this one and all further ones fail. None: no guard."""
    refusals_are_errors: bool
    """Up to courier 9.1.5 every refusal by the aggregator was tried again."""
    empties_sent_on: bool
    """From courier 7.5.30 on an error or failure empties sent_on, and later reports keep the first one."""
    knows_read: bool
    user_agent: str


def habits_of(profile_name: str) -> Habits:
    """The habits of a profile such as "9.3", "26" or "next". ValueError for a name that is no version."""
    version = _version(profile_name)
    new = version >= (10, 1)
    shown = ".".join(map(str, version))
    return Habits(
        generation="new" if new else "9",
        sends_to_urn_asked_for=version < (8, 1, 18),
        stores_unreachable=version >= (8, 1, 17),
        loop_limit=_loop_limit(version),
        refusals_are_errors=version < (9, 1, 6),
        empties_sent_on=version >= (7, 5, 30),
        knows_read=version >= (9, 1, 99),
        user_agent=f"Mailroom/{shown}" if new else f"RapidProMailroom/{shown}",
    )


def _loop_limit(version: tuple[int, ...]) -> int | None:
    if version < (7, 1, 14):
        return None
    return 21 if version >= (26,) else 20


def _version(profile_name: str) -> tuple[int, ...]:
    if profile_name == "next":
        return (26, 3)
    known = {"6.4": (6, 4, 0), "7.4": (7, 4, 0), "8.0": (8, 0, 0), "9.0": (9, 0, 0), "9.3": (9, 3, 45), "26": (26, 3)}
    if profile_name == "10":
        return (10, 0, 1)
    if profile_name in known:
        return known[profile_name]
    try:
        return tuple(int(part) for part in profile_name.split("."))
    except ValueError:
        raise ValueError(f"expected a version of RapidPro such as 9.3, 26 or next, got {profile_name!r}") from None


class Work:
    """Things to do later, under the service's lock; all forgotten when the world begins anew."""

    def __init__(self, clock: Clock, rng: random.Random, lock: AbstractContextManager[Any], habits: Habits) -> None:
        self.clock = clock
        self.rng = rng
        self.lock = lock
        self.habits = habits
        self._epoch = 0

    def later(self, seconds: float, action: Callable[..., None], *arguments: Any) -> None:
        """Run the action `seconds` from now, the lock held."""
        epoch = self._epoch

        def run() -> None:
            with self.lock:
                if self._epoch == epoch:
                    action(*arguments)

        self.clock.call_later(seconds, run)

    def forget(self) -> None:
        """Nothing that was to be done later is done."""
        self._epoch += 1

    def about(self, seconds: float) -> float:
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
