"""UUIDs from a given random generator, so that equal seeds give equal histories."""

from __future__ import annotations

import random


def uuid4(rng: random.Random) -> str:
    """A random UUID."""
    return _formatted(rng.getrandbits(128), 4)


def uuid7(rng: random.Random, timestamp: float) -> str:
    """A UUID that begins with the time: `timestamp` in seconds since 1970, stored as milliseconds."""
    return _formatted((int(timestamp * 1000) & (2**48 - 1)) << 80 | rng.getrandbits(80), 7)


def _formatted(number: int, version: int) -> str:
    number = number & ~(0xF << 76) | version << 76
    digits = f"{number & ~(0x3 << 62) | 0x2 << 62:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
