"""The language codes that RapidPro accepts: ISO 639-3."""

from __future__ import annotations

from functools import cache


@cache
def is_language(code: str) -> bool:
    """Whether this is a three-letter language code."""
    if len(code) != 3 or not code.isascii() or not code.islower():
        return False
    import pycountry  # loaded on first use: it reads a file of some megabytes

    return pycountry.languages.get(alpha_3=code) is not None
