"""A ramp: at which step does the relay not keep up any more, which was the highest rate before, and what limits it?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median_high

from conformance.history.model import History
from conformance.planning.calls import throttled_spans
from loadtests.results import MACHINE, Watched
from loadtests.shapes.model import Ramp

BEHIND_SECONDS = 2.0
"""A queue is too long when it holds more than what comes in so many seconds. Every relay polls, so some text waits."""
FEW = 25
"""So many texts are no queue, however slow the rate is."""
LAG_MS = 250.0
"""The load generator is too slow if it sends a text so much later than intended."""
BUSY = 0.85
"""A Python process that uses so much of a core has nothing left."""
FULL = 0.95
"""The same for all cores of the machine."""
SETTLING = 0.5
"""The share of a step after which queues are looked at: at its beginning the rate has just changed."""


@dataclass(frozen=True, slots=True)
class Broken:
    """The step that was too much, when it was noticed, and what waited."""

    step: int
    seconds: float
    what: str


class Steps:
    """Follows a ramp. In real time it is `compressed` times as fast."""

    def __init__(self, ramp: Ramp, compressed: float) -> None:
        self._rates = [rate * compressed for rate in ramp.rates()]
        self._length = ramp.step_seconds / compressed
        self._broken: Broken | None = None
        self._held = 0

    def broken(self, look: Watched, seconds: float) -> bool:
        """Whether the relay does not keep up, `seconds` after the beginning. Once it is so it stays so."""
        step = min(int(seconds / self._length), len(self._rates) - 1)
        if self._broken is None and seconds / self._length - step >= SETTLING:
            most = max(FEW, self._rates[step] * BEHIND_SECONDS)
            if look.lag_ms > LAG_MS:
                self._broken = Broken(step, seconds, f"texts were sent {look.lag_ms:.0f} ms late")
            elif look.waiting_out > most:
                self._broken = Broken(step, seconds, f"{look.waiting_out} texts that were due were on no phone")
            elif look.waiting_in > most:
                self._broken = Broken(step, seconds, f"{look.waiting_in} texts of people were not in CHT")
            else:
                self._held = step + 1
        return self._broken is not None

    @property
    def highest(self) -> float | None:
        """The highest rate each way that the relay bore, in texts a second; None if not even the first."""
        held = self._held if self._broken is None else min(self._held, self._broken.step)
        return self._rates[held - 1] if held else None

    def sentences(self, history: History, looks: Sequence[Watched]) -> list[str]:
        """What a ramp is run for: the highest rate, and what limits it."""
        highest = self.highest
        if highest is None:
            found = [f"the relay does not keep up with {self._rates[0]:.0f} texts a second each way"]
        else:
            found = [f"highest rate without growing queues: {highest:.0f} texts a second each way"]
        broken = self._broken
        if broken is None:
            return [*found, f"the relay kept up with all {len(self._rates)} steps: nothing limits it so far"]
        rate = self._rates[broken.step]
        began = looks[0].at
        during = [one for one in looks if (one.at - began).total_seconds() >= broken.step * self._length]
        limit = ", ".join(limits(history, during or looks[-1:])) or "none of these: it is the relay's own pace"
        return [*found, f"at {rate:.0f} a second, after {broken.seconds:.0f} s, {broken.what}", f"limited by: {limit}"]


def limits(history: History, looks: Sequence[Watched]) -> Iterator[str]:
    """What was at its limit in these looks."""
    first, last = looks[0].at, looks[-1].at
    throttled = sum(
        max(0.0, min(ends, (last - first).total_seconds()) - max(begins, 0.0))
        for begins, ends in throttled_spans(history.calls, first)
    )
    if throttled:
        yield f"RapidPro's quota (the relay was throttled for {throttled:.0f} s meanwhile)"
    if looks[-1].channel_queue > max(1, looks[-1].waiting_out) / 2:
        yield f"RapidPro's channel ({looks[-1].channel_queue} messages wait for it)"
    shares = dict(busiest(looks))
    machine = shares.pop(MACHINE, 0.0)
    for name, share in shares.items():
        if share >= BUSY:
            yield f"the processor time of the {name} ({share:.0%} of a core)"
    late = max(one.lag_ms for one in looks)
    if late > LAG_MS:
        yield f"the load generator itself ({late:.0f} ms late): more --processes, or workers on other machines"
    if machine >= FULL:
        yield f"this machine, which all of them share ({machine:.0%} of its cores)"


def busiest(looks: Sequence[Watched]) -> Mapping[str, float]:
    """The processor time of each process in the middle of these looks."""
    names = dict.fromkeys(name for one in looks for name in one.cpu)
    return {name: median_high(one.cpu.get(name, 0.0) for one in looks) for name in names}
