"""A schedule: what happens when in one simulated run, as data that can be saved, shrunk and replayed exactly."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from conformance.simulation import schedule_values as values
from conformance.simulation.schedule_values import ScheduleError
from fakes.serving.json_depth import json_of

__all__ = ["KINDS", "TEXTS", "TROUBLES", "Event", "Schedule", "ScheduleError"]

VERSION = 1
_DURATION = values.number(0)
KINDS: Mapping[str, Mapping[str, values.Check]] = MappingProxyType(
    {
        "text_in": {"person": values.text, "text": values.text},
        "text_out": {"person": values.text, "text": values.text},
        "hand_over_again": {"person": values.text},
        "fault": {"fault": values.mapping},
        "channel": {"changes": values.mapping, "seconds": _DURATION},
        "crash": {"point": values.point, "seconds": _DURATION},
        "freeze": {"seconds": _DURATION},
        "clock_jump": {"seconds": values.number(-values.LONGEST)},
    }
)
"""The kinds of events, and what each holds.

hand_over_again: RapidPro redelivers the person's last text. channel: RapidPro's channel has the changed settings for
`seconds`. crash: the subject is killed when it reaches `point` (at once if null) and restarted after `seconds`. freeze:
the subject does not run for `seconds`. clock_jump: the subject's own clock jumps by `seconds`.
"""
TEXTS = frozenset({"text_in", "text_out"})
TROUBLES = frozenset(KINDS) - TEXTS


@dataclass(frozen=True, slots=True)
class Event:
    """One event, `at` seconds after the beginning of the run."""

    at: float
    kind: str
    fields: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        return {"at": self.at, "kind": self.kind, **self.fields}


@dataclass(frozen=True, slots=True)
class Schedule:
    """All events of a run in order of time, and everything else that a replay needs: subject, profile, seed, length."""

    seed: int
    hours: float
    events: Sequence[Event]
    subject: str = "reference"
    profile: str = "26"
    poll_seconds: float = 600
    found: Sequence[str] = field(default=())
    """The violations found before it was saved: for readers, not for the replay."""

    def with_events(self, events: Sequence[Event]) -> Schedule:
        """The same schedule with other events."""
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
        """Write it as JSON; creates the folder if needed."""
        path.parent.mkdir(parents=True, exist_ok=True)
        content = json.dumps(self.as_json(), indent=2, ensure_ascii=False)
        halves = re.compile("[\ud800-\udfff]")  # of surrogate pairs, which a text may hold, but a file cannot
        path.write_text(halves.sub(lambda found: f"\\u{ord(found[0]):04x}", content) + "\n", "utf-8")
        return path

    @classmethod
    def load(cls, path: Path) -> Schedule:
        """Read what `save` wrote. ScheduleError says what is wrong."""
        return cls.from_json(json_of(lambda: path.read_text("utf-8"), str(path), ScheduleError))

    @classmethod
    def from_json(cls, content: Any) -> Schedule:
        """A schedule from its JSON. ScheduleError says what is wrong."""
        if not isinstance(content, dict) or content.get("version") != VERSION:
            raise ScheduleError(
                f"expected a schedule of version {VERSION} as saved by simulate, got {str(content)[:80]}"
            )
        missing = {"subject", "profile", "seed", "hours", "poll_seconds", "events"} - set(content)
        if missing:
            raise ScheduleError(f"the schedule lacks {', '.join(sorted(missing))}")
        return cls(
            seed=values.integer("seed", content["seed"]),
            hours=values.number(0, values.LONGEST / 3600)("hours", content["hours"]),
            events=tuple(_event(n, row) for n, row in enumerate(values.array("events", content["events"]), 1)),
            subject=values.text("subject", content["subject"]),
            profile=values.profile("profile", content["profile"]),
            poll_seconds=values.number(0.05)("poll_seconds", content["poll_seconds"]),
            found=tuple(values.text("found", one) for one in values.array("found", content.get("found", []))),
        )


def _event(position: int, row: Any) -> Event:
    place = f"event {position}"
    if not isinstance(row, dict) or row.get("kind") not in KINDS:
        raise ScheduleError(f"{place} must have a kind, one of {', '.join(KINDS)}; got {str(row)[:80]}")
    kind, checks = row["kind"], KINDS[row["kind"]]
    if set(row) != {"at", "kind", *checks}:
        raise ScheduleError(f"{place}: {kind} must have exactly at, {', '.join(checks)}; got {', '.join(row)}")
    fields = {name: check(f"{name} of {place} ({kind})", row[name]) for name, check in checks.items()}
    return Event(values.number(0)(f"at of {place} ({kind})", row["at"]), kind, fields)
