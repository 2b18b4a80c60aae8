"""One HTTP request of a flow and its answer, as plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


class NoConnection(Exception):
    """There was no answer: refused, unknown host, or not in time."""


class BrokenOff(Exception):
    """An answer began and did not end; the engine treats it as one that is too large."""

    def __init__(self, status: int, headers: Mapping[str, str]) -> None:
        super().__init__("the answer broke off")
        self.status = status
        self.headers = headers


@dataclass(frozen=True, slots=True)
class Request:
    """A request; the headers are those that the flow sets."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def header(self, name: str) -> str:
        """A header, ignoring the case of its name; "" if it is absent."""
        return next((value for key, value in self.headers.items() if key.lower() == name), "")


Send = Callable[[Request], Answer]
"""Makes one exchange, follows no redirects. Raises NoConnection or BrokenOff."""
