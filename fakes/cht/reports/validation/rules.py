"""Evaluating a rule on a value (cht-core `validation/src/{pupil,validator}.js`).

`&&` and `||` are evaluated from left to right without precedence or short-circuiting. An unknown function is true.
The prefix `other` takes the value of the field that the first argument names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fakes.cht.javascript import values as jv
from fakes.cht.javascript.inherited import PROTOTYPE, Inherited, look_up
from fakes.cht.reports.validation.functions import RuleError, RuleFunction, Values, argument, value_of
from fakes.cht.reports.validation.syntax import Call, Group, Item, RuleSyntaxError, parse
from fakes.cht.reports.validation.tokens import Tokens

OTHER = "other"


def holds(rule: Any, values: Values, name: str, functions: Mapping[str, RuleFunction]) -> bool:
    """Whether the value `name` satisfies a rule. Raises RuleError."""
    if not isinstance(rule, str):
        raise RuleError
    try:
        items = parse(Tokens(rule).read())
    except RuleSyntaxError as fault:
        raise RuleError(str(fault)) from None
    return _Evaluation(values, name, functions).all_hold(items)


class _Evaluation:
    """The evaluation of a rule on one value of a report."""

    def __init__(self, values: Values, name: str, functions: Mapping[str, RuleFunction]) -> None:
        self._values = values
        self._name = name
        self._functions = functions

    def all_hold(self, items: Iterable[Item] | None) -> bool:
        """Whether the items of a group hold; a missing group does."""
        result, both, negated = True, True, False
        for item in items or ():
            if item in ("&&", "||"):
                both = item == "&&"
            elif item == "!":
                negated = True
            else:
                value = self._holds(item) != negated
                negated = False
                result = (result and value) if both else (result or value)
        return result

    def _holds(self, item: Item) -> bool:
        if isinstance(item, Call):
            return self._call(item)
        if not isinstance(item, Group):
            return True
        if item.conditions is None:
            return self.all_hold(item.items)
        return self.all_hold(item.then if self.all_hold(item.conditions) else item.otherwise)

    def _call(self, call: Call) -> bool:
        name, arguments, of = call.name.lower(), list(call.arguments), self._name
        if name.startswith(OTHER):
            name = name.removeprefix(OTHER)
            of = jv.text(argument(arguments, 0))
            arguments = arguments[1:]
        if name == PROTOTYPE:
            raise RuleError  # what every object has under that name cannot be called
        function = look_up(self._functions, name)
        known = function is not None and not isinstance(function, Inherited)  # `constructor` is true too
        return not known or function(self._values, value_of(self._values, of), arguments)
