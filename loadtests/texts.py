"""The texts of a load run: drawn from the corpus of texts that gateways get wrong, all different."""

from __future__ import annotations

import random

from conformance.world.texts import Direction, draw


def text(seed: int, direction: Direction, position: int) -> str:
    """The text at this position of a run with this seed, whichever actor sends it. No two of a run are equal."""
    return draw(random.Random(f"{seed} {direction} {position}"), direction, f"#{position}#")
