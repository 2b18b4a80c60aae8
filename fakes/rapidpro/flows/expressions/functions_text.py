"""Functions on texts."""

from __future__ import annotations

import html
import unicodedata
from decimal import Decimal
from types import MappingProxyType
from urllib.parse import quote

from fakes.rapidpro.flows.expressions.environment import MAX_ITEMS, Env
from fakes.rapidpro.flows.expressions.patterns import search
from fakes.rapidpro.flows.expressions.signature import declare, integer, limited, raw, text, text_or_none
from fakes.rapidpro.flows.expressions.values import ExpressionError, Value
from fakes.rapidpro.flows.expressions.words import WHITE_SPACE, spans, words


def _single(changed: str, original: str) -> str:
    """Case mapping works per character: one that would become two stays."""
    return changed if len(changed) == 1 else original


def upper(_env: Env, value: str) -> str:
    return "".join(_single(character.upper(), character) for character in value)


def lower(_env: Env, value: str) -> str:
    return "".join(character.lower()[0] for character in value)  # two only for dotted capital I


def title(env: Env, value: str) -> str:
    """The first letter of each word in upper case, all others in lower case."""
    out, begins = [], True
    for character in lower(env, value):
        out.append(_single(character.title(), character) if begins else character)
        begins = _separates(character)
    return "".join(out)


def _separates(character: str) -> bool:
    """All ASCII characters except letters, digits and `_` (so an apostrophe too); of others only white space."""
    return not (character.isalnum() or character == "_") if character.isascii() else character in WHITE_SPACE


def _trimmer(left: bool, right: bool):  # type: ignore[no-untyped-def] # the type is that of the lambda below
    def trim(env: Env, value: str, characters: str | None = None) -> str:
        if characters is None or (characters == "" and env.generation == "9"):
            characters = WHITE_SPACE  # null too; for the new engine "" means no characters
        value = value.lstrip(characters) if left and characters else value
        return value.rstrip(characters) if right and characters else value

    return trim


def replace(env: Env, value: str, needle: str, new: str, count: int = -1) -> str:
    many = len(value) + 1 if needle == "" else value.count(needle)
    env.budget.spend(len(value) + (many if count < 0 else min(many, count)) * len(new))
    return value.replace(needle, new, count)


def word(_env: Env, value: str, index: int, delimiters: str = "") -> str:
    found = words(value, delimiters)
    if not -len(found) <= index < len(found):
        raise ExpressionError(f"index {index} is out of range for the number of words {len(found)}")
    return found[index]


def word_count(_env: Env, value: str, delimiters: str = "") -> Decimal:
    return Decimal(len(words(value, delimiters)))


def remove_first_word(_env: Env, value: str) -> str:
    starts = [start for start, _ in spans(value)]
    return value[starts[1] :] if len(starts) > 1 else ""


def word_slice(_env: Env, value: str, start: int, end: int = -1, delimiters: str = "") -> str:
    if start < 0:
        raise ExpressionError("must start with a positive index")
    if 0 < end <= start:
        raise ExpressionError("must have a end which is greater than the start")
    found = words(value, delimiters)
    return " ".join(found[start : end if end > 0 else None])


def field(_env: Env, value: str, index: int, delimiter: str) -> str:
    if index < 0:
        raise ExpressionError("cannot use a negative index")
    found = value.split(delimiter) if delimiter else list(value)
    if delimiter == " ":
        found = [part for part in found if part]
    return found[index].strip(WHITE_SPACE) if index < len(found) else ""


def split(env: Env, value: str, delimiters: str = "") -> Value:
    return limited(words(value, delimiters), env)


def text_slice(env: Env, value: str, start: int, *further: Value) -> str:
    """From `start` to the given end, which the engine ignores if there is a fourth argument."""
    return value[start : integer(further[0], env) if len(further) == 1 else None]


def regex_match(env: Env, value: str, pattern: str, group: int = 0) -> str:
    groups = search(pattern, value, env) or ()
    if not 0 <= group < len(groups):
        raise ExpressionError("invalid regular expression group")
    return groups[group]


def clean(_env: Env, value: str) -> str:
    return "".join(character for character in value if unicodedata.category(character)[0] != "C")


def repeat(env: Env, value: str, count: int) -> str:
    if count < 0:
        raise ExpressionError(f"must be called with a positive integer, got {count}")
    if env.generation == "new" and len(value) * count > MAX_ITEMS:
        raise ExpressionError(f"cannot build a string longer than {MAX_ITEMS} characters")
    env.budget.spend(len(value) * count)
    return value * count


def code(_env: Env, value: str) -> Decimal:
    if not value:
        raise ExpressionError("requires a string of at least one character")
    return Decimal(ord(value[0]))


def char(_env: Env, value: int) -> str:
    if not 0 <= value <= 0x10FFFF or 0xD800 <= value <= 0xDFFF:
        return "�"
    return chr(value)


def text_compare(_env: Env, first: str, second: str) -> Decimal:
    return Decimal((first > second) - (first < second))


def url_encode(_env: Env, value: str) -> str:
    return quote(value, safe="-_.~", errors="replace")


def read_chars(_env: Env, value: str) -> str:
    """A code to be read aloud: in groups of three or four if it divides evenly."""
    value = value.lstrip("+")
    size = next((size for size in (3, 4) if len(value) % size == 0), 1)
    return " , ".join(" ".join(value[i : i + size]) for i in range(0, len(value), size))


TEXT_FUNCTIONS = MappingProxyType({
    "upper": declare(text)(upper),
    "lower": declare(text)(lower),
    "title": declare(text)(title),
    "trim": declare(text, text_or_none, needed=1)(_trimmer(True, True)),
    "trim_left": declare(text, text_or_none, needed=1)(_trimmer(True, False)),
    "trim_right": declare(text, text_or_none, needed=1)(_trimmer(False, True)),
    "replace": declare(text, text, text, integer, needed=3)(replace),
    "word": declare(text, integer, text, needed=2)(word),
    "word_count": declare(text, text, needed=1)(word_count),
    "remove_first_word": declare(text)(remove_first_word),
    "word_slice": declare(text, integer, integer, text, needed=2)(word_slice),
    "field": declare(text, integer, text)(field),
    "split": declare(text, text, needed=1)(split),
    "text_length": declare(text)(lambda _env, value: Decimal(len(value))),
    "text_slice": declare(text, integer, raw, raw, needed=2)(text_slice),
    "regex_match": declare(text, text, integer, needed=2)(regex_match),
    "url_encode": declare(text)(url_encode),
    "clean": declare(text)(clean),
    "repeat": declare(text, integer)(repeat),
    "code": declare(text)(code),
    "char": declare(integer)(char),
    "text_compare": declare(text, text)(text_compare),
    "html_decode": declare(text)(lambda _env, value: html.unescape(value).replace("\xa0", " ")),
    "read_chars": declare(text)(read_chars),
})  # fmt: skip
