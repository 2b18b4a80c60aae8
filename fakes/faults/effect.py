"""An effect: one small function that turns a service into a misbehaving one, and the options it takes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from fakes.faults.errors import FaultError, unknown
from fakes.faults.json_path import parse_path
from fakes.serving.wsgi import Environ, Reply

Options = Mapping[str, Any]
"""A fault's `with`: every option of its effect, checked, with defaults filled in."""

Serve = Callable[[Environ], Reply]
"""A service as effects see it: request in, reply out."""

Acts = Literal["never", "before", "after"]
"""When the service acts on the request.

`never`: not at all; the outcome is definite. `before`: it acts, then its reply is spoiled, so the caller cannot know
the outcome (indefinite). `after`: it acts after the effect, and its own reply is returned.
"""

Kind = Literal["integer", "number", "text", "boolean", "path", "any"]


class NotApplicable(Exception):
    """Raised by an effect that finds nothing to change: the service's own reply is returned, the fault stays unused."""

    def __init__(self, reply: Reply) -> None:
        super().__init__("the effect found nothing to change")
        self.reply = reply


@dataclass(frozen=True, slots=True)
class ServiceContext:
    """What an effect may use of the service that it wraps, besides its replies."""

    service: str
    now: Callable[[], datetime]
    """The time of the service's clock."""
    earlier_reply: Callable[[Environ], Reply | None] = lambda _environ: None
    """The first reply without a fault to an equal request; None if there was none."""
    exhaust_quota: Callable[[], None] | None = None
    """Uses up the quota of the service at once; None if it has none."""
    later: Callable[[float, Callable[[], None]], object] = lambda _seconds, action: action()
    """Does something so many seconds later, on the clock of the fakes."""


EffectFunction = Callable[[Serve, Options, ServiceContext], Serve]


@dataclass(frozen=True, slots=True)
class Option:
    """One key of `with`: its kind, its default, its meaning, and the limits of its value."""

    kind: Kind
    default: Any
    about: str
    at_least: float | None = None
    at_most: float | None = None
    choices: tuple[str, ...] = ()
    required: bool = False

    def check(self, name: str, value: Any) -> Any:
        """Return `value` if it is allowed, else raise FaultError."""
        if not self._allows(value):
            raise FaultError(f"{name}: expected {self.expected()}, got {value!r}")
        if self.kind == "path":
            parse_path(value)
        return value

    def expected(self) -> str:
        """The allowed values in words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        noun = {"any": "any JSON value", "path": "a path such as results[*].status", "integer": "an integer"}.get(
            self.kind, f"a {self.kind}"
        )
        low = "" if self.at_least is None else f" of at least {self.at_least:g}"
        return noun + low + ("" if self.at_most is None else f" and at most {self.at_most:g}")

    def _allows(self, value: Any) -> bool:
        if self.kind == "any":
            return True
        if self.kind == "boolean":
            return isinstance(value, bool)
        if self.kind in {"text", "path"}:
            return isinstance(value, str) and (not self.choices or value in self.choices)
        if isinstance(value, bool) or not isinstance(value, int if self.kind == "integer" else (int, float)):
            return False
        low = -math.inf if self.at_least is None else self.at_least
        high = math.inf if self.at_most is None else self.at_most
        return low <= value <= high and math.isfinite(value)


HANG_OPTION = Option(
    "number", 3600, "seconds that a hang lasts before the connection closes", at_least=0, at_most=86400
)
"""The option of effects that leave the connection open in silence."""


@dataclass(frozen=True, slots=True)
class Effect:
    """An effect: its function, when the service acts, its options by name.

    For a lasting effect, the `times` of a fault is None by default.
    """

    name: str
    apply: EffectFunction
    acts: Acts
    options: Mapping[str, Option] = field(default_factory=dict)
    lasting: bool = False

    @property
    def about(self) -> str:
        """What the effect does: the first paragraph of the docstring of its function."""
        return " ".join((self.apply.__doc__ or "").strip().split("\n\n")[0].split())

    def parse(self, data: Any) -> dict[str, Any]:
        """The options with defaults filled in. Raises FaultError for an unknown, missing, or invalid option."""
        if not isinstance(data, Mapping):
            raise FaultError(f"with: expected an object of options, got {data!r}")
        for key in data:
            if key not in self.options:
                if not self.options:
                    raise FaultError(f"the effect {self.name} takes no options, got {key!r}")
                raise unknown(f"option of the effect {self.name}", key, self.options)
        return {name: self._option(name, option, data) for name, option in self.options.items()}

    def _option(self, name: str, option: Option, data: Mapping[str, Any]) -> Any:
        if name in data:
            return option.check(f"with.{name} of {self.name}", data[name])
        if option.required:
            raise FaultError(f"with.{name} of {self.name} is missing: expected {option.expected()}")
        return option.default
