"""Systems other than Linux, simulated: what only Linux has is gone, so whatever needs it is found here."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest

from tests.folders import ROOT

ONLY_LINUX = (
    (socket, "TCP_CORK"),
    (os, "sched_getaffinity"),
    (os, "sched_setaffinity"),
    (time, "CLOCK_BOOTTIME"),
)
"""What macOS and the BSDs lack."""
WITHOUT = f"""
import os, socket, sys, sysconfig, time
sysconfig.get_config_vars()  # a look-up by the name of the system that is really there
sys.path.insert(0, {str(ROOT)!r})
sys.platform = "freebsd14"
for module, name in ((socket, "TCP_CORK"), (os, "sched_getaffinity"), (os, "sched_setaffinity"),
                     (time, "CLOCK_BOOTTIME")):
    delattr(module, name)
def hidden(real):
    def call(path=".", *args, **options):
        if str(path).startswith("/proc"):
            raise FileNotFoundError(2, "this system has no /proc", path)
        return real(path, *args, **options)
    return call
os.listdir, os.readlink = hidden(os.listdir), hidden(os.readlink)
"""
"""The same for whole processes, as a `sitecustomize` module."""


def leave_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, this process is on a system without what only Linux has."""
    monkeypatch.setattr(sys, "platform", "darwin")
    for module, name in ONLY_LINUX:
        monkeypatch.delattr(module, name, raising=False)
    real = os.readlink

    def readlink(path: str) -> str:
        if str(path).startswith("/proc"):
            raise FileNotFoundError(2, "this system has no /proc", path)
        return real(path)

    monkeypatch.setattr(os, "readlink", readlink)


def environment(folder: Path) -> dict[str, str]:
    """The environment of processes on such a system, and of their children. `folder` is new and empty."""
    (folder / "sitecustomize.py").write_text(WITHOUT, "utf-8")
    return {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
