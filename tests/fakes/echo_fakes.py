"""`python -m tests.fakes.echo_fakes`: the command line of the fakes with echo services in place of the real fakes."""

from __future__ import annotations

import random
from unittest.mock import patch

from fakes import assembly
from fakes.__main__ import main
from fakes.assembly import Fakes, Routes
from fakes.service import Service
from tests.fakes.echo_service import Echo


def rapidpro(_fakes: Fakes, profile: str, _rng: random.Random) -> tuple[Service, Routes]:
    if profile != "26":
        raise ValueError(f"unknown profile {profile!r}: expected 26")
    echo = Echo("rapidpro")
    return echo, echo.blueprint


def cht(_fakes: Fakes, _release: str, _rng: random.Random) -> tuple[Service, Routes]:
    echo = Echo("cht")
    return echo, echo.blueprint


if __name__ == "__main__":
    with patch.object(assembly, "_rapidpro", rapidpro), patch.object(assembly, "_cht", cht):
        main()
