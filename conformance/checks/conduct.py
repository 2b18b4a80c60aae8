"""How the subject behaves towards its neighbours: quotas, secrets, unexpected requests."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import PurePosixPath

from conformance.checks.violation import Violation
from conformance.history.model import Call, History

SLACK = timedelta(milliseconds=100)
"""Tolerance for requests that were already on their way when RapidPro answered 429."""

HIDDEN = re.compile(r"\[hidden:([^\]]+)\]")

NOT_GIVEN = frozenset({"cht:password of admin"})
"""Secrets that no relay is given, so that it cannot reveal them. A short one is found in ordinary words: `pass` in
`passed` or `dépasse`."""


def scope(call: Call) -> str:
    """The quota that a RapidPro request counts towards (RapidPro, `temba/api/v2/views.py`, `throttle_scope`)."""
    name = PurePosixPath(call.path).name.removesuffix(".json")
    return name if name in {"broadcasts", "messages", "contacts", "runs"} else "others"


def called_while_throttled(history: History) -> Iterator[Violation]:
    """A request for which RapidPro had answered 429, before the time in its Retry-After had passed."""
    until: dict[str, tuple[Call, timedelta]] = {}
    for call in sorted(history.calls, key=lambda one: (one.at, one.seq)):
        if call.service != "rapidpro" or call.direction != "in":
            continue
        quota = scope(call)
        if quota in until:
            refused, wait = until[quota]
            if refused.at + SLACK < call.at < refused.at + wait - SLACK:
                yield Violation(
                    "called_while_throttled",
                    "throttle-ignored",
                    f"{call.method} {call.path} came {(call.at - refused.at).total_seconds():.1f} s after a 429 that "
                    f"asked for {wait.total_seconds():.0f} s",
                )
        wait_for = call.reply_headers.get("retry-after", "")
        if call.status == 429 and wait_for.isdigit() and quota not in _still(until, call):
            until[quota] = (call, timedelta(seconds=int(wait_for)))


def _still(until: dict[str, tuple[Call, timedelta]], call: Call) -> set[str]:
    """The quotas whose waiting time has not passed at the time of `call`: a further 429 does not prolong it."""
    return {quota for quota, (refused, wait) in until.items() if call.at < refused.at + wait - SLACK}


def secret_leaked(history: History) -> Iterator[Violation]:
    """A secret where it does not belong: in a path, a body, another header, or in a request to the wrong service.

    The ledger replaces secrets by `[hidden:OWNER:NAME]`, so that they can be found but not read.
    """
    for call in history.calls:
        if call.direction != "in":
            continue
        places = {"path": call.path, "query": call.query, "body": call.body, **call.headers}
        for place, value in places.items():
            if "[hidden:" not in value:  # nearly always; quicker than the regular expression
                continue
            for name in HIDDEN.findall(value):
                owner = name.split(":", 1)[0]
                if name in NOT_GIVEN:
                    continue
                if place != "authorization" or owner != call.service:
                    yield Violation(
                        "secret_leaked",
                        "secret-leaked",
                        f"{call.method} {call.path}: {place} contains the secret {name}",
                    )


def unexpected_call(history: History) -> Iterator[Violation]:
    """A request that makes no sense: an unknown path, or a method that the path does not support."""
    for call in history.calls:
        if call.direction == "in" and call.unexpected:
            yield Violation("unexpected_call", "unexpected", f"{call.method} {call.path}: {call.unexpected}")
