"""Multipart SMS: split a text, truncate it to the allowed number of SMS (cht-core `message-utils`, library gsm)."""

from __future__ import annotations

BASE = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = frozenset("\f^{}\\[~]|€")
ALPHABET = BASE | EXTENSION
SUFFIX = "..."
DEFAULT_LIMIT = 10


def sms_parts(text: str) -> list[str]:
    """The SMS parts of a text: one of 160 or several of 153 characters; 70 and 67 beyond the GSM alphabet."""
    plain = ALPHABET.issuperset(text)
    sizes = [2 if (char in EXTENSION if plain else ord(char) > 0xFFFF) else 1 for char in text]
    one, several = (160, 153) if plain else (70, 67)
    if sum(sizes) <= one:
        return [text]
    found, room = [""], several
    for char, size in zip(text, sizes, strict=True):
        if size > room:
            found.append("")
            room = several
        found[-1] += char
        room -= size
    return found


def truncated(text: str, limit: int) -> str | None:
    """The text truncated to `limit` SMS, ending in dots; None if it is not too long."""
    pieces = sms_parts(text)
    if len(pieces) <= limit:
        return None
    return "".join(pieces[:limit])[: -len(SUFFIX)] + SUFFIX
