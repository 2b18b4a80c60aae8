"""`python -m relay`: only this module reads the environment and the real clock, and only it loops."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
from datetime import UTC, datetime
from typing import Any, NoReturn

import requests
import structlog
from sqlalchemy.exc import SQLAlchemyError
from waitress.server import create_server  # type: ignore[import-untyped]  # neither it nor typeshed has types

from relay import Relay, Settings, SettingsError
from relay.web import SERVER

MAX_SLEEP = 60.0
"""Seconds; limited so that a change of the machine's clock is noticed."""


def now() -> datetime:
    """The real time."""
    return datetime.now(UTC)


def main() -> int:
    """Serve until SIGTERM or SIGINT. Exit status 2 with one sentence if a setting is invalid."""
    log, wake = _log(), threading.Event()
    try:
        settings = Settings.from_env(os.environ)
        relay = Relay(settings, now=now, session=requests.Session(), log=log, wake=wake.set)
    except SettingsError as error:
        return _fail(str(error))
    try:
        server = create_server(relay.app, listen=settings.listen, **SERVER)
    except (OSError, ValueError) as error:
        relay.close()
        cause = str(getattr(error, "strerror", None) or error).rstrip(".")
        return _fail(f"RELAY_LISTEN={settings.listen} cannot be used: {cause}.")
    _serve(relay, server, wake, log)
    return 0


def _serve(relay: Relay, server: Any, wake: threading.Event, log: Any) -> None:
    stopping = threading.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, _stop)
    worker = threading.Thread(target=_loop, args=(relay, wake, stopping, log), daemon=True)
    worker.start()
    # A name such as localhost can have several addresses, and then the server has as many sockets.
    host, port = (getattr(server, "effective_listen", None) or [(server.effective_host, server.effective_port)])[0]
    print(json.dumps({"relay": f"http://{f'[{host}]' if ':' in host else host}:{port}"}), flush=True)
    server.run()  # returns after SystemExit
    stopping.set()
    wake.set()
    worker.join(timeout=30)  # until the current call ends or times out
    server.close()
    if not worker.is_alive():
        relay.close()


def _loop(relay: Relay, wake: threading.Event, stopping: threading.Event, log: Any) -> None:
    while not stopping.is_set():
        wake.clear()
        wait = 5.0
        try:
            wait = (relay.work(now()) - now()).total_seconds()
        except (SQLAlchemyError, OSError) as error:
            log.error("database_error", cause=type(error).__name__)
        except Exception as error:  # a bug must not end the loop: other stored texts can still be sent
            log.error("unexpected_error", cause=repr(error), exc_info=True)
        wake.wait(min(max(wait, 0.0), MAX_SLEEP))


def _stop(*_: Any) -> NoReturn:
    raise SystemExit(0)


def _fail(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 2


def _log() -> Any:
    logging.getLogger("waitress").setLevel(logging.ERROR)
    return structlog.wrap_logger(
        structlog.PrintLogger(sys.stderr),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )


if __name__ == "__main__":
    sys.exit(main())
