"""A client of the stream of events, on a socket of its own, that can be cut off at any byte."""

from __future__ import annotations

import contextlib
import json
import socket
from collections.abc import Callable
from typing import Any

from tests.fakes.serving.raw import Address

Event = tuple[str, int | None, Any]
"""Name, id, data."""


class Watcher(contextlib.AbstractContextManager["Watcher"]):
    """One connection to `GET /events`, closed at the end of its `with` block."""

    def __init__(self, address: Address, query: str = "", last: int | None = None) -> None:
        self.events: list[Event] = []
        self.received = 0
        self._socket = socket.create_connection(address, timeout=10)
        header = "" if last is None else f"Last-Event-ID: {last}\r\n"
        self._socket.sendall(f"GET /events{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n".encode())
        self._data = b""
        while b"\r\n\r\n" not in self._data:
            self._read()
        self.head, _, self._data = self._data.partition(b"\r\n\r\n")
        self.status = int(self.head.split()[1])

    def until(self, holds: Callable[[list[Event]], bool]) -> list[Event]:
        """Read until `holds` of the events so far; fails after ten seconds of silence."""
        self._parse()
        while not holds(self.events):
            self._read()
            self._parse()
        return self.events

    def bytes(self, count: int, last: int) -> list[Event]:
        """Read so many bytes of events, at most to the exchange `last`; what has arrived whole with them."""
        while len(self._data) < count and f"id: {last}\n".encode() not in self._data:
            self._read()
        self._data = self._data[:count]
        self._parse()
        return self.events

    def close(self) -> None:
        self._socket.close()

    def __exit__(self, *_: object) -> None:
        self.close()

    def _read(self) -> None:
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError(f"the stream ended after {self.events}")
        self._data += data

    def _parse(self) -> None:
        *whole, self._data = self._data.split(b"\n\n")
        for block in whole:
            fields = dict(line.split(": ", 1) for line in block.decode().split("\n") if not line.startswith(":"))
            if "data" in fields:
                number = int(fields["id"]) if "id" in fields else None
                self.events.append((fields["event"], number, json.loads(fields["data"])))


def numbers(events: list[Event]) -> list[int | None]:
    """The numbers of the exchanges among the events."""
    return [number for name, number, _ in events if name == "exchange"]


def changed(events: list[Event]) -> set[str]:
    """The parts that have changed."""
    return {what for name, _, data in events if name == "changed" for what in data["what"]}
