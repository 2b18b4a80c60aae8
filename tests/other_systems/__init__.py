"""Systems other than Linux, simulated: what only Linux has is gone, so whatever needs it is found here."""

from __future__ import annotations

import os
from pathlib import Path

from tests.folders import ROOT

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
"""A module `sitecustomize` that takes away from a process what macOS and the BSDs lack."""


def environment(folder: Path) -> dict[str, str]:
    """The environment of processes on such a system, and of their children. `folder` is new and empty."""
    (folder / "sitecustomize.py").write_text(WITHOUT, "utf-8")
    return {**os.environ, "PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
