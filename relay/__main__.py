"""`python -m relay`: only this module reads the environment and the real clock, and only it loops."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from multiprocessing.pool import ThreadPool
from typing import Any

import structlog
from structlog.processors import JSONRenderer, TimeStamper, add_log_level, format_exc_info
from waitress.server import create_server  # type: ignore[import-untyped]  # neither it nor typeshed has types

from relay import Relay, Settings, SettingsError
from relay.database import ERRORS
from relay.http_client import open_session, steady
from relay.store import LOCKS
from relay.sync import SENDS_TOGETHER
from relay.web import SERVER, Standstill

MAX_SLEEP = 30.0
"""Seconds until a worker looks again, although nothing woke it: another relay may have stored something."""
TOGETHER = 0.02
"""Seconds that a worker waits after it was woken: texts that come at the same time are worked on together."""
STOP_SECONDS = 1.5
"""How long to wait at the end for each worker; a call that lasts longer is looked up or repeated after the next start.

The database is not closed: it is always as it must be when the process ends."""


def steady_clock() -> Callable[[], datetime]:
    """The time at the start and what has passed since: changes of the machine's clock do not show."""
    started, since = datetime.now(UTC), steady()
    return lambda: started + timedelta(seconds=steady() - since)


def main() -> int:
    """Serve until SIGTERM or SIGINT. Exit status 2 with one sentence if a setting is invalid."""
    log, now, stopping, wakes = _log(), steady_clock(), threading.Event(), {name: threading.Event() for name in LOCKS}

    def wake() -> None:
        for event in wakes.values():
            event.set()

    with ThreadPool(SENDS_TOGETHER) as pool:
        try:
            settings = Settings.from_env(os.environ)
            relay = Relay(settings, now=now, session=open_session(), log=log, wake=wake, starmap=pool.starmap)
            server = _open_server(relay, settings.listen)
        except SettingsError as error:
            print(error, file=sys.stderr)
            return 2
        args = [(relay, name, now, woken, stopping, log) for name, woken in wakes.items()]
        workers = [threading.Thread(target=_loop, args=arg, daemon=True) for arg in args]
        for worker in workers:
            worker.start()
        server.run()  # returns after SystemExit
        server.close()
        stopping.set()
        wake()
        for worker in workers:
            worker.join(STOP_SECONDS)
    return 0


def _open_server(relay: Relay, listen: str) -> Any:
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signal_number, lambda *_: sys.exit(0))
    try:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # web.SERVER says why
            server = create_server(relay.app, listen=listen, **SERVER)
    except (OSError, ValueError) as error:
        cause = str(getattr(error, "strerror", None) or error).rstrip(".")
        raise SettingsError(f"RELAY_LISTEN={listen} cannot be used: {cause}.") from None
    # A name such as localhost can have several addresses, and then the server has as many sockets.
    host, port = (getattr(server, "effective_listen", None) or [(server.effective_host, server.effective_port)])[0]
    print(json.dumps({"relay": f"http://{f'[{host}]' if ':' in host else host}:{port}"}), flush=True)
    return server


def _loop(relay: Relay, name: str, now: Callable[[], datetime], woken: Any, stopping: Any, log: Any) -> None:
    database = Standstill(log)
    while not stopping.is_set():
        woken.clear()
        wait = 5.0
        try:
            with database:
                wait = (relay.work_on(name, now()) - now()).total_seconds()
        except ERRORS:
            pass  # logged when it begins and when it is over
        except Exception as error:  # a bug must not end the loop: other stored texts can still be sent
            log.error("unexpected_error", cause=repr(error), exc_info=True)
        woken.wait(min(max(wait, 0.0), MAX_SLEEP))
        stopping.wait(TOGETHER)


def _log() -> Any:
    logging.getLogger("waitress").setLevel(logging.ERROR)
    processors: list[Any] = [add_log_level, TimeStamper(fmt="iso", utc=True), format_exc_info, JSONRenderer()]
    return structlog.wrap_logger(structlog.PrintLogger(sys.stderr), processors=processors)


if __name__ == "__main__":
    sys.exit(main())
