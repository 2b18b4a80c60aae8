"""The stranger's relay as a process: `python -m tests.careful`, with the environment that a relay gets."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import requests

from tests.careful.choices import VARIANTS, Choices
from tests.careful.stranger import Stranger


@dataclass(frozen=True, slots=True)
class FromEnvironment:
    """The settings, as they are in the environment."""

    cht_url: str
    cht_user: str
    cht_password: str
    rapidpro_url: str
    rapidpro_token: str
    incoming_token: str
    database: str
    poll_seconds: float


class Server(ThreadingMixIn, WSGIServer):
    """One thread for each call."""

    daemon_threads = True


class Silent(WSGIRequestHandler):
    """Writes no log."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def read(environment: Any) -> FromEnvironment:
    """The settings of this environment."""
    names = [name for name in FromEnvironment.__slots__ if name != "poll_seconds"]
    values = {name: environment[f"RELAY_{name.upper()}"] for name in names}
    return FromEnvironment(**values, poll_seconds=float(environment.get("RELAY_POLL_SECONDS") or 60))


def choices_of(environment: Any) -> Choices:
    """The variant that STRANGER names; in real time it looks at states every second."""
    chosen = VARIANTS[environment.get("STRANGER") or next(iter(VARIANTS))]
    settle = float(environment.get("RELAY_SETTLE_SECONDS") or chosen.settle)
    return replace(chosen, first_look=1.0, growth=1.0, settle=settle)


def main() -> None:
    """Listen and work until SIGTERM."""
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    stranger = Stranger(read(os.environ), lambda: datetime.now(UTC), requests.Session(), choices_of(os.environ))
    host, _, port = os.environ["RELAY_LISTEN"].rpartition(":")
    server = make_server(host, int(port), stranger.app, Server, Silent)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    while True:
        stranger.work(datetime.now(UTC))
        time.sleep(0.1)


if __name__ == "__main__":
    main()
