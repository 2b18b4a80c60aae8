"""A shape as plain data: who sends how many texts when, and what fails meanwhile. Seconds are those of the shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

HOUR = 3600
UNLIMITED = 1_000_000_000
"""A quota that nobody uses up."""
SERVICES = ("rapidpro", "cht")

Time = Literal["real", "virtual"]
Who = Literal["people", "cht"]
Spread = Literal["once", "even", "random"]
By = Literal["webhook", "phone"]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Texts of one kind: `people` text in, or `cht` has texts due. An open model: they do not wait for answers.

    `texts` is the number each time, between `begins` and `ends`; `times` is how often, `every` so many seconds. With
    `spread` "once" all come at `begins`; "even" keeps the same distance; "random" has random distances (a Poisson
    process). `by`: people's texts go straight to the relay's webhook as RapidPro calls it, or through RapidPro, from
    a phone.
    """

    who: Who
    texts: int
    begins: float = 0.0
    ends: float = 0.0
    spread: Spread = "even"
    times: int = 1
    every: float = 0.0
    by: By = "webhook"

    def total(self) -> int:
        """The texts of all times."""
        return self.texts * self.times

    def over(self) -> float:
        """When the last one is sent at the latest."""
        return max(self.begins, self.ends) + self.every * (self.times - 1)


@dataclass(frozen=True, slots=True)
class Outage:
    """A service that answers nobody, from and to in seconds after the start."""

    service: str
    begins: float
    ends: float


@dataclass(frozen=True, slots=True)
class Ramp:
    """Rates that rise until the relay does not keep up: `first` texts a second each way, then `factor` times as many.

    Each step lasts `step_seconds`; there are at most `steps`.
    """

    first: float
    factor: float
    step_seconds: float
    steps: int

    def rates(self) -> tuple[float, ...]:
        """Texts a second each way, step by step."""
        return tuple(self.first * self.factor**step for step in range(self.steps))

    def traffic(self) -> tuple[Traffic, ...]:
        """The steps as traffic, each way."""
        found = []
        for step, rate in enumerate(self.rates()):
            begins, texts = step * self.step_seconds, max(1, round(rate * self.step_seconds))
            for who in ("people", "cht"):
                found.append(Traffic(who, texts, begins, begins + self.step_seconds, "random"))
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Shape:
    """The traffic of a day. `source` says where its numbers come from; empty if they are made up.

    `time` is "virtual" where hours or days pass: built-in subjects then run in virtual time. Over sockets one real
    second stands for `compressed` seconds of the shape, also for quota, outages and channel. `quota` is in requests an
    hour for each scope of RapidPro's API (None: what this version of RapidPro allows; UNLIMITED where speed is
    measured). `channel` are settings of the fake RapidPro's channel that differ from the usual. With `in_order`, texts
    of one person must keep their order. A `ramp` is in the traffic, too.
    """

    name: str
    about: str
    traffic: tuple[Traffic, ...]
    source: str = ""
    time: Time = "real"
    compressed: float = 1.0
    quota: int | None = None
    people: int = 500
    outages: tuple[Outage, ...] = ()
    channel: Mapping[str, Any] = field(default_factory=dict)
    in_order: bool = False
    ramp: Ramp | None = None

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Shape:
        """The shape that `as_json` has written."""
        lists = {
            "traffic": tuple(Traffic(**one) for one in given["traffic"]),
            "outages": tuple(Outage(**one) for one in given["outages"]),
            "ramp": None if given["ramp"] is None else Ramp(**given["ramp"]),
        }
        return cls(**{**given, **lists})

    def as_json(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)

    def texts(self, who: Who) -> int:
        """How many texts people send, or CHT has due."""
        return sum(one.total() for one in self.traffic if one.who == who)

    @property
    def texts_in(self) -> int:
        """Texts that people send."""
        return self.texts("people")

    @property
    def texts_out(self) -> int:
        """Texts that CHT has due."""
        return self.texts("cht")

    @property
    def seconds(self) -> float:
        """How long it lasts, in its own time: until the last text is sent and the last outage is over."""
        return max([one.over() for one in self.traffic] + [one.ends for one in self.outages], default=0.0)

    def real_seconds(self) -> float:
        """How long it lasts in real time."""
        return self.seconds / self.compressed

    def with_texts(self, texts: int) -> Shape:
        """The same with so many texts each way, in the proportions of the shape.

        Of texts that come again and again there are nearly as many: equally many each time, at least one.
        """
        if texts == 0:
            return replace(self, traffic=(), ramp=None)
        if self.ramp is not None:
            ramp = replace(self.ramp, first=self.ramp.first * texts / self.texts_out)
            return replace(self, ramp=ramp, traffic=ramp.traffic())
        totals: dict[Who, int] = {"people": self.texts_in, "cht": self.texts_out}
        before: dict[Who, int] = {"people": 0, "cht": 0}
        traffic = []
        for one in self.traffic:
            earlier, before[one.who] = before[one.who], before[one.who] + one.total()
            share = round(texts * before[one.who] / totals[one.who]) - round(texts * earlier / totals[one.who])
            traffic.append(replace(one, texts=share if one.times == 1 else max(1, round(share / one.times))))
        return replace(self, traffic=tuple(traffic))

    def within(self, seconds: float) -> Shape:
        """The same within so many real seconds."""
        return replace(self, compressed=self.seconds / seconds) if self.seconds else self
