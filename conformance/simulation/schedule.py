"""A schedule: what happens when in one simulated run, as data that can be saved, shrunk and replayed exactly."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from conformance.simulation import checked
from conformance.simulation.checked import ScheduleError

__all__ = ["KINDS", "TEXTS", "TROUBLES", "Event", "Schedule", "ScheduleError"]

VERSION = 1
_SPAN = checked.number(0)
KINDS: Mapping[str, Mapping[str, checked.Check]] = MappingProxyType(
    {
        "text_in": {"person": checked.words, "text": checked.words},
        "text_out": {"person": checked.words, "text": checked.words},
        "hand_over_again": {"person": checked.words},
        "fault": {"fault": checked.keyed},
        "channel": {"changes": checked.keyed, "seconds": _SPAN},
        "crash": {"point": checked.point, "seconds": _SPAN},
        "freeze": {"seconds": _SPAN},
        "clock_jump": {"seconds": checked.number(-checked.LONGEST)},
    }
)
"""The kinds of events, and what each holds.

crash: killed when `point` is reached (or at once, if null), started again after `seconds`. freeze: the subject does not
run for `seconds`. clock_jump: the subject's own clock is moved by `seconds`. channel: RapidPro's channel behaves so for
`seconds`.
"""
TEXTS = frozenset({"text_in", "text_out"})
TROUBLES = frozenset(KINDS) - TEXTS


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
            seed=checked.whole("seed", given["seed"]),
            hours=checked.number(0, checked.LONGEST / 3600)("hours", given["hours"]),
            events=tuple(_event(n, row) for n, row in enumerate(checked.listed("events", given["events"]), 1)),
            subject=checked.words("subject", given["subject"]),
            profile=checked.profile("profile", given["profile"]),
            poll_seconds=checked.number(0.05)("poll_seconds", given["poll_seconds"]),
            found=tuple(checked.words("found", one) for one in checked.listed("found", given.get("found", []))),
        )


def _event(position: int, row: Any) -> Event:
    place = f"event {position}"
    if not isinstance(row, dict) or row.get("kind") not in KINDS:
        raise ScheduleError(f"{place} has a kind, one of {', '.join(KINDS)}; got {str(row)[:80]}")
    kind, checks = row["kind"], KINDS[row["kind"]]
    if set(row) != {"at", "kind", *checks}:
        raise ScheduleError(f"{place}: {kind} has at, {', '.join(checks)}; got {', '.join(row)}")
    what = {name: check(f"{name} of {place} ({kind})", row[name]) for name, check in checks.items()}
    return Event(checked.number(0)(f"at of {place} ({kind})", row["at"]), kind, what)
