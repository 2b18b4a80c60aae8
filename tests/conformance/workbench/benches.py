"""A workbench in virtual time whose clock stands still, and its control API, called without sockets."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from conformance.workbench.settings import BenchSettings
from conformance.workbench.start import Workbench
from fakes.serving.wsgi import Reply, build_environ, call

AMINA, GRACE = "+250788123001", "+250788123002"
BEGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
DAY = 86400


class Hand:
    """Somebody who uses a workbench."""

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench

    def reply(self, method: str, path: str, body: Any = None) -> Reply:
        path, _, query = path.partition("?")
        raw = b"" if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"} if raw else {}
        return call(self.bench.control, build_environ(method, path, query, headers, raw))

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        reply = self.reply(method, path, body)
        assert reply.status < 300, (method, path, reply.status, reply.body)
        return json.loads(reply.body)

    def text(self, number: str, words: str) -> Any:
        return self.ask("POST", f"/rapidpro/phones/{number}/texts", {"text": words})

    def due(self, number: str, words: str, at: str | None = None) -> Any:
        return self.ask("POST", "/cht/messages", {"number": number, "text": words, "due": at})

    def step(self, seconds: float) -> Any:
        return self.ask("POST", "/clock/advance", {"seconds": seconds})

    def received(self, number: str) -> list[str]:
        texts = self.ask("GET", f"/rapidpro/phones/{number}/texts")["texts"]
        return [one["text"] for one in texts if one["direction"] == "received"]

    def scenario(self) -> Any:
        return self.ask("POST", "/session/export", {"as": "scenario"})


@contextlib.contextmanager
def bench(**changes: Any) -> Iterator[Hand]:
    """A workbench; its clock stands still until somebody moves it."""
    values: dict[str, Any] = {"profile": "26", "seed": 1, "poll_seconds": 20.0, "virtual": True, "now": BEGIN}
    made = Workbench(BenchSettings(**{**values, **changes}))
    try:
        yield Hand(made)
    finally:
        made.close()
