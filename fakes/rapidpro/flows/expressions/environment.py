"""What an expression can use besides its context: the workspace's settings, the current time, randomness."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from fakes.rapidpro.flows.expressions.conversion import parse_datetime_text
from fakes.rapidpro.flows.expressions.values import TooComplex
from fakes.rapidpro.versions.generation import Generation

MAX_CALLS = 100_000
MAX_PRODUCED = 5_000_000
MAX_ITEMS = 10_000
DATE_FORMATS = ("DD-MM-YYYY", "MM-DD-YYYY", "YYYY-MM-DD")
TIME_FORMATS = ("tt:mm", "tt:mm:ss", "h:mm aa", "h:mm:ss aa")


@dataclass(slots=True)
class Budget:
    """How much one template may still do, so that expressions cannot overload the service."""

    calls: int = MAX_CALLS
    produced: int = MAX_PRODUCED
    """Characters and array items that may still be produced."""
    total: Budget | None = None
    """What several templates together may still do."""

    def spend(self, produced: int = 0) -> None:
        """Count one call and what it produced. TooComplex when the budget is used up."""
        self.calls -= 1
        self.produced -= produced
        if self.total is not None:
            self.total.spend(produced)
        if self.calls < 0 or self.produced < 0:
            raise TooComplex


@dataclass(frozen=True, slots=True)
class Env:
    """Settings of the workspace; `now` has a time zone."""

    now: datetime
    timezone: ZoneInfo
    date_format: str = "DD-MM-YYYY"
    time_format: str = "tt:mm"
    country: str = ""
    languages: tuple[str, ...] = ()
    generation: Generation = "new"
    language: str = ""
    """The language of the names of months and days, three letters; English if it is not known."""
    decimal: str = "."
    grouping: str = ","
    """The decimal symbol and the one between groups of digits, of numbers that people write or read."""
    has_locations: bool = False
    """Locations are set up, but there are none; otherwise tests of locations fail."""
    home: ZoneInfo | None = None
    """The zone of `now()` and `today()`; None: the same."""
    rng: random.Random = field(default_factory=lambda: random.Random(0))
    budget: Budget = field(default_factory=Budget)
    warnings: list[str] = field(default_factory=list)
    """What the evaluation noted; see `evaluation.DEPRECATED`."""

    def with_own_budget(self, generation: Generation) -> Env:
        """The same settings for one evaluation, whose cost counts towards the total."""
        return Env(
            self.now, self.timezone, self.date_format, self.time_format, self.country, self.languages, generation,
            self.language, self.decimal, self.grouping, self.has_locations, self.home, self.rng,
            Budget(total=self.budget.total), [],
        )  # fmt: skip


def env_from_json(settings: Mapping[str, Any], generation: Generation = "new") -> Env:
    """An Env from its JSON form: timezone, date_format, time_format, country, languages, now, seed.

    Missing keys have defaults (`now`: 2000-01-01). ValueError says what is wrong.
    """
    unknown = set(settings) - {"timezone", "date_format", "time_format", "country", "languages", "now", "seed"}
    if unknown:
        raise ValueError(f"unknown env key {sorted(unknown)[0]!r}")
    languages = settings.get("languages") or []
    if not isinstance(languages, list) or not all(isinstance(code, str) for code in languages):
        raise ValueError("env.languages must be a list of texts")
    country = settings.get("country") or ""
    if not isinstance(country, str):
        raise ValueError("env.country must be a text")
    now = parse_datetime_text(settings["now"]).at if "now" in settings else datetime(2000, 1, 1, tzinfo=UTC)
    return Env(
        now=now,
        timezone=zone(settings.get("timezone", "UTC")),
        date_format=_one_of("date_format", settings.get("date_format", "DD-MM-YYYY"), DATE_FORMATS),
        time_format=_one_of("time_format", settings.get("time_format", "tt:mm"), TIME_FORMATS),
        country=country,
        languages=tuple(languages),
        generation=generation,
        rng=random.Random(str(settings.get("seed", 0))),
    )


def zone(name: Any) -> ZoneInfo:
    """The time zone of that name. ValueError for an unknown one."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, TypeError, OSError):
        raise ValueError(f"unknown time zone {name!r}") from None


def _one_of(key: str, value: Any, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"env.{key} must be one of {', '.join(known)}, got {value!r}")
    return str(value)
