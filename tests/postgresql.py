"""A PostgreSQL server of our own for tests, from the binaries of the machine: a fresh cluster on a loopback port."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

FOLDERS = "/usr/lib/postgresql"
START_SECONDS = 30.0


def binaries() -> Path | None:
    """Where initdb and postgres are; none if the machine has none."""
    found = shutil.which("initdb")
    if found is not None and shutil.which("postgres") is not None:
        return Path(found).parent
    folders = sorted(Path(FOLDERS).glob("*/bin/initdb"))
    return folders[-1].parent if folders else None


@contextlib.contextmanager
def server(binaries_folder: Path) -> Iterator[str]:
    """The URL of an empty database on a server that lives as long as the context."""
    # The server refuses to run as root: then it runs as the user that its package made.
    user = "postgres" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    try:
        if user is not None:
            shutil.chown(folder, user)
        data = folder / "data"
        _run([str(binaries_folder / "initdb"), "-D", str(data), "-U", "relay", "-A", "trust", "--no-sync"], user)
        port = _free_port()
        command = [
            str(binaries_folder / "postgres"), "-D", str(data), "-p", str(port), "-c", "listen_addresses=127.0.0.1",
            "-c", f"unix_socket_directories={folder}", "-c", "fsync=off",
        ]  # fmt: skip
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, user=user) as process:
            try:
                _await(port, process)
                yield f"postgresql+psycopg://relay@127.0.0.1:{port}/postgres"
            finally:
                process.terminate()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str], user: str | None) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, user=user, cwd="/")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(port: int, process: subprocess.Popen[bytes]) -> None:
    import psycopg  # only where PostgreSQL is

    end = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(f"host=127.0.0.1 port={port} user=relay dbname=postgres", connect_timeout=2).close()
            return
        except psycopg.OperationalError:
            if process.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.05)
