"""The channel's settings: its aggregator, its speed, and what share of messages meets which trouble."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from fakes.rapidpro import settings
from fakes.rapidpro.courier.aggregators import AGGREGATORS
from fakes.rapidpro.courier.aimed import Rules, read_rules
from fakes.rapidpro.settings import expect


@dataclass(frozen=True, slots=True)
class Delays:
    """Seconds, each from the step before; the real delay is drawn between 0.5 and 1.5 times the value.

    `wired` runs from leaving the queue to the aggregator's answer, `sent` to its first report, `delivered` from there
    to the handset (and to the report about it).
    """

    wired: float = 0.3
    sent: float = 1.0
    delivered: float = 4.0
    retries: tuple[float, float] = (300.0, 600.0)
    """From an error to the next attempt, after the first and the second error; not drawn. Delays of a minute and more
    end at a full minute, because that is when mailroom looks."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Which share of the messages, 0 to 1, meets which trouble; drawn for each message, `errored` for each attempt.

    failed: accepted by the aggregator, later reported as failed. errored: the aggregator is unreachable or answers 5xx.
    no_report: the handset gets it, but no report ever says so. duplicate_report: each report comes twice. late_report:
    the last report comes hours later. out_of_order: the report about sending comes after the one about delivery.
    read: a read report follows, if the aggregator has read reports.
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
    """All settings. A change applies to messages that leave the queue afterwards."""

    aggregator: str = "plain"
    tps: float = 10.0
    """Segments per second (`tps` of the real channel: 10 by default)."""
    spacing: float = 3.0
    """Seconds from one message to the next, of those that one stretch of a flow sends to one contact."""
    delays: Delays = field(default_factory=Delays)
    shares: Shares = field(default_factory=Shares)
    bad_numbers: tuple[str, ...] = ()
    """Numbers that nothing can be sent to, such as +250788000000."""
    down: bool = False
    """The aggregator refuses connections; an Android phone does not sync."""
    sync_every: float = 60.0
    """Seconds from one sync of an Android phone to the next."""
    length_limit: int | None = None
    """The most characters that the aggregator accepts; it refuses longer texts."""
    segment_reports: bool = False
    """The aggregator reports each segment of a text by itself; a handset shows the text when it has all of them."""
    aimed: Rules = ()
    """Trouble for some messages only, beside that of `shares`."""

    def as_json(self) -> dict[str, Any]:
        """The JSON form, as PUT accepts it."""
        delays = {**asdict(self.delays), "retries": list(self.delays.retries)}
        aimed = [rule.as_json() for rule in self.aimed]
        return {**asdict(self), "delays": delays, "bad_numbers": list(self.bad_numbers), "aimed": aimed}


def changed(channel: Channel, values: Any) -> Channel:
    """The channel with these settings; those not named stay. Raises BadSetting."""
    checks: dict[str, Callable[[Any], Any]] = {
        "aggregator": _aggregator,
        "tps": _tps,
        "spacing": lambda value: _seconds("spacing", value),
        "delays": lambda value: settings.changed(channel.delays, value, "delays", _delay),
        "shares": lambda value: settings.changed(channel.shares, value, "shares", _share),
        "bad_numbers": _numbers,
        "down": lambda value: expect(isinstance(value, bool), "down", "true or false", value),
        "sync_every": lambda value: _number("sync_every", value, "a number of seconds, 1 to 1000000", 1, 1_000_000),
        "length_limit": _length_limit,
        "segment_reports": lambda value: expect(isinstance(value, bool), "segment_reports", "true or false", value),
        "aimed": read_rules,
    }
    found: Channel = settings.changed(channel, values, "channel", lambda name, value: checks[name](value))
    if not found.segment_reports and any(rule.match.segment is not None for rule in found.aimed):
        raise settings.BadSetting("aimed names a segment: that needs segment_reports to be true")
    return found


def _number(name: str, value: Any, expected: str, least: float, most: float) -> float:
    number = not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value)
    return float(expect(number and least <= value <= most, name, expected, value))


def _seconds(name: str, value: Any) -> float:
    return _number(name, value, "a number of seconds, 0 to 1000000", 0, 1_000_000)


def _delay(key: str, value: Any) -> float | tuple[float, ...]:
    name = f"delays.{key}"
    if key != "retries":
        return _seconds(name, value)
    two = isinstance(value, list | tuple) and len(value) == 2
    return tuple(_seconds(name, one) for one in expect(two, name, "two numbers of seconds, such as [300, 600]", value))


def _share(key: str, value: Any) -> float:
    return _number(f"shares.{key}", value, "a share between 0 and 1", 0, 1)


def _tps(value: Any) -> float:
    number = _number("tps", value, "a number above 0", 0, math.inf)
    expect(number > 0, "tps", "a number above 0", value)
    return number


def _aggregator(value: Any) -> str:
    known = isinstance(value, str) and value in AGGREGATORS
    return str(expect(known, "aggregator", f"one of {', '.join(AGGREGATORS)}", value))


def _numbers(value: Any) -> tuple[str, ...]:
    texts = isinstance(value, list) and all(isinstance(one, str) for one in value)
    expect(texts, "bad_numbers", "a list of numbers such as +250788000000", value)
    for one in value:
        full = one.startswith("+") and one[1:].isascii() and one[1:].isdigit()
        expect(full, "bad_numbers", "written in full, such as +250788000000", one)
    return tuple(value)


def _length_limit(value: Any) -> int | None:
    good = value is None or (isinstance(value, int) and not isinstance(value, bool) and value >= 1)
    limit: int | None = expect(good, "length_limit", "a whole number above 0, or null", value)
    return limit
