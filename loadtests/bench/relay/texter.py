"""`python -m loadtests.bench.relay.texter`: texts to a relay's webhook as fast as it answers, from its own process.

One thread and plain sockets, so that a text costs this process a twentieth of what it costs the relay.
"""

from __future__ import annotations

import contextlib
import json
import selectors
import sys
import time
from typing import Any
from urllib.parse import urlsplit

from loadtests.bench.servers.client import Connection
from loadtests.gates import percentile

PEOPLE = 200


def number(count: int) -> str:
    """The phone that sends the text with this count."""
    return f"+2507880{count % PEOPLE:05}"


def words(count: int) -> str:
    """What the text with this count says."""
    return f"Report number {count}"


class Texter:
    """Keeps one text on its way on each of its connections."""

    def __init__(self, url: str, token: str, run: str) -> None:
        self._url, self._path, self._run = url, urlsplit(url).path, run
        self._headers = f"Authorization: Token {token}\r\n"
        self.count, self.latencies = 0, list[float]()
        self._sent_at: dict[Connection, float] = {}

    def text(self, connections: int, seconds: float) -> dict[str, Any]:
        """Send texts for that many seconds. Raises ValueError for any answer but 200."""
        began = time.monotonic()
        with selectors.DefaultSelector() as selector, contextlib.ExitStack() as stack:
            for _ in range(connections):
                connection = Connection(self._url)
                stack.callback(connection.close)
                selector.register(connection, selectors.EVENT_READ, connection)
                self._send(connection)
            while selector.get_map():
                for key, _ in selector.select():
                    self._read_answer(key.data)
                    if time.monotonic() < began + seconds:
                        self._send(key.data)
                    else:
                        selector.unregister(key.data)
        wall = time.monotonic() - began
        return {
            "texts": self.count,
            "per_second": self.count / wall,
            "p99_ms": percentile(self.latencies, 0.99) * 1000,
        }

    def _send(self, connection: Connection) -> None:
        text = {"id": f"{self._run}-{self.count}", "from": number(self.count), "content": words(self.count)}
        self.count += 1
        self._sent_at[connection] = time.monotonic()
        connection.send("POST", self._path, self._headers, json.dumps(text).encode())

    def _read_answer(self, connection: Connection) -> None:
        status, answer = connection.read_answer()
        if status != 200:
            raise ValueError(f"a text was answered {status}: {answer[:300]!r}")
        self.latencies.append(time.monotonic() - self._sent_at[connection])


def main() -> None:
    """Arguments: URL of the webhook, token, name of the run, connections, seconds. Prints JSON."""
    url, token, run, connections, seconds = sys.argv[1:]
    print(json.dumps(Texter(url, token, run).text(int(connections), float(seconds))))


if __name__ == "__main__":
    main()
