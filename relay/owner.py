"""Who holds a lease: names of relays that tell a dead one from a living one."""

from __future__ import annotations

import os
import socket
from pathlib import Path


def owner_name(thing: object) -> str:
    """A name that no other living relay has: machine since its start, process, and object in it."""
    return f"{_place()}|{os.getpid()}|{id(thing)}"


def is_dead(owner: str) -> bool:
    """Whether that relay's process certainly no longer runs; False when it cannot be known from here."""
    place, pid, _ = owner.rsplit("|", 2)
    if place != _place() or int(pid) == os.getpid():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _place() -> str:
    """This machine since it was started, and the process numbers' name space in it (containers have their own)."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}|{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return socket.gethostname()
