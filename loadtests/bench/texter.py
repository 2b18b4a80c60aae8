"""`python -m loadtests.bench.texter`: texts to a relay's webhook as fast as it answers, from a process of its own.

One thread and plain sockets, so that a text costs this process a twentieth of what it costs the relay.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from typing import Any
from urllib.parse import urlsplit

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
        address = urlsplit(url)
        self._address, self._run = (address.hostname, address.port), run
        self._head = (
            f"POST {address.path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Token {token}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        )
        self.count, self.latencies = 0, list[float]()
        self._sent_at: dict[socket.socket, float] = {}

    def text(self, connections: int, seconds: float) -> dict[str, Any]:
        """Send texts for that many seconds. Raises ValueError for any answer but 200."""
        began = time.monotonic()
        with selectors.DefaultSelector() as selector:
            for _ in range(connections):
                connection = socket.create_connection(self._address)
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                selector.register(connection, selectors.EVENT_READ)
                self._send(connection)
            while selector.get_map():
                for key, _ in selector.select():
                    self._answered(key.fileobj)
                    if time.monotonic() < began + seconds:
                        self._send(key.fileobj)
                    else:
                        selector.unregister(key.fileobj)
                        key.fileobj.close()  # type: ignore[union-attr]  # only sockets are registered
        wall = time.monotonic() - began
        return {
            "texts": self.count,
            "per_second": self.count / wall,
            "p99_ms": percentile(self.latencies, 0.99) * 1000,
        }

    def _send(self, connection: Any) -> None:
        body = json.dumps({"id": f"{self._run}-{self.count}", "from": number(self.count), "content": words(self.count)})
        self.count += 1
        self._sent_at[connection] = time.monotonic()
        connection.sendall(f"{self._head}{len(body)}\r\n\r\n{body}".encode())

    def _answered(self, connection: Any) -> None:
        answer = connection.recv(65536)
        while answer and not answer.endswith(b"}"):
            answer += connection.recv(65536)
        if not answer.startswith(b"HTTP/1.1 200 "):
            raise ValueError(f"a text was answered {answer[:300]!r}")
        self.latencies.append(time.monotonic() - self._sent_at[connection])


def main() -> None:
    """Arguments: URL of the webhook, token, name of the run, connections, seconds. Prints JSON."""
    url, token, run, connections, seconds = sys.argv[1:]
    print(json.dumps(Texter(url, token, run).text(int(connections), float(seconds))))


if __name__ == "__main__":
    main()
