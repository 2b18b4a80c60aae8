"""Calls of one fake service to another, without a relay between: the ledger has each of them once at each end."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import unquote

from fakes.ledger import Exchange, Ledger

OF_RAPIDPRO = ("RapidProMailroom/", "Mailroom/")
"""How the User-Agent header begins in calls of mailroom, in one version or another."""
NEAR = 100
"""A call ends soon after the exchange at its other end: at most so many numbers after it."""


def other_end(exchange: Exchange, ledger: Ledger) -> str | None:
    """The service that made this request to a fake, or the fake that a call of RapidPro reached; None if neither."""
    if exchange.direction == "out":
        return callee(exchange, ledger.after(exchange.seq - NEAR, limit=NEAR, skip_dropped=True))
    return "rapidpro" if exchange.headers.get("user-agent", "").startswith(OF_RAPIDPRO) else None


def callee(call: Exchange, near: Iterable[Exchange]) -> str | None:
    """The service among those of `near` that has this call as a request: the same, arrived since the call began."""
    same = (one for one in near if one.seq < call.seq and one.direction == "in" and _parts(one) == _parts(call))
    return next((one.service for one in same if one.at >= call.at and one.service != call.service), None)


def _parts(exchange: Exchange) -> tuple[object, ...]:
    return exchange.method, unquote(exchange.path), exchange.query, exchange.body
