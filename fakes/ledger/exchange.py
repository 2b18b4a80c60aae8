"""One request and its reply, as the ledger keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal, NamedTuple

from fakes.serving.wsgi import Reply


class Exchange(NamedTuple):
    """One request and its reply. `reply` is None if the caller got no complete reply.

    `direction` is `in` for requests to the fake service, `out` for calls that the fake itself makes (a webhook).
    `at` is the time of arrival; `seq` numbers exchanges in the order in which they ended.
    """

    seq: int
    at: datetime
    service: str
    direction: Literal["in", "out"]
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    reply: Reply | None
    acted: bool = True
    fault: str | None = None
    unexpected: str | None = None
    error: str | None = None
