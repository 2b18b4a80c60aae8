"""The rule functions on a value, by name in lower case (cht-core `validation/src/validator_functions.js`).

Each is called with the values of the report, the value of the property and the arguments in the rule.
Raises RuleError where the real CHT throws.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fakes.cht.javascript import values as jv
from fakes.cht.javascript.inherited import Inherited, look_up
from fakes.cht.javascript.paths import UNDEFINED
from fakes.cht.javascript.sandbox import ScriptError, holds

EMAIL = re.compile(r"[\w.%+-]+@[a-z0-9.-]+\.[a-z]{2,4}", re.IGNORECASE | re.ASCII)

Values = Mapping[str, Any]
Arguments = Sequence[Any]
RuleFunction = Callable[[Values, Any, Arguments], bool]


class RuleError(ValueError):
    """A rule that cannot be evaluated; the text is the JSON that the real server stores."""

    def __init__(self, json_text: str = "{}") -> None:
        super().__init__(json_text)


def argument(arguments: Arguments, index: int) -> Any:
    """The argument at an index, UNDEFINED if the rule has fewer."""
    return arguments[index] if index < len(arguments) else UNDEFINED


def value_of(values: Values, name: Any) -> Any:
    """The value of a name, else what every object has under that name, else UNDEFINED."""
    key = jv.text(name)
    found = look_up(values, key)
    return UNDEFINED if found is None and key not in values else found


def _equals(_values: Values, value: Any, arguments: Arguments) -> bool:
    return jv.equal(value, argument(arguments, 0))


def _is_same(_values: Values, value: Any, arguments: Arguments) -> bool:
    return jv.same(value, argument(arguments, 0))


def _equals_in_any_case(_values: Values, value: Any, arguments: Arguments) -> bool:
    return _lower(value) == _lower(argument(arguments, 0))


def _is_long_enough(_values: Values, value: Any, arguments: Arguments) -> bool:
    return _length(value) >= jv.number(argument(arguments, 0))


def _is_short_enough(_values: Values, value: Any, arguments: Arguments) -> bool:
    return _length(value) <= jv.number(argument(arguments, 0))


def _has_length(_values: Values, value: Any, arguments: Arguments) -> bool:
    if value is None or value is UNDEFINED:
        raise RuleError
    return len(jv.text(value)) == jv.leading_integer(argument(arguments, 0))


def _is_at_least(_values: Values, value: Any, arguments: Arguments) -> bool:
    return jv.leading_number(value) >= jv.number(argument(arguments, 0))


def _is_at_most(_values: Values, value: Any, arguments: Arguments) -> bool:
    return jv.leading_number(value) <= jv.number(argument(arguments, 0))


def _is_between(values: Values, value: Any, arguments: Arguments) -> bool:
    return _is_at_least(values, value, arguments) and _is_at_most(values, value, arguments[1:])


def _is_one_of(_values: Values, value: Any, arguments: Arguments) -> bool:
    return any(jv.equal(one, value) for one in arguments)


def _is_present(_values: Values, value: Any, _arguments: Arguments) -> bool:
    return jv.truthy(value)


def _anything(_values: Values, _value: Any, _arguments: Arguments) -> bool:
    return True


def _is_numeric(_values: Values, value: Any, _arguments: Arguments) -> bool:
    whole = jv.number(value)
    return jv.leading_number(value) == jv.leading_number(value) and abs(whole) < float("inf")


def _is_integer(_values: Values, value: Any, _arguments: Arguments) -> bool:
    return jv.equal(jv.leading_integer(value), value)


def _has_letters_only(_values: Values, value: Any, _arguments: Arguments) -> bool:
    return re.fullmatch("[a-zA-Z]+", jv.text(value)) is not None


def _has_letters_and_digits_only(_values: Values, value: Any, _arguments: Arguments) -> bool:
    return re.fullmatch("[a-zA-Z0-9]+", jv.text(value)) is not None


def _is_email(_values: Values, value: Any, _arguments: Arguments) -> bool:
    return EMAIL.fullmatch(jv.text(value)) is not None


def _matches(_values: Values, value: Any, arguments: Arguments) -> bool:
    """A JavaScript pattern, anywhere in the value. A timeout counts as an exception."""
    pattern, flags = argument(arguments, 0), argument(arguments, 1)
    names = {
        "pattern": "" if pattern is UNDEFINED else jv.text(pattern),
        "flags": jv.text(flags) if jv.truthy(flags) else "",
        "value": jv.text(value),
    }
    try:
        return holds("new RegExp(pattern, flags).test(value)", names)
    except ScriptError:
        raise RuleError from None


def _equals_field(values: Values, value: Any, arguments: Arguments) -> bool:
    return jv.equal(value, value_of(values, argument(arguments, 0)))


def _lower(value: Any) -> str:
    if not isinstance(value, str):
        raise RuleError
    return value.lower()


def _length(value: Any) -> float:
    """`value.length` of strings, counted as in JavaScript, and of lists; else NaN."""
    if value is None or value is UNDEFINED:
        raise RuleError
    if isinstance(value, dict):
        return jv.number(value.get("length", UNDEFINED))
    if isinstance(value, str):
        return len(value.encode("utf-16-le", "surrogatepass")) // 2
    if isinstance(value, Inherited):
        return value.length
    return len(value) if isinstance(value, list) else jv.number(UNDEFINED)


FUNCTIONS: Mapping[str, RuleFunction] = {
    "equals": _equals,
    "iequals": _equals_in_any_case,
    "sequals": _is_same,
    "siequals": _equals_in_any_case,
    "lenmin": _is_long_enough,
    "lenmax": _is_short_enough,
    "lenequals": _has_length,
    "min": _is_at_least,
    "max": _is_at_most,
    "between": _is_between,
    "in": _is_one_of,
    "required": _is_present,
    "optional": _anything,
    "numeric": _is_numeric,
    "alpha": _has_letters_only,
    "alphanumeric": _has_letters_and_digits_only,
    "email": _is_email,
    "regex": _matches,
    "integer": _is_integer,
    "equalsto": _equals_field,
}
