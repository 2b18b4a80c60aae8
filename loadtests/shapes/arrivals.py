"""When each text of a shape is sent: an open model, drawn once from the seed, and the same for every worker."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from loadtests.shapes.model import By, Shape, Traffic, Who


@dataclass(frozen=True, slots=True)
class Arrival:
    """One text: `at` in seconds of the shape after its start; `position` counts the texts of its direction from 0.

    `bulk`: it comes together with others at the same moment, so that the actors do not send it one by one.
    """

    at: float
    who: Who
    position: int
    by: By
    bulk: bool = False


def arrivals(shape: Shape, seed: int) -> Sequence[Arrival]:
    """All texts of a shape, in order of time. The same for the same shape and seed."""
    rng = random.Random(f"arrivals {seed}")
    found = [
        Arrival(moment, one.who, 0, one.by, one.who == "cht" and one.spread == "once")
        for one in shape.traffic
        for moment in _moments(one, rng)
    ]
    found.sort(key=lambda one: one.at)
    counted = {"people": 0, "cht": 0}
    numbered = []
    for one in found:
        numbered.append(replace(one, position=counted[one.who]))
        counted[one.who] += 1
    return numbered


def _moments(one: Traffic, rng: random.Random) -> Iterator[float]:
    length = one.ends - one.begins
    for time in range(one.times):
        begins = one.begins + time * one.every
        for place in range(one.texts):
            if one.spread == "once":
                yield begins
            elif one.spread == "even":
                yield begins + length * place / one.texts
            else:
                yield begins + length * rng.random()


def share(all_of_them: Sequence[Arrival], worker: int, workers: int) -> Sequence[Arrival]:
    """The texts of one of several workers, counted from 0: no text is anybody else's, and none is nobody's."""
    return [one for place, one in enumerate(one for one in all_of_them if not one.bulk) if place % workers == worker]


def phone_of(shape: Shape, position: int) -> str:
    """The phone number that sends or gets the text with this position: the shape's people in turn."""
    return f"+250783{position % shape.people:06d}"
