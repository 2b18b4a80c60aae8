"""A cheap client: plain sockets, kept alive, one request at a time on each."""

from __future__ import annotations

import json
import socket
from typing import Any
from urllib.parse import urlsplit


class Connection:
    """One HTTP/1.1 connection to the host of `url`."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._host = f"{address.hostname}:{address.port}"
        self._socket = socket.create_connection((address.hostname, address.port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def request(self, method: str, path: str, headers: str = "", body: bytes = b"") -> tuple[int, bytes]:
        """Status and body of the answer. `headers`: further lines, each with CRLF."""
        self.send(method, path, headers, body)
        return self.read_answer()

    def send(self, method: str, path: str, headers: str = "", body: bytes = b"") -> None:
        """Only send a request. Its answer must be read before the next one."""
        length = f"Content-Length: {len(body)}\r\nContent-Type: application/json\r\n" if body else ""
        head = f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\n{headers}{length}\r\n"
        self._socket.sendall(head.encode() + body)

    def fileno(self) -> int:
        """The file descriptor of the socket, for a selector."""
        return self._socket.fileno()

    def json(self, method: str, path: str, headers: str = "", body: Any = None) -> Any:
        """The JSON of a successful answer. Raises ValueError for any other."""
        status, answer = self.request(method, path, headers, b"" if body is None else json.dumps(body).encode())
        if status >= 300:
            raise ValueError(f"{method} {path}: {status} {answer[:300]!r}")
        return json.loads(answer) if answer else None

    def close(self) -> None:
        self._socket.close()

    def read_answer(self) -> tuple[int, bytes]:
        """Wait for the answer and return its status and body."""
        data = self._rest
        while (end := data.find(b"\r\n\r\n")) < 0:
            data += self._receive()
        head = data[:end].lower()
        start = head.index(b"content-length:") + 15
        length = int(head[start : head.find(b"\r\n", start) if b"\r\n" in head[start:] else len(head)])
        while len(data) < end + 4 + length:
            data += self._receive()
        self._rest = data[end + 4 + length :]
        return int(data[9:12]), data[end + 4 : end + 4 + length]

    def _receive(self) -> bytes:
        data = self._socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed the connection")
        return data
