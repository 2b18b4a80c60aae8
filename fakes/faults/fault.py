"""A fault as data: which requests, which effect, how often."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fakes.faults.effect import Effect, Option, Options
from fakes.faults.effects import EFFECTS
from fakes.faults.errors import FaultError, unknown
from fakes.faults.match import Match

SERVICES = ("rapidpro", "cht")
FIELDS = {
    "service": Option("text", None, "the service that misbehaves; both if not given", choices=SERVICES),
    "effect": Option("text", None, "the name of an effect", required=True),
    "with": Option("any", None, "the options of the effect"),
    "match": Option("any", None, "which requests: method, path (`*` for any text), token, to, text"),
    "skip": Option("integer", 0, "how many matching requests are served normally first", at_least=0),
    "times": Option(
        "integer", 1, "how many requests are hit; null for no limit (the default of lasting effects)", at_least=1
    ),
    "share": Option("number", 1.0, "the share of matching requests that are hit", at_least=0, at_most=1),
    "from_seconds": Option("number", 0, "seconds from planning until the fault begins", at_least=0),
    "for_seconds": Option("number", None, "seconds that the fault lasts; null for no end", at_least=0),
    "seed": Option("integer", 0, "seed of the random choice for `share`"),
}
NULLABLE = frozenset({"service", "times", "for_seconds", "with", "match"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault. `times` is None for no limit; seconds are measured on the clock of the fakes."""

    effect: Effect
    options: Options = field(default_factory=dict)
    service: str | None = None
    match: Match = field(default_factory=Match)
    skip: int = 0
    times: int | None = 1
    share: float = 1.0
    from_seconds: float = 0
    for_seconds: float | None = None
    seed: int = 0

    @classmethod
    def parse(cls, data: Any) -> Fault:
        """A fault from its JSON. Raises FaultError, which lists what is allowed."""
        if not isinstance(data, Mapping):
            raise FaultError(f"a fault is an object with at least an effect, got {data!r}")
        for key in data:
            if key not in FIELDS:
                raise unknown("field of a fault", key, FIELDS)
        values = {name: _field(name, option, data) for name, option in FIELDS.items()}
        name = values["effect"]
        if name not in EFFECTS:
            raise unknown("effect", name, EFFECTS)
        plain = {key: value for key, value in values.items() if key not in {"effect", "with", "match"}}
        effect = EFFECTS[name]
        if effect.lasting and "times" not in data:
            plain["times"] = None
        options = {} if values["with"] is None else values["with"]
        match = Match() if values["match"] is None else Match.parse(values["match"])
        return cls(effect=effect, options=effect.parse(options), match=match, **plain)

    def as_json(self) -> dict[str, Any]:
        """Its JSON again, defaults filled in, token masked."""
        plain = {name: getattr(self, name) for name in FIELDS if name not in {"effect", "with", "match"}}
        return {"effect": self.effect.name, "with": dict(self.options), "match": self.match.as_json(), **plain}


def _field(name: str, option: Option, data: Mapping[str, Any]) -> Any:
    if name not in data:
        if option.required:
            raise FaultError(f"{name} is missing: expected {option.about}, one of {', '.join(sorted(EFFECTS))}")
        return option.default
    if data[name] is None and name in NULLABLE:
        return None
    return option.check(name, data[name])
