"""Functions of legacy expressions and what stands for each.

Source: goflow flows/definition/legacy/expressions/functions.go.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

Call = Callable[[Sequence[str]], str]

_RENAMED: Mapping[str, str] = MappingProxyType(
    {
        "average": "mean",
        "date": "date_from_parts",
        "datedif": "datetime_diff",
        "datevalue": "date",
        "format_date": "format_datetime",
        "int": "round_down",
        "len": "text_length",
        "proper": "title",
        "randbetween": "rand_between",
        "read_digits": "read_chars",
        "regex_group": "regex_match",
        "rept": "repeat",
        "rounddown": "round_down",
        "roundup": "round_up",
        "substitute": "replace",
        "trunc": "round_down",
        "unichar": "char",
        "unicode": "code",
    }
)
_PATTERNS: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "day": (1, 'format_date({0}, "D")'),
        "days": (2, 'datetime_diff({1}, {0}, "D")'),
        "edate": (2, 'datetime_add({0}, {1}, "M")'),
        "exp": (1, "2.718281828459045 ^ {0}"),
        "false": (0, "false"),
        "first_word": (1, "word({0}, 0)"),
        "hour": (1, 'format_datetime({0}, "tt")'),
        "left": (2, "text_slice({0}, 0, {1})"),
        "minute": (1, 'format_datetime({0}, "m")'),
        "month": (1, 'format_date({0}, "M")'),
        "power": (2, "{0} ^ {1}"),
        "right": (2, "text_slice({0}, -{1})"),
        "second": (1, 'format_datetime({0}, "s")'),
        "time": (3, "time_from_parts({0}, {1}, {2})"),
        "timevalue": (1, "time({0})"),
        "true": (0, "true"),
        "weekday": (1, "weekday({0}) + 1"),
        "year": (1, 'format_date({0}, "YYYY")'),
    }
)
"""How many arguments are needed, and what stands for the call."""
_JOINED: Mapping[str, str] = MappingProxyType({"concatenate": " & ", "sum": " + "})


def _same(argument: str) -> str:
    return argument


def _from_zero(argument: str) -> str:
    """Legacy positions begin at 1."""
    return str(int(argument) - 1) if argument.lstrip("+-").isdecimal() else f"{argument} - 1"


def _by_spaces(argument: str) -> str:
    return r'" \t"' if argument.strip().lower() == "true" else "NULL"


_BY_ARGUMENT: Mapping[str, tuple[str, tuple[Callable[[str], str], ...], tuple[str, ...]]] = MappingProxyType(
    {
        "field": ("field", (_same, _from_zero, _same), ()),
        "fixed": ("format_number", (_same, _same, _same), ("", "2")),
        "word": ("word", (_same, _from_zero, _by_spaces), ()),
        "word_count": ("word_count", (_same, _by_spaces), ()),
        "word_slice": ("word_slice", (_same, _from_zero, _from_zero, _by_spaces), ()),
    }
)
"""The function, how each argument changes, and the arguments that are filled in."""


def current_call(name: str, arguments: Sequence[str]) -> str:
    """The call that stands for a legacy one; "" if it has too few or too many arguments."""
    if name in _JOINED:
        return _JOINED[name].join(arguments)
    if name in _PATTERNS:
        needed, pattern = _PATTERNS[name]
        return pattern.format(*arguments) if len(arguments) >= needed else ""
    if name in _BY_ARGUMENT:
        function, changes, filled = _BY_ARGUMENT[name]
        if len(arguments) > len(changes):
            return ""
        given = [*arguments, *filled[len(arguments) :]]
        return _call(function, [change(one) for change, one in zip(changes, given, strict=False)])
    return _call(_RENAMED.get(name, name), arguments)


def _call(name: str, arguments: Sequence[str]) -> str:
    return f"{name}({', '.join(arguments)})"
