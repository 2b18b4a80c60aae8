"""Which codes of languages RapidPro knows: ISO 639-3."""

from __future__ import annotations

from functools import cache


@cache
def is_language(code: str) -> bool:
    """Whether this is a code of three letters for a language."""
    if len(code) != 3 or not code.isascii() or not code.islower():
        return False
    import pycountry  # loaded when the first unusual language comes: it reads a file of some megabytes

    return pycountry.languages.get(alpha_3=code) is not None
