"""What a report shows, as plain data: charts over time, bands in them, tables. Moments are seconds after the beginning.

Page, JSON and CSV are all made from these, so that they cannot differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Value = str | int | float | bool | None
Kind = Literal["text", "number", "moment"]


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart: a value for each moment, None where there is none. `key` names it in JSON and CSV."""

    key: str
    label: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines with one unit. `about` says what they are, and `summary` what is to be seen in them.

    `top`: where the plot ends, if a line that goes beyond it would hide all others.
    """

    key: str
    title: str
    unit: str
    about: str
    series: tuple[Series, ...]
    summary: str
    top: float | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """A time in which a fault was planned, or RapidPro refused the subject. `service` may be empty."""

    service: str
    label: str
    begins: float
    ends: float


@dataclass(frozen=True, slots=True)
class Timeline:
    """A run in so many equal parts. `moments` are the ends of the parts, `width` their length."""

    width: float
    moments: tuple[float, ...]
    sending_ended: float
    charts: tuple[Chart, ...]
    bands: tuple[Band, ...]

    @property
    def end(self) -> float:
        """The end of the last part."""
        return self.moments[-1]


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table. `key` names it in JSON; a "moment" is in seconds after the beginning."""

    key: str
    label: str
    kind: Kind = "number"


@dataclass(frozen=True, slots=True)
class Table:
    """A table. The first column names the row."""

    key: str
    title: str
    columns: tuple[Column, ...]
    rows: Sequence[tuple[Value, ...]]

    def as_json(self) -> list[Mapping[str, Any]]:
        """An object for each row."""
        return [dict(zip((one.key for one in self.columns), row, strict=True)) for row in self.rows]


def shown(value: Value, kind: Kind = "number") -> str:
    """A value of a table for people: three significant digits or so, thousands with commas, moments as h:mm:ss."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, str):
        return value
    if kind == "moment":
        return elapsed(value)
    value = float(value)
    if 0 < abs(value) < 0.1:
        return f"{value:.2g}"
    digits = 0 if value.is_integer() or abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{digits}f}"


def elapsed(seconds: float) -> str:
    """Seconds after the beginning as `0:07`, `1:02:03` or `2 d 01:00`; with tenths if they are no whole seconds."""
    tenths = round(seconds * 10)
    whole, rest = divmod(tenths, 10)
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    fraction = f".{rest}" if rest else ""
    if hours >= 24:
        return f"{hours // 24} d {hours % 24:02}:{minute:02}"
    if hours:
        return f"{hours}:{minute:02}:{second:02}{fraction}"
    return f"{minute}:{second:02}{fraction}"
