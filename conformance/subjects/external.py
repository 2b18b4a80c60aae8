"""Any relay over HTTP: one that runs already, or one started here with a command (it can be killed and restarted)."""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from conformance.interruptions import deferred_signals
from conformance.services.neighbours import Neighbours
from conformance.subjects.base import Capability, GatewayRelay
from conformance.subjects.own_environment import filled
from conformance.subjects.process_group import describe_status, end_group, has_ended
from conformance.subjects.process_guard import Guard
from conformance.subjects.work_folder import WorkFolder
from conformance.verdicts import HarnessBroken, SubjectFailed, Untestable
from fakes.redaction import Redaction

PATH = "/api/v2/sms/rapidpro/incoming-messages"
START_SECONDS = 20.0
FOUND_SECONDS = 3.0
"""How long to wait for a relay that should be running already."""
SETTLE_SECONDS = 2.0
"""RELAY_SETTLE_SECONDS, which may be short here: an accepted broadcast is visible in the fakes at once."""


class ExternalRelay(GatewayRelay):
    """A relay at `url`, started with `command` if one is given, with the environment that `python -m relay` takes.

    The end of its output is shown if it does not start, or ends by itself. `poll_seconds` becomes RELAY_POLL_SECONDS.
    It ends with the harness, even if the harness is killed. In `log_folder` its output can be kept (`keep_log`).
    `environment` has variables that only it knows (`own_environment`). `start_seconds`: how long it may take to listen.
    """

    def __init__(
        self,
        url: str,
        command: str | None = None,
        *,
        name: str = "relay",
        poll_seconds: float = 1,
        log_folder: Path | None = None,
        environment: Mapping[str, str] = MappingProxyType({}),
        start_seconds: float | None = None,
    ) -> None:
        self.name = name
        self.capabilities = frozenset(
            {Capability.CHT_OUTSIDE, Capability.STATES} | ({Capability.RESTART} if command else set())
        )
        self.poll_seconds = poll_seconds
        self.kills = 0
        self._url = url.rstrip("/")
        self._command = command
        self._environment = environment
        self._start_seconds = start_seconds or (START_SECONDS if command else FOUND_SECONDS)
        self._files = WorkFolder(log_folder)
        self._neighbours: Neighbours | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._guard = Guard()
        self._generation = 0

    def describe(self) -> dict[str, Any]:
        return {"name": self.name, "kind": "http", "url": self._url, "command": self._command, "time": "real"}

    def start(self, neighbours: Neighbours) -> None:
        self._neighbours = neighbours
        if self._command is not None:
            self._generation += 1
            self.restart()
        self._await_port()

    def webhook_url(self) -> str:
        return self._url + PATH

    def webhook_token(self) -> str:
        if self._neighbours is None:
            raise HarnessBroken("the subject is used before it was started: call start(neighbours) first")
        return self._neighbours.incoming_token

    def stop(self) -> None:
        self._end(signal.SIGTERM)
        self._guard.close()
        self._files.remove()

    def printed(self) -> str:
        """What it has printed since this was last asked; whole lines only. Nothing if the harness did not start it."""
        return self._files.printed()

    @property
    def pid(self) -> int | None:
        """The process that was started here, while it runs."""
        process = self._process
        return None if process is None else process.pid

    @property
    def log_path(self) -> Path | None:
        """The file with what it has printed; None if the harness did not start it."""
        return None if self._command is None else self._files.log()

    def log_tail(self, lines: int) -> tuple[str, ...]:
        """The last lines that it has printed, without secrets."""
        return tuple(self._hidden(self._files.tail()).splitlines()[-lines:])

    def keep_log(self) -> None:
        """Let the file with its output outlive it, if there is a `log_folder`."""
        self._files.keep_log()

    def kill(self) -> None:
        if self._command is None:
            raise Untestable(f"the harness did not start {self.name}: use --subject-command so that it can kill it")
        self._end(signal.SIGKILL)
        self.kills += 1

    def restart(self) -> None:
        if self._command is None or self._neighbours is None:
            raise Untestable(f"the harness did not start {self.name}: use --subject-command so that it can restart it")
        self._check_free()
        with deferred_signals():
            try:
                self._process = self._started(self._command, self._neighbours)
            except OSError as failure:
                raise HarnessBroken(f"{self._command} cannot be started: {failure.strerror or failure}") from None
            self._guard.watch(self._process.pid)
        self._await_port()

    def check_alive(self) -> None:
        """SubjectFailed with its last output if the process that was started here has ended by itself."""
        process = self._process  # another thread may be ending it
        if process is not None and has_ended(process):
            raise SubjectFailed(f"the relay has ended by itself: {self._ended(process)}")

    def _ended(self, process: subprocess.Popen[bytes]) -> str:
        return f"{self._command} {describe_status(process.returncode)}{self._tail()}"

    def _started(self, command: str, neighbours: Neighbours) -> subprocess.Popen[bytes]:
        with self._files.log().open("ab") as log:
            return subprocess.Popen(
                shlex.split(command),
                env={**os.environ, **self.environment(neighbours)},
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,  # so that its children end with it
            )

    def next_due(self) -> datetime | None:
        return None

    def work(self) -> None:
        """Nothing: it works by itself."""

    def environment(self, neighbours: Neighbours) -> Mapping[str, str]:
        """The environment variables of the command, besides those of this process."""
        address = urlsplit(self._url)
        folder = self._files.path()
        usual = {
            **neighbours.environment(),
            "RELAY_LISTEN": f"{address.hostname}:{address.port}",
            "RELAY_DATABASE": f"sqlite:///{folder / f'relay-{self._generation}.db'}",
            "RELAY_POLL_SECONDS": f"{self.poll_seconds:g}",
            "RELAY_SETTLE_SECONDS": f"{SETTLE_SECONDS:g}",
        }
        return {**usual, **filled(self._environment, usual, folder)}

    def _check_free(self) -> None:
        """HarnessBroken if something else listens there: it would be taken for the relay."""
        address = urlsplit(self._url)
        with contextlib.suppress(OSError):
            socket.create_connection((address.hostname or "127.0.0.1", address.port or 80), timeout=1).close()
            raise HarnessBroken(f"{self._url} is in use already: stop the program there, or choose another port")

    def _await_port(self) -> None:
        address = urlsplit(self._url)
        end = time.monotonic() + self._start_seconds
        while True:
            try:
                socket.create_connection((address.hostname or "127.0.0.1", address.port or 80), timeout=1).close()
                return
            except OSError as failure:
                if self._process is not None and has_ended(self._process):
                    raise HarnessBroken(self._ended(self._process)) from None
                if time.monotonic() > end:
                    raise HarnessBroken(self._silence(failure)) from None
                time.sleep(0.02)

    def _silence(self, failure: OSError) -> str:
        why = failure.strerror or str(failure)
        if self._process is None:
            return f"no relay answers at {self._url}: {why}; start it first, or use --subject-command"
        return (
            f"no relay answers at {self._url}: {why}; {self._command} was started {self._start_seconds:.0f} s ago and "
            f"is running, but does not listen at the address in RELAY_LISTEN{self._tail()}"
        )

    def _tail(self) -> str:
        text = self._hidden(self._files.tail())[-1500:]
        return f"; its last output:\n{text}" if text else ""

    def _hidden(self, text: str) -> str:
        return Redaction({} if self._neighbours is None else self._neighbours.secrets()).text(text)

    def _end(self, how: signal.Signals) -> None:
        """End the process that was started here, and its children."""
        with deferred_signals():
            process, self._process = self._process, None
            if process is not None:
                end_group(process, how)
                self._guard.release()


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
