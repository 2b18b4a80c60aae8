"""JavaScript in settings: `relevant_to`, `expr`, `bool_expr`, evaluated in a fresh context without host access.

The real server does not limit the time and memory of an expression; an endless loop blocks the server for good. Here
such an expression ends in ScriptError, so that the fake survives: another process evaluates it, and may be ended.
Source: `vm.runInNewContext` in cht-core `shared-libs/outbound/src/outbound.js`.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import threading
import weakref
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

WORKER = Path(__file__).with_name("sandbox_worker.py")
INTERRUPTED = "InternalError: interrupted"
"""What the engine says of a loop that it ended; the same is said of a function for which the process was ended."""
SECONDS = 0.5
"""Limit of CPU time for one expression."""
MEMORY = 32 << 20
"""Limit in bytes for one expression."""

NAMED = re.compile(r"\w*Error: ")
UNREADABLE = re.compile(r"cannot read property '(.*)' of (null|undefined)")


class ScriptError(ValueError):
    """An expression that throws, does not end, or needs too much memory; the text is JavaScript's message."""

    @property
    def message(self) -> str:
        """The message without the name of the error; frequent messages in Node's wording where that differs."""
        text = NAMED.sub("", str(self), count=1)
        return UNREADABLE.sub(r"Cannot read properties of \2 (reading '\1')", text)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The value of an expression.

    `missing`: it is `undefined`. `serializable` is false if JSON cannot represent it (functions): objects omit it.
    """

    truthy: bool
    missing: bool
    serializable: bool
    value: Any


def evaluate(expression: str, names: Mapping[str, Any], *, seconds: float = SECONDS, memory: int = MEMORY) -> Outcome:
    """Evaluate `expression` with `names` (JSON values) as global variables. Raises ScriptError."""
    return _run(expression, names, False, seconds, memory)


def holds(expression: str, names: Mapping[str, Any], *, seconds: float = SECONDS, memory: int = MEMORY) -> bool:
    """Whether the value of `expression` is truthy in JavaScript. Raises ScriptError."""
    return _run(expression, names, True, seconds, memory).truthy


@cache
def _process() -> SandboxProcess:
    """The one process for all expressions of this process."""
    return SandboxProcess()


def _run(expression: str, names: Mapping[str, Any], test: bool, seconds: float, memory: int) -> Outcome:
    request = {"source": str(expression), "names": names, "test": test, "seconds": seconds, "memory": memory}
    answer = _process().answer(request)
    if "error" in answer:
        raise ScriptError(answer["error"])
    about = json.loads(answer["outcome"])
    value = about.get("text")
    return Outcome(about["truthy"], about["missing"], value is not None, None if value is None else json.loads(value))


class SandboxProcess:
    """The process that evaluates expressions, one at a time: started when needed, replaced when it ended.

    Starting takes about 40 ms, an expression less than 1 ms. It ends by itself when this process ends, even by SIGKILL:
    then its input ends.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None
        self._owner = 0

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """The answer of the process to a request (see `sandbox_worker.answer`).

        Raises RuntimeError if the process cannot be started.
        """
        line = json.dumps(request)
        with self._lock:
            process = self._started()
            with suppress(BrokenPipeError):  # it ended; there is no answer to read
                process.stdin.write(line + "\n")  # type: ignore[union-attr] # it is a pipe
                process.stdin.flush()  # type: ignore[union-attr]
            text = process.stdout.readline()  # type: ignore[union-attr]
            if text.endswith("\n"):
                answer: dict[str, Any] = json.loads(text)
                return answer
            self._process = None
            status = _end(process)
        if status >= 0:
            raise RuntimeError(f"the process for JavaScript ended with status {status}")
        return {"error": INTERRUPTED}

    def _started(self) -> subprocess.Popen[str]:
        """The process; a new one after the last one ended, and in a forked process."""
        if self._process is None or self._owner != os.getpid():
            self._process = subprocess.Popen(
                [sys.executable, "-I", str(WORKER)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                start_new_session=True,  # Ctrl-C in a terminal ends this process, and its end that one
            )
            self._owner = os.getpid()
            weakref.finalize(self, _end, self._process)
        return self._process


def _end(process: subprocess.Popen[str]) -> int:
    """End the process if it has not. Returns its status: negative for a signal."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(BrokenPipeError):
                pipe.close()
    return process.wait()
