"""How much of RapidPro's quota was left, by scope: from what the subject asked, counted in the window that slides.

Source: `fakes/rapidpro/api/http/throttle.py`. Only granted requests count. A 429 says that nothing is left for as long
as its Retry-After asks, also when a fault answered it, or others had used the quota.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from conformance.history.model import Call
from conformance.planning.calls import by_subject, throttled_spans
from conformance.planning.question import Span
from fakes.rapidpro.api.http.throttle import parse_rate
from fakes.rapidpro.api.routes import PREFIX, endpoints
from fakes.rapidpro.versions.profiles import PROFILES
from loadtests.shapes.model import UNLIMITED

NOT_GRANTED = frozenset({401, 403, 405, 406, 429})
"""RapidPro refuses these before, or instead of, counting a request."""


@dataclass(frozen=True, slots=True)
class Scope:
    """One scope: so many requests are `allowed` in `period` seconds. `granted` are moments in order of time.

    `refused` is how many requests got a 429, and `closed` when nothing was left because of them, in
    order of time.
    """

    name: str
    rate: str
    allowed: int
    period: int
    granted: tuple[float, ...]
    refused: int
    closed: Sequence[Span]

    @property
    def limited(self) -> bool:
        """Whether anybody could use it up."""
        return self.allowed < UNLIMITED

    def left(self, at: float) -> int:
        """The requests that RapidPro would have granted at this moment, those of this moment deducted."""
        place = bisect.bisect_right(self.closed, at, key=lambda span: span[0])
        if place and at < self.closed[place - 1][1]:
            return 0
        counted = bisect.bisect_right(self.granted, at) - bisect.bisect_right(self.granted, at - self.period)
        return max(0, self.allowed - counted)

    def fewest(self) -> tuple[int, float | None]:
        """The fewest that were left, and when first; all and None if nothing was asked."""
        moments = sorted({*self.granted, *(begins for begins, _ in self.closed)})
        found = min(((self.left(at), at) for at in moments), default=None)
        return found or (self.allowed, None)


def scopes(calls: Iterable[Call], rates: Mapping[str, str], profile: str, began: datetime) -> tuple[Scope, ...]:
    """All scopes of this version, with what the subject asked in each."""
    known = endpoints(PROFILES[profile])
    by_scope: dict[str, list[Call]] = {name: [] for name in rates}
    for call in calls:
        name = call.path.removeprefix(PREFIX).rstrip("/").removesuffix(".json").removesuffix(".api")
        if by_subject(call) and call.path.startswith(PREFIX) and name in known:
            by_scope.setdefault(known[name].scope, []).append(call)
    return tuple(_scope(name, rates[name], asked, began) for name, asked in by_scope.items() if name in rates)


def _scope(name: str, rate: str, asked: Sequence[Call], began: datetime) -> Scope:
    allowed, period = parse_rate(rate)
    granted = sorted((call.at - began).total_seconds() for call in asked if _granted(call))
    refused = sum(call.status == 429 for call in asked)
    return Scope(name, rate, allowed, period, tuple(granted), refused, throttled_spans(asked, began))


def _granted(call: Call) -> bool:
    """Whether RapidPro counted this request. If nobody got the answer, or a spoilt one, it did so all the same."""
    return call.acted and call.status not in NOT_GRANTED
