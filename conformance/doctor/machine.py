"""Findings about this machine: versions, packages, ports, the clock, the disk, and whether processes can be started."""

from __future__ import annotations

import platform
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from packaging.requirements import Requirement

from conformance.doctor.finding import Finding, bad, ok, warning
from conformance.shadowing import ROOT
from fakes.serving.process import StartError, start_fakes

NAME = "cht-rapidpro-harness"
ZONE = "Africa/Kigali"
SPACE = 100 * 1024 * 1024
"""Bytes that databases and reports of a long run may need."""
Installed = Callable[[str], str]
"""The version of an installed package. Raises PackageNotFoundError."""


def machine(now: datetime, ports: Sequence[int]) -> Iterator[Finding]:
    """All findings about this machine; `now` is its time, `ports` are those that shall be free."""
    yield ok("python", f"Python {platform.python_version()} at {sys.executable}")
    try:
        found = distribution(NAME)
    except PackageNotFoundError:
        yield warning("harness", f"{NAME} runs from {ROOT} and is not installed", "install it: pip install .")
    else:
        yield ok("harness", f"{NAME} {found.version} in {ROOT}")
        yield packages(found, version)
    yield loopback()
    yield from map(port, ports)
    yield clock(now)
    yield time_zones()
    yield disk(Path(tempfile.gettempdir()))
    yield processes()


def packages(harness: Distribution, installed: Installed) -> Finding:
    """Whether all packages that the harness requires are there, in a version that it was tested with."""
    wrong = []
    wanted = [Requirement(line) for line in harness.requires or ()]
    needed = [one for one in wanted if one.marker is None or one.marker.evaluate({"extra": ""})]
    for one in needed:
        try:
            has = installed(one.name)
        except PackageNotFoundError:
            wrong.append(f"{one.name} is missing")
            continue
        if not one.specifier.contains(has, prereleases=True):
            wrong.append(f"{one.name} is {has}, expected {one.specifier}")
    if wrong:
        return bad("packages", "; ".join(wrong), f"install the harness again: pip install {NAME}")
    return ok("packages", f"{len(needed)} required packages are there")


def loopback() -> Finding:
    """Whether this machine can listen on a port of its own and reach it."""
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            socket.create_connection(server.getsockname(), timeout=2).close()
    except OSError as failure:
        why = failure.strerror or failure
        return bad(
            "loopback", f"127.0.0.1 cannot be used: {why}", "let programs listen on loopback (firewall, sandbox)"
        )
    return ok("loopback", "127.0.0.1 has free ports and can be reached")


def port(number: int) -> Finding:
    """Whether a port on loopback is free."""
    try:
        socket.create_server(("127.0.0.1", number)).close()
    except OSError as failure:
        remedy = "stop the program that uses it, or choose another port; --port 0 takes a free one"
        return bad("port", f"port {number} is not free: {failure.strerror or failure}", remedy)
    return ok("port", f"port {number} is free")


def clock(now: datetime) -> Finding:
    """Whether the clock can be right: not before this installation was made."""
    made = datetime.fromtimestamp((ROOT / "conformance" / "__init__.py").stat().st_mtime, UTC)
    if now < made:
        sentence = f"the clock says {now:%Y-%m-%d %H:%M} UTC, before this installation was made ({made:%Y-%m-%d %H:%M})"
        return bad("clock", sentence, "set the clock: states and quotas are judged by it")
    return ok("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC")


def time_zones() -> Finding:
    """Whether the time zones of workspaces are known."""
    try:
        ZoneInfo(ZONE)
    except ZoneInfoNotFoundError:
        return bad("time zones", f"the time zone {ZONE} is unknown", "pip install tzdata")
    return ok("time zones", f"{ZONE} is known")


def disk(folder: Path) -> Finding:
    """Whether temporary files can be written."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
        free = shutil.disk_usage(folder).free
    except OSError as failure:
        why = failure.strerror or failure
        return bad("disk", f"{folder} cannot be written: {why}", "set TMPDIR to a folder that can be written")
    if free < SPACE:
        return bad("disk", f"{folder} has {free >> 20} MB left", "free some space, or set TMPDIR to another folder")
    return ok("disk", f"{folder} can be written, {free >> 20} MB are free")


def processes() -> Finding:
    """Whether the fakes can be started as a process."""
    try:
        with start_fakes() as addresses:
            return ok("processes", f"the fakes start as a process (they were at {addresses.control})")
    except (StartError, OSError) as failure:
        return bad("processes", f"the fakes do not start as a process: {failure}", "see the message above")
