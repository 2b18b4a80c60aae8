"""The best possible: when each text is out if a relay makes every request at the earliest moment that is allowed.

No relay can be quicker. RapidPro's quota is a sliding window (Django REST framework's SimpleRateThrottle, as
`fakes/rapidpro/api/http/throttle.py` says): the nth request is allowed when the one that is a quota before it has left
the window. Texts differ, so each is a request of its own. The channel then sends so many texts in each second.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from conformance.planning.question import Outage, Span, merged

PAGE = 250
"""Messages on one page of RapidPro's API."""
LARGEST_QUOTA = 1_000_000


def best_times(texts: int, quota: int, period: float, tps: int, outages: Sequence[Outage] = ()) -> list[float]:
    """When each text is out at the earliest, in seconds after all became due.

    `quota` requests are allowed in `period` seconds. To send each text at the first moment possible is best: whatever
    else a relay does, its nth request is not earlier.
    """
    closed = sending_impossible(outages)
    accepted: list[float] = []
    for position in range(texts):
        allowed = accepted[position - quota] + period if position >= quota else 0.0
        accepted.append(_opened(allowed, closed))
    return _through_channel(accepted, tps)


def sending_impossible(outages: Sequence[Outage]) -> Sequence[Span]:
    """When no relay can send: RapidPro is down, or CHT is from the start on, so that nobody has got the texts yet.

    A relay can get all texts at once; after that an outage of CHT keeps no text back.
    """
    before = merged((one.begins, one.ends) for one in outages if one.service == "cht")
    down = [(one.begins, one.ends) for one in outages if one.service == "rapidpro"]
    return merged([*down, *(span for span in before if span[0] == 0)])


def best_requests(texts: int) -> int:
    """The fewest requests to RapidPro: one for each text, and one listing of all statuses, page by page."""
    return texts + math.ceil(texts / PAGE)


def smallest_quota(texts: int, within: float, period: float, tps: int, outages: Sequence[Outage] = ()) -> int | None:
    """The smallest quota under which the last text can be out `within` these seconds; None if the quota is not why."""
    low, high = 1, min(texts, LARGEST_QUOTA)
    if best_times(texts, high, period, tps, outages)[-1] > within:
        return None
    while low < high:
        middle = (low + high) // 2
        if best_times(texts, middle, period, tps, outages)[-1] <= within:
            high = middle
        else:
            low = middle + 1
    return high


def _opened(moment: float, closed: Sequence[Span]) -> float:
    """The moment, or the end of the span in which it is."""
    return next((ends for begins, ends in closed if begins <= moment < ends), moment)


def _through_channel(accepted: Sequence[float], tps: int) -> list[float]:
    """When the channel sends each text: in order, `tps` in each whole second."""
    out: list[float] = []
    second, used = -1, 0
    for moment in accepted:
        if math.floor(moment) > second:
            second, used = math.floor(moment), 0
        elif used >= tps:
            second, used = second + 1, 0
        used += 1
        out.append(max(moment, float(second)))
    return out
