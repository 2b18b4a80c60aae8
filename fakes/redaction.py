"""Hides secrets in what is shown: a reader sees which secret it was, but not its value.

A secret is also found in the disguises in which programs pass it on: in base64 within anything, percent-encoded, in
hex, with other characters strewn in, or divided over two values.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import unquote

SHORTEST_DISGUISED = 8
"""Characters. The disguise of a shorter secret would be found in ordinary words."""
SHORTEST_STREWN = 24
"""Characters besides punctuation. A shorter secret might be words that people write with blanks between them."""
SMALLEST_PART = 6
"""Characters of a part of a divided secret."""
PUNCTUATION = bytes(byte for byte in range(128) if not chr(byte).isalnum())
LABEL = r"\[hidden(?::[^\]]*)?\]"
ESCAPES = re.compile(r"\\u00([0-9a-fA-F]{2})")


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret with its label, its disguises as they would be written, and what is left of it without punctuation."""

    value: str
    label: str
    disguises: tuple[str, ...]
    bare: tuple[bytes, ...]

    def replaced_in(self, text: str) -> str:
        """`text` without this secret, which is in it somehow: nothing is shown if it cannot be told where."""
        hidden = self._pattern().sub(lambda _found: self.label, text)
        return hidden if hidden != text else self.label

    def _pattern(self) -> re.Pattern[str]:
        """Matches the secret with any of its characters escaped, and punctuation strewn in if it is long enough."""
        strewn = r"[^0-9A-Za-z%\\]{0,4}" if self.bare else ""
        escaped = strewn.join(
            _any_writing(char) if char.isalnum() or not self.bare else f"{_any_writing(char)}?" for char in self.value
        )
        pairs = strewn.join(f"{byte:02x}" for byte in self.value.encode())
        return re.compile(f"{escaped}|(?i:{pairs})")


def _any_writing(char: str) -> str:
    codes = char.encode()
    percent = "".join(f"%(?i:{code:02x})" for code in codes)
    json_escape = f"|\\\\u(?i:{ord(char):04x})" if len(codes) == 1 else ""
    return f"(?:{re.escape(char)}|{percent}{json_escape})"


@lru_cache(maxsize=256)
def secret(name: str, value: str) -> Secret:
    """The secret with everything that is computed once for it."""
    if len(value) < SHORTEST_DISGUISED:
        return Secret(value, f"[hidden:{name}]", (), ())
    raw = value.encode()
    hexadecimal = raw.hex()
    disguises = {hexadecimal, hexadecimal.upper()}
    for position in range(3):
        standard = in_base64(raw, position)
        disguises |= {standard, standard.replace("+", "-").replace("/", "_")}
    bare = raw.translate(None, PUNCTUATION)
    strewn = (bare, hexadecimal.encode(), hexadecimal.upper().encode()) if len(bare) >= SHORTEST_STREWN else ()
    return Secret(value, f"[hidden:{name}]", tuple(sorted(disguises)), strewn)


def in_base64(raw: bytes, position: int) -> str:
    """The part of a base64 text that is the same whatever surrounds `raw`, at this position modulo 3 in its input."""
    encoded = base64.b64encode(b"\0" * position + raw).decode()
    return encoded[(0, 2, 3)[position] : (position + len(raw)) * 8 // 6]


@lru_cache(maxsize=64)  # every look at the ledger asks for the same secrets
def _pattern_of(needles: tuple[str, ...]) -> re.Pattern[str]:
    """Matches secrets, the longest first, and labels: these are left as they are, whatever is in them."""
    longest_first = sorted(needles, key=len, reverse=True)
    return re.compile("|".join([LABEL, *map(re.escape, longest_first)]))


class Redaction:
    """Replaces secrets, given by name, by `[hidden:NAME]`."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        known = [secret(name, value) for name, value in secrets.items() if value]
        self._secrets = sorted(known, key=lambda one: -len(one.value))  # longest first: one may contain another
        self._labels = {needle: one.label for one in reversed(self._secrets) for needle in (one.value, *one.disguises)}
        self._needles = list(self._labels)
        self._bare = [needle for one in self._secrets for needle in one.bare]
        self._beginnings = [one.value[:SMALLEST_PART] for one in self._secrets if len(one.value) >= SHORTEST_STREWN]

    def concerns(self, text: str) -> bool:
        """Whether `text` may have a secret in it: quicker than replacing it, and never wrongly no."""
        if any(needle in text for needle in self._needles) or any(part in text for part in self._beginnings):
            return True
        bare = text.encode("utf-8", "replace").translate(None, PUNCTUATION)
        if any(needle in bare for needle in self._bare):
            return True
        if not _is_escaped(text):
            return False
        unescaped = _unescaped(text)
        return any(needle in unescaped for needle in self._needles)

    def text(self, text: str) -> str:
        """`text` with every known secret replaced, whatever its disguise."""
        text = _pattern_of(tuple(self._needles)).sub(lambda found: self._labels.get(found[0], found[0]), text)
        bare = text.encode("utf-8", "replace").translate(None, PUNCTUATION)
        unescaped = _unescaped(text) if _is_escaped(text) else ""
        for one in self._secrets:
            if not one.disguises:
                continue
            if any(needle in bare for needle in one.bare) or one.value in unescaped:
                text = one.replaced_in(text)
        return text

    def beginning(self, text: str) -> str:
        """`text` that was cut, and has no whole secret in it, without the part of a secret at its end."""
        for needle in self._needles:
            for size in range(min(len(needle) - 1, len(text)), SMALLEST_PART - 1, -1):
                if text.endswith(needle[:size]):
                    return text[:-size] + self._labels[needle]
        return text

    def values(self, values: Sequence[str]) -> list[str]:
        """Several values of one request without secrets, and without the parts of one that two of them share."""
        hidden = [self.text(value) for value in values]
        for one in self._secrets:
            if len(one.value) >= SHORTEST_STREWN:
                _hide_parts(one, hidden)
        return hidden

    def authorization(self, value: str) -> str:
        """An Authorization header: scheme, user name if it has one, and the name of the secret if it is known."""
        scheme, _, credential = value.partition(" ")
        if scheme.lower() == "basic":
            user, _, password = _decode_basic(credential).partition(":")
            return f"{scheme} {self.text(user)}:{self._secret(password)}"
        return f"{scheme} {self._secret(credential.strip())}" if credential else self._secret(scheme)

    def _secret(self, value: str) -> str:
        """The label of the secret that `value` is, or that is in it; nothing else of it is shown."""
        if not value:
            return ""
        exact = next((one.label for one in self._secrets if one.value == value), None)
        if exact is not None:
            return exact
        shown = self.text(value) if self.concerns(value) else ""
        return " ".join(one.label for one in self._secrets if one.label in shown) or "[hidden]"


def _hide_parts(one: Secret, values: list[str]) -> None:
    """Replace the beginning of a secret in one value, and the rest of it in another."""
    for place, value in enumerate(values):
        length = next(
            (
                size
                for size in range(len(one.value) - SMALLEST_PART, SMALLEST_PART - 1, -1)
                if one.value[:size] in value
            ),
            0,
        )
        rest = one.value[length:]
        for other in range(len(values)) if length else ():
            if other != place and rest in values[other]:
                values[place] = value.replace(one.value[:length], one.label)
                values[other] = values[other].replace(rest, one.label)
                return


def _decode_basic(credential: str) -> str:
    try:
        return base64.b64decode(credential, validate=True).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _is_escaped(text: str) -> bool:
    return "%" in text or "\\u" in text


def _unescaped(text: str) -> str:
    return ESCAPES.sub(lambda found: chr(int(found[1], 16)), unquote(text))
