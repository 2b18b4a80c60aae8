"""Starts Locust's processes and follows what they report: alone, or a master with workers here or elsewhere."""

from __future__ import annotations

import contextlib
import json
import queue
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import IO, Any

from conformance.interruptions import deferred_signals
from conformance.subjects.external import free_port
from conformance.verdicts import HarnessBroken
from fakes.serving.own_python import own_command, own_environment
from loadtests.driving.work import Sent, Work

MASTER_MINUTES = 5
"""How long Locust's workers try to reach a master (`locust.runners`: CONNECT_RETRY_COUNT times CONNECT_TIMEOUT)."""
END_SECONDS = 10.0
"""How long a process may take to end after its input has."""
MODULE = "loadtests.driving.process"


@dataclass(frozen=True, slots=True)
class Crew:
    """Which processes send the texts: one here, `processes` workers here, or `expected` workers from anywhere.

    The master listens at `bind_host` and `bind_port` (0: any free port, for workers on this machine). `web_port`: where
    Locust's live page is (None: nowhere). `wait_seconds` is how long the workers may take to connect.
    """

    processes: int = 1
    expected: int | None = None
    bind_host: str = "127.0.0.1"
    bind_port: int = 0
    web_port: int | None = None
    wait_seconds: float = 300.0

    @property
    def workers(self) -> int:
        """How many workers there are; 0 if one process does everything."""
        return self.expected or (self.processes if self.processes > 1 else 0)


class Driver:
    """Locust's processes for one run. A context: at its end they are gone.

    `say` gets sentences for people: where the live page is, who is waited for.
    """

    def __init__(self, work: Work, crew: Crew, say: Callable[[str], None], *, reports: bool = False) -> None:
        self.began: datetime | None = None
        self.sent: list[Sent] = []
        self.reports: Mapping[str, str] = {}
        self._work, self._crew, self._say, self._reports = work, crew, say, reports
        self._events: queue.Queue[Mapping[str, Any]] = queue.Queue()
        self._processes: list[tuple[subprocess.Popen[str], IO[str]]] = []
        self._done = False

    def __enter__(self) -> Driver:
        return self

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, _: TracebackType | None) -> None:
        self.close()

    @property
    def pids(self) -> Sequence[int]:
        """The processes on this machine."""
        return [process.pid for process, _ in self._processes]

    def start(self) -> datetime:
        """Start the processes, and wait until time begins for them: that moment. HarnessBroken if it does not."""
        crew = self._crew
        common = {"work": self._work.as_json(), "web_port": crew.web_port, "reports": self._reports}
        if not crew.workers:
            self._launch({"role": "local", **common})
        else:
            port = crew.bind_port or free_port()
            here = {"bind_host": crew.bind_host, "bind_port": port, "workers": crew.workers}
            self._launch({"role": "master", **here, **common})
            if crew.expected is None:
                for _ in range(crew.workers):
                    self._launch({"role": "worker", "master_host": "127.0.0.1", "master_port": port})
            else:
                self._say(f"waiting at {crew.bind_host}:{port}; workers that are to come: {crew.workers}")
        end = time.monotonic() + crew.wait_seconds
        while self.began is None:
            if time.monotonic() > end:
                who = f"{crew.workers} workers" if crew.workers else "Locust"
                raise HarnessBroken(f"{who} did not begin within {crew.wait_seconds:g} s")
            self.follow(0.1)
        return self.began

    def follow(self, seconds: float) -> bool:
        """Take in what is reported within so many seconds. Whether all texts are sent. HarnessBroken if one fails."""
        end = time.monotonic() + seconds
        while not self._done:
            try:
                event = self._events.get(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                break
            self._take(event)
        return self._done

    def stop(self) -> None:
        """Send nothing more; texts that are under way are finished."""
        for process, _ in self._processes[:1]:
            if process.stdin is not None:
                with contextlib.suppress(OSError):
                    process.stdin.write("stop\n")
                    process.stdin.flush()

    def close(self) -> None:
        """End the processes."""
        with deferred_signals():
            for process, log in self._processes:
                if process.stdin is not None:
                    with contextlib.suppress(OSError):
                        process.stdin.close()
                try:
                    process.wait(END_SECONDS)
                except subprocess.TimeoutExpired:
                    process.kill()
                    process.wait()
                log.close()
            self._processes = []

    def _launch(self, settings: Mapping[str, Any]) -> None:
        with deferred_signals():
            log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - closed by close()
            process = subprocess.Popen(
                own_command(MODULE), env=own_environment(), text=True, bufsize=1,
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, start_new_session=True,
            )  # fmt: skip
            self._processes.append((process, log))
        assert process.stdin is not None
        with contextlib.suppress(OSError):  # it has ended already: its reader says so
            process.stdin.write(json.dumps(settings) + "\n")
            process.stdin.flush()
        worker = settings["role"] == "worker"
        threading.Thread(target=self._read, args=(process, log, worker), daemon=True).start()

    def _read(self, process: subprocess.Popen[str], log: IO[str], worker: bool) -> None:
        assert process.stdout is not None
        with process.stdout:
            for line in process.stdout:
                self._events.put(json.loads(line))
        if process.wait() != 0 or not worker:  # a master sends its workers away before it says that all is done
            self._events.put({"event": "ended", "log": log})

    def _take(self, event: Mapping[str, Any]) -> None:
        match event["event"]:
            case "began":
                self.began = datetime.fromisoformat(event["at"])
            case "sent":
                self.sent += [Sent(**one) for one in event["texts"]]
            case "web":
                self._say(f"Locust's live page: {event['url']}")
            case "done":
                self._done, self.reports = True, event["reports"]
            case "failed":
                raise HarnessBroken(event["why"])
            case "ended":
                event["log"].seek(0)
                output = event["log"].read()[-1500:].strip()
                raise HarnessBroken(f"a Locust process ended early: {output or 'it printed nothing'}")


def join(master_host: str, master_port: int, say: Callable[[str], None]) -> None:
    """Be a worker of a master elsewhere until it is done. HarnessBroken if there is none."""
    try:
        socket.getaddrinfo(master_host, master_port)
    except (OSError, UnicodeError) as failure:
        raise HarnessBroken(f"no master can be found at {master_host!r}: {failure}") from None
    settings = {"role": "worker", "master_host": master_host, "master_port": master_port}
    say(f"waiting for a master at {master_host}:{master_port}, at most {MASTER_MINUTES} minutes")
    log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115 - closed at the end
    process = subprocess.Popen(
        own_command(MODULE), env=own_environment(), text=True, bufsize=1,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        with contextlib.suppress(OSError):  # it has ended already
            process.stdin.write(json.dumps(settings) + "\n")
            process.stdin.flush()
        connected = False
        for line in process.stdout:
            if json.loads(line)["event"] == "connected":
                connected = True
                say(f"connected to {master_host}:{master_port}")
        if process.wait() != 0:
            what = "the master was lost" if connected else f"no master answers at {master_host}:{master_port}"
            raise HarnessBroken(f"{what}: {last_line(log)}")
    finally:
        with deferred_signals():
            process.kill()
            process.wait()
            log.close()


def last_line(log: IO[str]) -> str:
    """The end of what a process printed."""
    log.seek(0)
    return log.read()[-1500:].strip().rpartition("\n")[2] or "it printed nothing"
