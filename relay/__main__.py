"""`python -m relay`: the only place that reads the environment and the real clock, and the only loop."""

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
from waitress.server import create_server  # type: ignore[import-untyped]  # it has no types, nor has typeshed

from relay import Relay, Settings, SettingsError
from relay.web import LARGEST_BODY

LONGEST_SLEEP = 60.0
"""Seconds; so that a change of the machine's clock is noticed."""


def now() -> datetime:
    """The real time."""
    return datetime.now(UTC)


def main() -> int:
    """Serve until told to stop. Exit status 2 with one sentence when the environment is wrong."""
    log, awake = _log(), threading.Event()
    try:
        settings = Settings.from_env(os.environ)
        relay = Relay(settings, now=now, session=requests.Session(), log=log, wake=awake.set)
    except SettingsError as error:
        return _refuse(str(error))
    try:
        server = create_server(relay.app, listen=settings.listen, threads=8, max_request_body_size=LARGEST_BODY * 2)
    except (OSError, ValueError) as error:
        relay.close()
        cause = str(getattr(error, "strerror", None) or error).rstrip(".")
        return _refuse(f"RELAY_LISTEN={settings.listen} cannot be used: {cause}.")
    _serve(relay, server, awake, log)
    return 0


def _serve(relay: Relay, server: Any, awake: threading.Event, log: Any) -> None:
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    worker = threading.Thread(target=_loop, args=(relay, awake, stopping, log), daemon=True)
    worker.start()
    # A name such as localhost can stand for several addresses: then there are as many sockets.
    host, port = (getattr(server, "effective_listen", None) or [(server.effective_host, server.effective_port)])[0]
    print(json.dumps({"relay": f"http://{f'[{host}]' if ':' in host else host}:{port}"}), flush=True)
    server.run()  # until SystemExit
    stopping.set()
    awake.set()
    worker.join(timeout=30)  # a call under way ends or times out
    server.close()
    if not worker.is_alive():
        relay.close()


def _loop(relay: Relay, awake: threading.Event, stopping: threading.Event, log: Any) -> None:
    while not stopping.is_set():
        awake.clear()
        wait = 5.0
        try:
            wait = (relay.work(now()) - now()).total_seconds()
        except (SQLAlchemyError, OSError) as error:
            log.error("database", cause=type(error).__name__)
        except Exception as error:  # a defect of ours must not end the loop: what is on disk can still be served
            log.error("defect", cause=repr(error), exc_info=True)
        awake.wait(min(max(wait, 0.0), LONGEST_SLEEP))


def _stop(*_: Any) -> NoReturn:
    raise SystemExit(0)


def _refuse(sentence: str) -> int:
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
