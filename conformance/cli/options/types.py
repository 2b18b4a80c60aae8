"""Types and checks of option values: finite numbers, addresses, commands, folders."""

from __future__ import annotations

import ipaddress
import math
import os
import shlex
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click

from fakes.control.local_only import is_local


class Finite(click.FloatRange):
    """A finite number in a range. Python accepts `nan` and `inf` as numbers, but comparing with them makes no sense."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = float(super().convert(value, param, ctx))
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return number


class OutputPath(click.Path):
    """A folder or a file to write. Nothing, as from a variable that is not set, would mean the current folder."""

    def __init__(self, *, folder: bool) -> None:
        super().__init__(file_okay=not folder, dir_okay=folder, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("expected a path, got nothing", param, ctx)
        return super().convert(value, param, ctx)


def check_url(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse anything but an http(s) URL. It must not contain secrets, since it is shown in reports."""
    if value is None:
        return None
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # brackets that do not close, a port that is not a number
        usable = False
    if not usable:
        raise click.BadParameter(f"expected an address such as http://127.0.0.1:7070, got {value!r}")
    if "@" in parts.netloc:
        raise click.BadParameter("expected an address without user and password, such as http://127.0.0.1:7070")
    return value


def check_command(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse what cannot be split into a program and its arguments as a shell would."""
    if value is None:
        return None
    try:
        words = shlex.split(value)
    except ValueError as problem:
        raise click.BadParameter(f"{value!r} cannot be read as a command: {problem}") from None
    if not words:
        raise click.BadParameter('expected a command such as "python -m my_relay", got nothing')
    return value


def check_bind(_context: click.Context, _parameter: click.Parameter, value: str | None) -> str | None:
    """Refuse anything but an IP address: the fakes listen only there."""
    if value is not None:
        try:
            ipaddress.ip_address(value)
        except ValueError:
            raise click.BadParameter(
                f"expected an IP address of this machine such as 172.17.0.1, got {value!r}"
            ) from None
    return value


def is_loopback(url: str) -> bool:
    """Whether the address is certainly this machine: localhost or a loopback address, no name that needs DNS."""
    return is_local(url) and not str(urlsplit(url).hostname).endswith(".test")


def check_folder(folder: Path) -> None:
    """Create the folder before hours of work whose result could not be saved. click.UsageError if that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as failure:
        raise click.UsageError(f"{folder} cannot be used as an output folder: {failure.strerror or failure}") from None
    if not os.access(folder, os.W_OK | os.X_OK):
        raise click.UsageError(f"{folder} is not writable")
