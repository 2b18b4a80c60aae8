"""Shapes: the traffic of the days that a load test imitates, as data."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """The traffic of a day. People send `texts_in`, CHT has `texts_out` due; rates are in texts per second.

    `replies_after` is how many seconds after the first reminder people begin to answer.
    """

    name: str
    about: str
    texts_in: int
    texts_out: int
    in_per_second: float
    out_per_second: float
    replies_after: float

    def scaled(self, texts: int | None, seconds: float | None) -> Shape:
        """The same shape with `texts` each way, within `seconds`."""
        texts_in = self.texts_in if texts is None else texts
        texts_out = self.texts_out if texts is None else texts
        if seconds is None:
            return Shape(self.name, self.about, texts_in, texts_out, self.in_per_second, self.out_per_second, 1.0)
        return Shape(
            self.name,
            self.about,
            texts_in,
            texts_out,
            texts_in / seconds,
            texts_out / seconds,
            min(self.replies_after, seconds / 4),
        )


SHAPES = (
    Shape(
        "reminder_morning",
        "at eight in the morning CHT's reminders become due all at once, and people begin to answer",
        texts_in=2000,
        texts_out=2000,
        in_per_second=60,
        out_per_second=120,
        replies_after=1.0,
    ),
)


class UnknownShape(ValueError):
    """There is no shape with this name."""


def shape(name: str) -> Shape:
    """The shape of that name. Raises UnknownShape, which lists all shapes."""
    for known in SHAPES:
        if known.name == name:
            return known
    raise UnknownShape(f"unknown load shape {name!r}: expected one of {', '.join(known.name for known in SHAPES)}")
