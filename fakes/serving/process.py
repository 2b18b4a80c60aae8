"""The fakes in a process of their own, for tests and tools: started, awaited, and reliably ended."""

from __future__ import annotations

import contextlib
import json
import selectors
import shlex
import signal
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from fakes.serving.own_python import own_command, own_environment


class StartError(RuntimeError):
    """The process did not start; the text says how it ended."""


@dataclass(frozen=True, slots=True)
class Addresses:
    """URLs of the fakes, without a slash at the end; None for a service that was not started."""

    control: str
    rapidpro: str | None = None
    cht: str | None = None
    pid: int = 0


@contextlib.contextmanager
def start_fakes(
    services: Sequence[str] = ("rapidpro", "cht"),
    *,
    profile: str | None = None,
    clock: str = "system",
    now: str | None = None,
    seed: int | None = None,
    arguments: Sequence[str] = (),
    module: str = "fakes",
    start_timeout: float = 20.0,
) -> Iterator[Addresses]:
    """Run `python -m fakes` (or another `module` with the same arguments) during a `with` block.

    `start_timeout` is in real seconds. The process also ends with this one, even if this one is killed: its standard
    input is a pipe from here. Raises StartError.
    """
    command_name = "both" if len(services) > 1 else services[0]
    values = {"--profile": profile, "--clock": clock, "--now": now, "--seed": None if seed is None else str(seed)}
    options = [word for name, value in values.items() if value is not None for word in (name, value)]
    command = own_command(module, command_name, "--stop-with-stdin", *options, *arguments)
    process = subprocess.Popen(
        command, env=own_environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    try:
        yield _read_addresses(process, start_timeout)
    finally:
        _end(process)


def _read_addresses(process: subprocess.Popen[bytes], start_timeout: float) -> Addresses:
    assert process.stdout is not None
    line = _first_line(process.stdout, start_timeout)
    if not line:
        process.kill()
        command = shlex.join(map(str, process.args)) if isinstance(process.args, list) else str(process.args)
        raise StartError(f"{command} did not start (exit status {process.wait()}); see its standard error")
    return Addresses(**json.loads(line), pid=process.pid)


def _first_line(stream: IO[bytes], timeout: float) -> bytes:
    with selectors.DefaultSelector() as selector:
        selector.register(stream, selectors.EVENT_READ)
        return stream.readline() if selector.select(timeout) else b""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End this one process, by its own handle: it has no children."""
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
