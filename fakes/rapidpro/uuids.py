"""UUIDs drawn from a given generator, so that equal seeds give equal histories."""

from __future__ import annotations

import random
import uuid
from datetime import datetime


def uuid4(rng: random.Random) -> str:
    """A random UUID."""
    return str(uuid.UUID(int=rng.getrandbits(128), version=4))


def uuid7(rng: random.Random, now: datetime) -> str:
    """A UUID that begins with the time in milliseconds."""
    number = (int(now.timestamp() * 1000) & (2**48 - 1)) << 80 | 7 << 76 | rng.getrandbits(12) << 64
    return str(uuid.UUID(int=number | 2 << 62 | rng.getrandbits(62)))
