"""Starting Python for our own packages: a folder `fakes/` or `relay/` where a user works is never taken for ours."""

from __future__ import annotations

import os
import site
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
"""Where our packages are: a checkout, or the folder of installed packages."""


def own_command(module: str, *arguments: str) -> list[str]:
    """The command that runs our `module`, to be started with `own_environment`. `-P`: without the folder it runs in."""
    return [sys.executable, "-P", "-m", module, *arguments]


def own_environment(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """`environment` (default: that of this process) in which Python finds the packages that this process uses.

    PYTHONPATH may lead to packages of the user with the same names. It is left out; where our packages are not among
    the installed ones, it leads to them.
    """
    found = dict(os.environ if environment is None else environment)
    found.pop("PYTHONPATH", None)
    if ROOT not in installed_folders():
        found["PYTHONPATH"] = str(ROOT)
    return found


def installed_folders() -> frozenset[Path]:
    """The folders of installed packages, which Python searches after its own library."""
    known = [*site.getsitepackages(), site.getusersitepackages(), *map(sysconfig.get_path, ("purelib", "platlib"))]
    return frozenset(Path(folder).resolve() for folder in known)
