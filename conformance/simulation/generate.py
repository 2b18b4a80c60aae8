"""Generates schedules from a seed: the same seed gives the same schedule, event for event."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from conformance.services.endpoints import GATEWAY, LOOK_UP, SEND
from conformance.simulation.schedule import Event, Schedule
from conformance.subjects.base import CrashPoint
from conformance.world.texts import Direction, draw

HOURS = 6.0
MARKED = 0.8
"""The share of texts with a marker, which makes them differ from all others of the run."""
REPEATED = 0.1
"""The share of texts that repeat another of the run: the same person gets, or sends, the same words again."""


def generate(seed: int, *, subject: str = "reference", profile: str = "26", hours: float = HOURS) -> Schedule:
    """A schedule with 20 to 24 texts and 5 to 9 troubles (faults, crashes, freezes, clock jumps) within `hours`."""
    rng = random.Random(seed)
    length = hours * 3600
    incoming = _texts(rng, length, "in", rng.randint(8, 10))
    events = [
        *incoming,
        *_texts(rng, length, "out", rng.randint(12, 14)),
        *(_fault(rng, length * 0.9) for _ in range(rng.randint(5, 6))),
        *(_trouble(rng, length * 0.9, incoming) for _ in range(rng.randint(0, 3))),
    ]
    ordered = sorted(events, key=lambda event: event.at)
    return Schedule(seed, hours, tuple(ordered), subject, profile)


def _texts(rng: random.Random, length: float, direction: Direction, count: int) -> list[Event]:
    """Texts of the corpus, spread over the run, some of them in one burst, some with the same words on purpose."""
    bunch = rng.uniform(0, length * 0.8)
    times = [bunch + rng.uniform(0, 30) if rng.random() < 0.4 else rng.uniform(0, length * 0.85) for _ in range(count)]
    events: list[Event] = []
    for position, at in enumerate(times):
        if events and rng.random() < REPEATED:
            fields = rng.choice(events).fields
        else:
            marker = str(position) if rng.random() < MARKED else ""
            fields = {"person": f"P{rng.randint(1, 6)}", "text": draw(rng, direction, marker)}
        events.append(Event(round(at, 3), f"text_{direction}", fields))
    return events


def _fault(rng: random.Random, length: float) -> Event:
    """One fault: of sending, of looking up messages, of CHT's gateway API, or of a whole service."""
    at = round(rng.uniform(0, length), 3)
    service, match = rng.choice(
        (("rapidpro", SEND), ("rapidpro", SEND), ("rapidpro", LOOK_UP), ("cht", GATEWAY), ("rapidpro", None))
    )
    choices = [*ANYWHERE, *(ON_SEND if match is SEND else ON_LOOK_UP if match is LOOK_UP else ())]
    effect, options = rng.choice(choices)
    fault: dict[str, Any] = {"service": service, "effect": effect, "with": options(rng)}
    if match is not None:
        fault["match"] = dict(match)
    if effect in ("outage", "reject_token") or rng.random() < 0.25:
        fault["for_seconds"] = round(rng.uniform(60, 2400), 1)
        fault["times"] = None
        fault["share"] = 1.0 if effect in ("outage", "reject_token") else round(rng.uniform(0.3, 1.0), 2)
        fault["seed"] = rng.randint(0, 10**6)
    else:
        fault["times"] = rng.randint(1, 3)
    return Event(at, "fault", {"fault": fault})


ANYWHERE: Sequence[tuple[str, Any]] = (
    ("refuse", lambda rng: {"status": rng.choice((413, 429, 500, 502, 503, 504))}),
    ("replace_reply", lambda rng: {"status": rng.choice((413, 500, 502, 504))}),
    ("throttle", lambda rng: {"retry_after": rng.choice((1, 30, 300, 1800))}),
    ("reject_token", lambda _rng: {}),
    ("delay", lambda rng: {"seconds": rng.choice((1, 10, 40))}),
    ("hang", lambda _rng: {}),
    ("reset", lambda _rng: {}),
    ("lose_reply", lambda rng: {"how": rng.choice(("close", "reset", "hang"))}),
    ("truncate", lambda _rng: {}),
    ("garble", lambda _rng: {}),
    ("empty", lambda _rng: {}),
    ("html_page", lambda rng: {"status": rng.choice((200, 502))}),
    ("outage", lambda _rng: {}),
)
"""Effects, each with a function that chooses its options at random."""

ON_SEND: Sequence[tuple[str, Any]] = (
    ("drop_field", lambda rng: {"path": rng.choice(("id", "status", "uuid"))}),
    ("null_field", lambda rng: {"path": rng.choice(("id", "status", "uuid"))}),
    ("set_field", lambda _rng: {"path": "status", "value": "teleported"}),
    ("lose_reply", lambda rng: {"how": rng.choice(("close", "reset", "hang"))}),
    ("act_late", lambda rng: {"seconds": rng.choice((5, 30, 60))}),
)
ON_LOOK_UP: Sequence[tuple[str, Any]] = (
    ("set_field", lambda _rng: {"path": "results[*].status", "value": "teleported"}),
    ("drop_field", lambda _rng: {"path": "results[*].status"}),
    ("repeat", lambda _rng: {}),
    ("stale", lambda _rng: {}),
)


CHANNELS: Sequence[dict[str, Any]] = (
    {"down": True},
    {"shares": {"duplicate_report": 0.5}},
    {"shares": {"out_of_order": 0.3}},
    {"shares": {"late_report": 0.5}},
    {"shares": {"failed": 0.2, "errored": 0.3}},
)


def _trouble(rng: random.Random, length: float, incoming: Sequence[Event]) -> Event:
    """A crash, a freeze, a jump of the subject's clock, a changed channel, or a redelivered text.

    Some crashes come right after an accepted text, before the subject does anything else.
    """
    at = round(rng.uniform(0, length), 3)
    kind = rng.choice(("crash", "crash", "crash", "freeze", "clock_jump", "channel", "hand_over_again"))
    if kind == "crash":
        point = rng.choice([*CrashPoint, None, None])
        if point is None and rng.random() < 0.5:
            at = rng.choice(incoming).at
        fields = {"point": None if point is None else point.name, "seconds": round(rng.uniform(1, 1200), 1)}
    elif kind == "freeze":
        fields = {"seconds": round(rng.uniform(60, 5400), 1)}
    elif kind == "clock_jump":
        fields = {"seconds": rng.choice((-300, -60, -5, 5, 60, 300))}
    elif kind == "channel":
        changes = rng.choice(CHANNELS)
        fields = {"changes": changes, "seconds": round(rng.uniform(60, 3600), 1)}
    else:
        fields = {"person": f"P{rng.randint(1, 6)}"}
    return Event(at, kind, fields)
