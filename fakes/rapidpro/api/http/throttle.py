"""How many requests a workspace may make: a sliding window per workspace and scope.

Source: Django REST framework's SimpleRateThrottle as rapidpro temba/api/support.py uses it. Only granted requests
count; Retry-After is the time until the oldest one leaves the window.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from fakes.clock import Clock
from fakes.rapidpro.api.http.wire import ApiError

MAX_COUNTED = 100_000
"""A larger quota is exhausted by noting the time, not by adding that many entries."""
MANY_OWNERS = 1000
"""So many used quotas are few enough to keep those whose time has passed."""
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def parse_rate(rate: str) -> tuple[int, int]:
    """`2500/hour` as (2500, 3600). Raises ValueError."""
    number, slash, period = rate.partition("/")
    if not slash or not number.strip().isdecimal() or not period or period[0] not in SECONDS:
        raise ValueError(
            f"a rate is a number, a slash and second, minute, hour or day, such as 2500/hour; got {rate!r}"
        )
    return int(number[:18]), SECONDS[period[0]]


class Usage(NamedTuple):
    """A quota at this moment. `refills_at`: when one more request than now is allowed, as seconds since 1970; None if
    nothing is used, or nothing is ever allowed."""

    rate: str
    used: int
    left: int
    refills_at: float | None


class Throttle:
    """Counts granted requests. `key` is the owner of the quota: a workspace, one of its users, or an address."""

    def __init__(self, clock: Clock, rates: Mapping[str, str]) -> None:
        self._clock = clock
        self._granted: dict[tuple[str, str], deque[float]] = {}
        self._exhausted_at: dict[tuple[str, str], float] = {}
        self._expires_at: dict[tuple[str, str], float] = {}
        self._sweep_at = MANY_OWNERS
        self.rates: dict[str, str] = {}
        self._parsed: dict[str, tuple[int, int]] = {}
        self._overrides: dict[tuple[str, str], tuple[int, int]] = {}
        self.set_rates(rates)

    def set_rates(self, rates: Mapping[str, str]) -> None:
        """Replace all rates. Raises ValueError for an invalid one."""
        parsed = {scope: parse_rate(rate) for scope, rate in rates.items()}
        self.rates, self._parsed = dict(rates), parsed

    def reset(self) -> None:
        """Forget all counted requests."""
        self._granted.clear()
        self._exhausted_at.clear()
        self._expires_at.clear()
        self._overrides.clear()

    def grant(self, scope: str, key: str, overrides: Mapping[str, str]) -> None:
        """Count a request, or refuse it with 429."""
        allowed, period = self._limit(scope, key, overrides)
        now = self._clock.timestamp()
        granted = self._granted.get((scope, key))
        if granted is None:
            self._forget_expired(now)
            granted = self._granted[scope, key] = deque()
        elif self._expires_at.get((scope, key), now) < now:  # a longer period applied in between: its entries are gone
            granted.clear()
        while granted and granted[0] <= now - period:
            granted.popleft()
        full_since = self._exhausted_at.get((scope, key)) if self._exhausted_at else None
        if full_since is not None and full_since > now - period:
            raise throttled(period - (now - full_since))
        if len(granted) >= allowed:
            raise throttled(_wait(granted, allowed, period, now))
        granted.append(now)
        self._expires_at[scope, key] = now + period

    def _forget_expired(self, now: float) -> None:
        """Callers without a token have a quota for each address: those of yesterday need no room."""
        if len(self._granted) >= self._sweep_at:
            for owner in [owner for owner, until in self._expires_at.items() if until < now]:
                self._granted.pop(owner, None)
                del self._expires_at[owner]
            self._sweep_at = max(MANY_OWNERS, 2 * len(self._granted))

    def usage(self, scope: str, key: str, overrides: Mapping[str, str]) -> Usage:
        """How much of a quota is used. Counts nothing and forgets nothing."""
        allowed, period = self._limit(scope, key, overrides)
        rate, now = overrides.get(scope) or self.rates[scope], self._clock.timestamp()
        full_since = self._exhausted_at.get((scope, key))
        if full_since is not None and full_since > now - period:
            return Usage(rate, allowed, 0, full_since + period)
        known = self._expires_at.get((scope, key), now) >= now
        counted = [at for at in self._granted.get((scope, key), ()) if known and at > now - period]
        over = max(0, len(counted) - allowed)  # more than are now allowed: the rate was lowered
        refills_at = counted[over] + period if over < len(counted) else None
        return Usage(rate, len(counted), max(0, allowed - len(counted)), refills_at)

    def version(self) -> object:
        """Differs whenever a quota may have been used or set since, as far as one who compares now and then sees."""
        counted = sum(map(len, self._granted.values()))
        return counted, dict(self._expires_at), dict(self._exhausted_at), dict(self.rates)

    def exhaust(self, keys: Mapping[str, Mapping[str, str]]) -> None:
        """Exhaust the quota of every scope now, for these keys (with the rate overrides of each)."""
        now = self._clock.timestamp()
        for key, overrides in keys.items():
            for scope in self._parsed:
                allowed, _ = self._limit(scope, key, overrides)
                granted = self._granted.setdefault((scope, key), deque())
                if allowed > MAX_COUNTED:
                    self._exhausted_at[scope, key] = now
                else:
                    granted.extend([now] * (allowed - len(granted)))

    def _limit(self, scope: str, key: str, overrides: Mapping[str, str]) -> tuple[int, int]:
        if not overrides or scope not in overrides:
            return self._parsed[scope]
        if (scope, key) not in self._overrides:
            self._overrides[scope, key] = parse_rate(overrides[scope])
        return self._overrides[scope, key]


def _wait(granted: deque[float], allowed: int, period: int, now: float) -> float | None:
    """Seconds until the oldest request leaves the window; None if more were granted than are now allowed."""
    if len(granted) > allowed:
        return None
    return period - (now - granted[0]) if granted else period


def throttled(wait: float | None) -> ApiError:
    """The 429 with the seconds to wait, if they are known."""
    text = "Request was throttled."
    if wait is None:
        return ApiError(429, {"detail": text})
    seconds = math.ceil(wait)
    text += f" Expected available in {seconds} second{'' if seconds == 1 else 's'}."
    return ApiError(429, {"detail": text}, (("Retry-After", str(seconds)),))
