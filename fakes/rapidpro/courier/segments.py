"""The number of SMS segments of a text.

All characters in GSM-7 (extension characters count twice): 160 in one, 153 in each of several. Else UCS-2: 70 in one,
67 in each of several. Code points are counted, so an emoji is one although it takes two UCS-2 units.
Source: gocommon gsm7.
"""

from __future__ import annotations

BASE = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")
GSM7 = BASE | EXTENSION
GSM7_ONE, GSM7_PART = 160, 153
UCS2_ONE, UCS2_PART = 70, 67


def is_gsm7(text: str) -> bool:
    """Whether every character is in the GSM-7 alphabet."""
    return GSM7.issuperset(text)


def segments(text: str) -> int:
    """The number of SMS that the text needs; one for an empty text."""
    if GSM7.issuperset(text):
        units, one, part = len(text) + sum(map(text.count, EXTENSION)), GSM7_ONE, GSM7_PART
    else:
        units, one, part = len(text), UCS2_ONE, UCS2_PART
    return 1 if units <= one else -(-units // part)
