"""What a subject asked for, from the calls of a history: how many requests of each kind, and when it was throttled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from conformance.history.model import Call
from conformance.planning.question import Span, merged

KINDS: Mapping[str, str] = {
    "send": "to send",
    "statuses": "for statuses",
    "other": "for other things",
    "throttled": "refused by the quota",
    "failed": "failed otherwise",
}
"""The kinds of requests to RapidPro. Each request is of one kind."""


def requests_to_rapidpro(calls: Iterable[Call]) -> Mapping[str, int]:
    """How many requests of each kind; all kinds, in the order of KINDS."""
    counted = Counter(kind(call) for call in calls if by_subject(call))
    return {name: counted[name] for name in KINDS}


def requests_to_cht(calls: Iterable[Call]) -> int:
    """How many requests a relay made to CHT; CHT has no quota."""
    return sum(call.service == "cht" and call.by_relay for call in calls)


def by_subject(call: Call) -> bool:
    """Whether the subject made this request to RapidPro."""
    return call.service == "rapidpro" and call.direction == "in"


def kind(call: Call) -> str:
    """The kind of a request to RapidPro."""
    if call.status == 429:
        return "throttled"
    if call.status is None or not 200 <= call.status < 300:
        return "failed"
    if call.method == "POST":
        return "send"
    return "statuses" if call.path.endswith("/messages.json") else "other"


def throttled_spans(calls: Iterable[Call], start: datetime) -> Sequence[Span]:
    """When RapidPro would not serve the subject: from each 429 on, for as long as its Retry-After says."""
    found = []
    for call in calls:
        wait = call.reply_headers.get("retry-after", "")
        if by_subject(call) and call.status == 429 and wait.isdigit():
            ends = call.at + timedelta(seconds=int(wait))
            found.append(((call.at - start).total_seconds(), (ends - start).total_seconds()))
    return merged(found)
