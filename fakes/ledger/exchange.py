"""One request and its reply, as the ledger keeps them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple

from fakes.serving.wsgi import Reply

HEAD = 4096
"""Bytes that are kept of a body that is too long to be kept whole, or fewer if even these are too many."""


class Exchange(NamedTuple):
    """One request and its reply. `reply` is None if the caller got no complete reply.

    `direction` is `in` for requests to the fake service, `out` for calls that the fake itself makes (a webhook).
    `at` is the time of arrival; `seq` numbers exchanges in the order in which they ended. A body may be a `Cut`.
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


class Cut(bytes):
    """The first bytes of a body of which the rest is not kept. Equal to another if the whole bodies are equal.

    `length` is that of the whole body in bytes, `sha256` its hash as 32 bytes.
    """

    length: int
    sha256: bytes

    @classmethod
    def of(cls, body: bytes, longest: int) -> bytes:
        """`body` itself if it has at most `longest` bytes, else what is kept of it."""
        if len(body) <= longest:
            return body
        return _cut(body[: min(HEAD, longest)], len(body), hashlib.sha256(body).digest())

    def is_of(self, body: bytes) -> bool:
        """Whether this is what was kept of `body`."""
        return self.length == len(body) and self.sha256 == hashlib.sha256(body).digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Cut) and (self.length, self.sha256) == (other.length, other.sha256)

    def __hash__(self) -> int:
        return hash(self.sha256)

    def __reduce__(self) -> tuple[Any, ...]:
        return _cut, (bytes(self), self.length, self.sha256)


def _cut(head: bytes, length: int, sha256: bytes) -> Cut:
    cut = Cut(head)
    cut.length, cut.sha256 = length, sha256
    return cut


def with_body(reply: Reply, body: bytes) -> Reply:
    """The reply with what is kept of its body; its headers stay as they were sent."""
    return reply if body is reply.body else Reply(reply.status, reply.headers, body)
