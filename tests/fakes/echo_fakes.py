"""`python -m tests.fakes.echo_fakes`: the command line of the fakes with echoes in place of the services."""

from __future__ import annotations

import random
from unittest.mock import patch

from fakes import assembly
from fakes.__main__ import main
from fakes.assembly import Fakes
from fakes.service import Service
from tests.fakes.faulty_echo import Echo


def rapidpro(_fakes: Fakes, profile: str, _rng: random.Random) -> Service:
    if profile != "26":
        raise ValueError(f"unknown profile {profile!r}: expected 26")
    return Echo("rapidpro")


def cht(_fakes: Fakes, _release: str, _rng: random.Random) -> Service:
    return Echo("cht")


if __name__ == "__main__":
    with patch.object(assembly, "_rapidpro", rapidpro), patch.object(assembly, "_cht", cht):
        main()
