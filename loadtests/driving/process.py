"""`python -m loadtests.driving.process`: one of Locust's processes. Locust changes sockets for the whole process.

The first line of standard input is its settings, as JSON; the line `stop` ends the sending, the end of the input ends
the process. It reports as lines of JSON on standard output. `loadtests/driving/driver.py` starts it.
"""

from __future__ import annotations

# Locust patches the standard library when imported: import it before anything else.
import locust  # isort: skip  # noqa: F401

import json
import os
import sys
import traceback
from collections.abc import Iterator
from typing import IO, Any

import gevent
import gevent.os

from loadtests.driving.nodes import Node, local, master, worker

STDIN, STDOUT, STDERR = 0, 1, 2
BLOCK = 65536
ROLES = {"local": local, "master": master, "worker": worker}


def lines() -> Iterator[str]:
    """The lines of standard input, without blocking other greenlets."""
    gevent.os.make_nonblocking(STDIN)
    held = b""
    while block := gevent.os.nb_read(STDIN, BLOCK):
        *whole, held = (held + block).split(b"\n")
        yield from (line.decode() for line in whole)


def obey(node: Node, commands: Iterator[str]) -> None:
    """Do what the lines of standard input say. At their end nobody wants a result any more."""
    for command in commands:
        if command == "stop":
            node.stop()
    os._exit(0)


def events() -> IO[str]:
    """Standard output, for events alone: whatever Locust prints goes to standard error."""
    found = os.fdopen(os.dup(STDOUT), "w", encoding="utf-8")
    os.dup2(STDERR, STDOUT)
    return found


def main() -> None:
    """Play the role that the settings name."""
    told, commands = events(), lines()

    def tell(event: str, **fields: Any) -> None:
        told.write(json.dumps({"event": event, **fields}) + "\n")
        told.flush()

    settings = json.loads(next(commands))
    node = Node(settings, tell)
    gevent.spawn(obey, node, commands)
    ROLES[settings["role"]](node)


def run() -> int:
    """`main`, and its exit status, whatever ends it."""
    try:
        main()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    status = run()
    sys.stderr.flush()
    os._exit(status)  # threads and greenlets of Locust may still wait
