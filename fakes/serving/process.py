"""Fakes as a process of their own, for tests and tools: started, awaited, and ended for certain."""

from __future__ import annotations

import contextlib
import json
import selectors
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO


class ServeError(RuntimeError):
    """The process did not start or did not stop; the text holds what it said."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the fakes are, as URLs without a slash at the end; None for a service that was not asked for."""

    control: str
    rapidpro: str | None = None
    cht: str | None = None
    pid: int = 0


@contextlib.contextmanager
def running(
    services: Sequence[str] = ("rapidpro", "cht"),
    *,
    profile: str | None = None,
    clock: str = "system",
    now: str | None = None,
    seed: int | None = None,
    arguments: Sequence[str] = (),
    module: str = "fakes",
    patience: float = 20.0,
) -> Iterator[Addresses]:
    """Run `python -m fakes` (or another `module` with the same arguments) for the length of a `with` block.

    `patience` is the real seconds it may take to start. It ends with this process too, even if that is killed: its
    standard input is a pipe from here. Raises ServeError.
    """
    what = "both" if len(services) > 1 else services[0]
    given = {"--profile": profile, "--clock": clock, "--now": now, "--seed": None if seed is None else str(seed)}
    options = [word for name, value in given.items() if value is not None for word in (name, value)]
    command = [sys.executable, "-m", module, what, "--stop-with-stdin", *options, *arguments]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True)
    try:
        yield _addresses(process, patience)
    finally:
        _end(process)


def _addresses(process: subprocess.Popen[bytes], patience: float) -> Addresses:
    assert process.stdout is not None
    line = _first_line(process.stdout, patience)
    if not line:
        process.kill()
        said = shlex.join(map(str, process.args)) if isinstance(process.args, list) else str(process.args)
        raise ServeError(f"{said} did not start (exit status {process.wait()}); see its standard error")
    return Addresses(**json.loads(line), pid=process.pid)


def _first_line(stream: IO[bytes], patience: float) -> bytes:
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        return stream.readline() if selector.select(patience) else b""


def _end(process: subprocess.Popen[bytes]) -> None:
    """Only this one process, by its own handle: it has no children."""
    with contextlib.suppress(ProcessLookupError):
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()
