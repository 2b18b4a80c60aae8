"""Short refs of contacts, which stand for their ids where addresses are hidden.

Source: rapidpro temba/utils/text/obfuscate.py, temba/settings_common.py (ID_OBFUSCATION_KEY, the key of an installation
that has not set its own). Facts: a Feistel network over the number's bits, half by half, one round per
number of the key; written in base 32 without letters and digits that look alike: six letters, or seven for large ids.
"""

from __future__ import annotations

LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
KEY = (0xA3B1C, 0xD2E3F, 0x1A2B3, 0xC0FFEE)
SIX_LETTERS = len(LETTERS) ** 6
"""Ids below this have six letters."""
FACTOR = 0x45D9F3B


def ref_of(number: int) -> str:
    """The ref of the contact with that id, six or seven letters."""
    length, half = (6, 15) if number < SIX_LETTERS else (7, 17)
    mixed = _mixed(number if number < SIX_LETTERS else number - SIX_LETTERS, half)
    return "".join(LETTERS[mixed >> 5 * place & 31] for place in reversed(range(length)))


def _mixed(number: int, half: int) -> int:
    mask = (1 << half) - 1
    left, right = number >> half & mask, number & mask
    for part in KEY:
        product = (right ^ part) * FACTOR
        left, right = right, left ^ ((product ^ product >> 16) & mask)
    return left << half | right
