"""The channel's knobs: which aggregator it leads to, how fast, and what share of messages meets which trouble."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from fakes.rapidpro.courier.aggregators import AGGREGATORS


class BadKnob(ValueError):
    """A setting that does not exist or cannot have that value; the text lists what is possible."""


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds, each from the step before; the real delay is drawn between half and one and a half of it.

    `wired` runs from leaving the queue to the aggregator's answer, `sent` to its first report, `delivered` from there
    to the handset (and to the report about it).
    """

    wired: float = 0.3
    sent: float = 1.0
    delivered: float = 4.0
    retries: tuple[float, float] = (300.0, 600.0)
    """From an error to the next attempt, after the first and the second; not drawn. Spans of a minute and more end at
    a full minute, because that is when mailroom looks."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Which part of the messages, 0 to 1, meets what; drawn anew for each, `errored` for each attempt.

    failed: taken by the aggregator, later reported as failed. errored: the aggregator cannot be reached or answers 5xx.
    no_report: the handset gets it, no report ever says so. duplicate_report: each report comes twice. late_report: the
    last report comes hours later. out_of_order: the report about sending comes after the one about delivery.
    read: a read report follows, where the aggregator has such.
    """

    failed: float = 0.0
    errored: float = 0.0
    no_report: float = 0.0
    duplicate_report: float = 0.0
    late_report: float = 0.0
    out_of_order: float = 0.0
    read: float = 0.0


@dataclass(frozen=True, slots=True)
class Channel:
    """All knobs. A changed one holds for messages that leave the queue afterwards."""

    aggregator: str = "plain"
    tps: float = 10.0
    """Segments a second (`tps` of the real channel: 10 by default)."""
    delays: Delays = field(default_factory=Delays)
    shares: Shares = field(default_factory=Shares)
    bad_numbers: tuple[str, ...] = ()
    """Numbers that nothing can be sent to, such as +250788000000."""
    down: bool = False
    """The aggregator refuses connections."""
    length_limit: int | None = None
    """The most characters the aggregator takes; longer texts are refused for good."""

    def as_json(self) -> dict[str, Any]:
        """The JSON form, as PUT takes it."""
        delays = {**asdict(self.delays), "retries": list(self.delays.retries)}
        return {**asdict(self), "delays": delays, "bad_numbers": list(self.bad_numbers)}


def changed(channel: Channel, given: Any) -> Channel:
    """The channel with the given knobs turned; those not named stay. Raises BadKnob."""
    _check_keys(given, Channel, "channel")
    checks = {
        "aggregator": _aggregator,
        "tps": lambda value: _positive("tps", value),
        "delays": lambda value: _group(channel.delays, value, "delays", _delay),
        "shares": lambda value: _group(channel.shares, value, "shares", _share),
        "bad_numbers": _numbers,
        "down": _boolean,
        "length_limit": _length_limit,
    }
    return replace(channel, **{key: checks[key](value) for key, value in given.items()})


def _check_keys(given: Any, kind: type[Any], name: str) -> None:
    known = [one.name for one in fields(kind)]
    if not isinstance(given, Mapping):
        raise BadKnob(f"{name} must be an object with any of {', '.join(known)}; got {_shown(given)}")
    unknown = [str(key) for key in given if key not in known]
    if unknown:
        raise BadKnob(f"unknown {name} setting {unknown[0]!r}: possible are {', '.join(known)}")


def _group(current: Any, given: Any, name: str, check: Any) -> Any:
    _check_keys(given, type(current), name)
    return replace(current, **{key: check(f"{name}.{key}", value) for key, value in given.items()})


def _number(name: str, value: Any, expected: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadKnob(f"{name} must be {expected}; got {_shown(value)}")
    return float(value)


def _seconds(name: str, value: Any) -> float:
    number = _number(name, value, "a number of seconds, 0 to 1000000")
    if not 0 <= number <= 1_000_000:
        raise BadKnob(f"{name} must be a number of seconds, 0 to 1000000; got {_shown(value)}")
    return number


def _delay(name: str, value: Any) -> float | tuple[float, ...]:
    if name != "delays.retries":
        return _seconds(name, value)
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise BadKnob(f"{name} must be two numbers of seconds, such as [300, 600]; got {_shown(value)}")
    return tuple(_seconds(name, one) for one in value)


def _share(name: str, value: Any) -> float:
    number = _number(name, value, "a share between 0 and 1")
    if not 0 <= number <= 1:
        raise BadKnob(f"{name} must be a share between 0 and 1; got {_shown(value)}")
    return number


def _positive(name: str, value: Any) -> float:
    number = _number(name, value, "a number above 0")
    if number <= 0:
        raise BadKnob(f"{name} must be a number above 0; got {_shown(value)}")
    return number


def _aggregator(value: Any) -> str:
    if not isinstance(value, str) or value not in AGGREGATORS:
        raise BadKnob(f"aggregator must be one of {', '.join(AGGREGATORS)}; got {_shown(value)}")
    return value


def _numbers(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadKnob(f"bad_numbers must be a list of numbers such as +250788000000; got {_shown(value)}")
    wrong = [one for one in value if not (one.startswith("+") and one[1:].isascii() and one[1:].isdigit())]
    if wrong:
        raise BadKnob(f"bad_numbers must be written in full, such as +250788000000; got {_shown(wrong[0])}")
    return tuple(value)


def _boolean(value: Any) -> bool:
    if not isinstance(value, bool):
        raise BadKnob(f"down must be true or false; got {_shown(value)}")
    return value


def _length_limit(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise BadKnob(f"length_limit must be a whole number above 0, or null; got {_shown(value)}")
    return value


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
