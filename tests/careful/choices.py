"""Choices that careful engineers make differently when they write a relay. None of them loses or doubles a text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MINUTE, HOUR = 60.0, 3600.0


@dataclass(frozen=True, slots=True)
class Choices:
    """How one relay works. Times are in seconds.

    keeps: an incoming text is stored and answered at once; else it is answered when CHT has it, and refused with 503
    while CHT is away. `taken`, `stranger`, `incomplete` are statuses of answers. `prefix` is put before ids in CHT,
    `batch` is how many texts or states CHT gets at once. `poll` is the time between two calls to CHT (None: as
    configured). `first_look`, `growth` and `last_look` say when RapidPro is asked how far a text is, `follow_page`
    whether it reads the list of sent messages instead of one broadcast at a time. `together`: equal texts go out in one
    broadcast. `acknowledges`: CHT is told at once that a text is taken. `tell_every`: how seldom states are told.
    `asks_first`: whether it greets CHT before it hands anything over. `checks_itself`: whether it refuses bad numbers
    and long texts without asking. `prefers_json`: whether it says that it wants JSON. `settle`: how long after a lost
    answer a text that RapidPro does not list counts as not sent.
    """

    keeps: bool = False
    taken: int = 200
    stranger: int = 401
    incomplete: int = 422
    prefix: str = ""
    batch: int = 10
    poll: float | None = None
    first_look: float = MINUTE
    growth: float = 2.0
    last_look: float = 4 * HOUR
    together: bool = False
    acknowledges: bool = True
    tell_every: float = 0.0
    asks_first: bool = False
    checks_itself: bool = False
    prefers_json: bool = False
    settle: float = 2 * MINUTE


VARIANTS: Mapping[str, Choices] = {
    "refuses while CHT is away": Choices(),
    "keeps texts and answers 202": Choices(keeps=True, taken=202),
    "answers 204 and refuses with 403 and 400": Choices(keeps=True, taken=204, stranger=403, incomplete=400),
    "asks for states every half hour": Choices(first_look=30 * MINUTE, growth=1.0),
    "asks for states once an hour": Choices(first_look=HOUR, growth=1.0, keeps=True, taken=201),
    "polls CHT every quarter of an hour": Choices(poll=15 * MINUTE, keeps=True),
    "polls CHT once an hour": Choices(poll=HOUR, keeps=True),
    "sends equal texts in one broadcast": Choices(together=True, keeps=True),
    "never says that a text is taken": Choices(acknowledges=False),
    "tells states every six hours": Choices(tell_every=6 * HOUR, keeps=True),
    "hands over one by one, and greets CHT first": Choices(batch=1, asks_first=True, keeps=True),
    "prefixes ids": Choices(prefix="rapidpro:", keeps=True),
    "checks numbers and lengths itself": Choices(checks_itself=True, prefers_json=True),
}
