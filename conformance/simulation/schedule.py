"""A schedule: what happens when in one simulated run, as data that can be saved, shrunk and replayed exactly."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

VERSION = 1
KINDS: Mapping[str, tuple[str, ...]] = {
    "text_in": ("person", "text"),
    "text_out": ("person", "text"),
    "hand_over_again": ("person",),
    "fault": ("fault",),
    "channel": ("changes", "seconds"),
    "crash": ("point", "seconds"),
    "freeze": ("seconds",),
    "clock_jump": ("seconds",),
}
"""The kinds of events, and what each holds.

crash: killed when `point` is reached (or at once, if null), started again after `seconds`. freeze: the subject does not
run for `seconds`. clock_jump: the subject's own clock is moved by `seconds`. channel: RapidPro's channel behaves so for
`seconds`.
"""
TEXTS = frozenset({"text_in", "text_out"})
TROUBLES = frozenset(KINDS) - TEXTS


class ScheduleError(ValueError):
    """A schedule that cannot be read; the text says what was expected and what came."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happens `at` seconds after the beginning."""

    at: float
    kind: str
    what: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {"at": self.at, "kind": self.kind, **self.what}


@dataclass(frozen=True, slots=True)
class Schedule:
    """All events of a run, in order of time, with all that a replay needs: subject, profile, seed, length."""

    seed: int
    hours: float
    events: Sequence[Event]
    subject: str = "reference"
    profile: str = "26"
    poll_seconds: float = 600
    found: Sequence[str] = field(default=())
    """What was found wrong when it was saved: for readers, not for the replay."""

    def with_events(self, events: Sequence[Event]) -> Schedule:
        """The same run with other events."""
        return replace(self, events=tuple(events))

    def count(self, kinds: frozenset[str]) -> int:
        """How many events are of these kinds."""
        return sum(event.kind in kinds for event in self.events)

    def as_json(self) -> dict[str, Any]:
        return {
            "version": VERSION,
            "subject": self.subject,
            "profile": self.profile,
            "seed": self.seed,
            "hours": self.hours,
            "poll_seconds": self.poll_seconds,
            "found": list(self.found),
            "events": [event.as_json() for event in self.events],
        }

    def save(self, path: Path) -> Path:
        """Write it as JSON; the folder is made if need be."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(self.as_json(), indent=2, ensure_ascii=False) + "\n", "utf-8")
        return path

    @classmethod
    def load(cls, path: Path) -> Schedule:
        """Read what `save` wrote. ScheduleError says what is wrong."""
        try:
            given = json.loads(path.read_text("utf-8"))
        except OSError as failure:
            raise ScheduleError(f"{path} cannot be read: {failure.strerror or failure}") from None
        except ValueError as failure:
            raise ScheduleError(f"{path} is no JSON: {failure}") from None
        return cls.from_json(given)

    @classmethod
    def from_json(cls, given: Any) -> Schedule:
        """A schedule from its JSON. ScheduleError says what is wrong."""
        if not isinstance(given, dict) or given.get("version") != VERSION:
            raise ScheduleError(
                f"expected a schedule of version {VERSION}, as simulate saves it, got {str(given)[:80]}"
            )
        missing = {"subject", "profile", "seed", "hours", "poll_seconds", "events"} - set(given)
        if missing:
            raise ScheduleError(f"the schedule lacks {', '.join(sorted(missing))}")
        return cls(
            seed=int(given["seed"]),
            hours=float(given["hours"]),
            events=tuple(_event(row) for row in given["events"]),
            subject=str(given["subject"]),
            profile=str(given["profile"]),
            poll_seconds=float(given["poll_seconds"]),
            found=tuple(given.get("found", ())),
        )


def _event(row: Any) -> Event:
    if not isinstance(row, dict) or row.get("kind") not in KINDS:
        raise ScheduleError(f"an event has a kind, one of {', '.join(KINDS)}; got {str(row)[:80]}")
    what = {key: value for key, value in row.items() if key not in ("at", "kind")}
    if set(what) != set(KINDS[row["kind"]]) or not isinstance(row.get("at"), int | float):
        raise ScheduleError(f"an event {row['kind']} has at, {', '.join(KINDS[row['kind']])}; got {', '.join(row)}")
    return Event(float(row["at"]), row["kind"], what)
