"""The texts of a load run: mostly what people write, in several scripts, and some that gateways get wrong."""

from __future__ import annotations

import random
from functools import lru_cache

from faker import Faker

from conformance.world.texts import Direction, draw
from fakes.rapidpro.mailroom.incoming import CONTROLS

SHARE_OF_CORPUS = 0.25
"""How many of the texts are drawn from the corpus of texts that gateways get wrong."""
LOCALES = ("en_US", "fr_FR", "ne_NP", "am_ET", "ar_AA", "bn_BD")
"""Whose names and words the other texts are made of."""


def text(seed: int, direction: Direction, position: int) -> str:
    """The text at this position of a run with this seed, whichever actor sends it. No two of a run are equal."""
    rng, marker = random.Random(f"{seed} {direction} {position}"), f"#{position}#"
    if rng.random() < SHARE_OF_CORPUS:
        return draw(rng, direction, marker)
    words = _faker(rng.choice(LOCALES))
    words.seed_instance(rng.getrandbits(32))
    return f"{marker} {words.first_name()}: {words.sentence(nb_words=8)}"


def as_posted(text: str) -> str:
    """An incoming text as RapidPro posts it: its database takes neither control characters nor halves of pairs.

    Source: `fakes/rapidpro/mailroom/incoming.py`, which names RapidPro's own.
    """
    return CONTROLS.sub("", text.encode("utf-8", "ignore").decode())


@lru_cache
def _faker(locale: str) -> Faker:
    return Faker(locale)
