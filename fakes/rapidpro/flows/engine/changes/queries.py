"""Contact queries: whether a contact is in a group that has one, and who a flow's broadcast or start is for.

Source: goflow contactql. `age < 5 AND (language = swa OR name ~ "za")`; a bare word searches name and numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from fakes.rapidpro.flows.context import SCHEMES
from fakes.rapidpro.flows.engine.changes.readings import datetime_in, number_in
from fakes.rapidpro.flows.engine.state.contact import Contact
from fakes.rapidpro.flows.engine.state.workspace import Workspace
from fakes.rapidpro.flows.expressions import Env
from fakes.rapidpro.flows.expressions.conversion import parse_datetime_text
from fakes.rapidpro.flows.expressions.words import words

_TOKEN = re.compile(
    r"""\s*(?:(?P<bracket>[()])|(?P<operator>!=|<=|>=|=|~|<|>)|"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<word>[^\s()"=~<>!]+))"""
)
MAX_DEPTH = 50
MAX_PREFIX = 8
_ALIASES = {"has": "~", "is": "="}
Test = Callable[[Contact], bool]
Attribute = Callable[[Contact, str], Sequence[str]]
"""The contact's values of an attribute that only a search can use: id, status, group, flow, history."""


class BadQuery(ValueError):
    """A query that cannot be read; the text says why."""


def matches(query: str, contact: Contact, workspace: Workspace, env: Env) -> bool:
    """Whether the contact fits the query; a query that cannot be read fits nobody."""
    try:
        return _Query(query, workspace, env, _no_value).read()(contact)
    except BadQuery:
        return False


def search(
    query: str, contacts: Iterable[Contact], workspace: Workspace, env: Env, attribute: Attribute
) -> list[Contact]:
    """The contacts that fit the query, in their order. Raises BadQuery if it cannot be read."""
    test = _Query(query, workspace, env, attribute).read()
    return [one for one in contacts if test(one)]


def _no_value(_contact: Contact, _name: str) -> Sequence[str]:
    return ()


class _Query:
    def __init__(self, query: str, workspace: Workspace, env: Env, attribute: Attribute) -> None:
        self._tokens = _tokens(query)
        self._position = 0
        self._workspace = workspace
        self._env = env
        self._attribute = attribute

    def read(self) -> Test:
        test = self._either(0)
        if self._position < len(self._tokens):
            raise BadQuery("something follows the query")
        return test

    def _next(self) -> tuple[str, str]:
        return self._tokens[self._position] if self._position < len(self._tokens) else ("end", "")

    def _takes(self, word: str) -> bool:
        kind, text = self._next()
        if kind == "word" and text.lower() == word:
            self._position += 1
            return True
        return False

    def _either(self, depth: int) -> Test:
        tests = [self._both(depth)]
        while self._takes("or"):
            tests.append(self._both(depth))
        return lambda contact: any(test(contact) for test in tests)

    def _both(self, depth: int) -> Test:
        tests = [self._single(depth)]
        while self._takes("and") or self._starts_condition():
            tests.append(self._single(depth))
        return lambda contact: all(test(contact) for test in tests)

    def _starts_condition(self) -> bool:
        kind, text = self._next()
        return (kind in ("word", "quoted") and text.lower() != "or") or (kind, text) == ("bracket", "(")

    def _single(self, depth: int) -> Test:
        kind, text = self._next()
        self._position += 1
        if (kind, text) == ("bracket", "(") and depth < MAX_DEPTH:
            test = self._either(depth + 1)
            if self._next() != ("bracket", ")"):
                raise BadQuery("a bracket is not closed")
            self._position += 1
            return test
        if kind not in ("word", "quoted"):
            raise BadQuery(f"unexpected {text or 'end'}")
        operator = _operator(*self._next())
        if kind == "quoted" or not operator:
            return self._implicit(text)
        self._position += 1
        kind, value = self._next()
        if kind not in ("word", "quoted"):
            raise BadQuery("a value is missing")
        self._position += 1
        return self._condition(text.lower(), operator, value)

    def _implicit(self, text: str) -> Test:
        digits = re.sub(r"[^0-9]", "", text)
        if digits and len(digits) >= len(text) - 3:
            return lambda contact: any(digits in urn.path for urn in contact.urns)
        return lambda contact: _name_contains(contact.name.lower(), text.lower())

    def _condition(self, name: str, operator: str, value: str) -> Test:
        def test(contact: Contact) -> bool:
            found, kind = self._values(name, contact)
            if value == "":
                return bool(found) is (operator == "!=")
            if operator == "!=":
                return not any(_compare(one, "=", value, kind, self._env) for one in found)
            return any(_compare(one, operator, value, kind, self._env) for one in found)

        return test

    def _values(self, name: str, contact: Contact) -> tuple[list[Any], str]:
        if name in _ONLY_IN_SEARCHES:
            return list(self._attribute(contact, name)), "text"
        return _values(name, contact, self._workspace)


def _operator(kind: str, text: str) -> str:
    """The operator that a token is; "" if it is none."""
    return text if kind == "operator" else _ALIASES.get(text.lower(), "") if kind == "word" else ""


def _tokens(query: str) -> list[tuple[str, str]]:
    found, position = [], 0
    query = query.rstrip()
    while position < len(query):
        match = _TOKEN.match(query, position)
        if match is None:
            raise BadQuery(f"unexpected {query[position : position + 10]}")
        kind = match.lastgroup or ""
        found.append((kind, re.sub(r"\\(.)", r"\1", match.group(kind)) if kind == "quoted" else match.group(kind)))
        position = match.end()
    return found


def _values(name: str, contact: Contact, workspace: Workspace) -> tuple[list[Any], str]:
    """The contact's values of an attribute, URN scheme or field, and how they are compared."""
    plain = {"uuid": contact.uuid, "language": contact.language, "name": contact.name}
    if name in plain:
        return ([plain[name]] if plain[name] else []), "name" if name == "name" else "text"
    if name in ("created_on", "last_seen_on"):
        at = contact.created_on if name == "created_on" else contact.last_seen_on
        return ([] if at is None else [at]), "datetime"
    if name == "tickets":
        return [Decimal(len(contact.tickets))], "number"
    scheme = name.removeprefix("urns.")
    if name == "urn" or scheme in SCHEMES:
        return [urn.path for urn in contact.urns if scheme in ("urn", urn.scheme)], "text"
    return _field_values(name.removeprefix("fields."), contact, workspace)


_ONLY_IN_SEARCHES = frozenset({"id", "ref", "status", "group", "flow", "history"})
"""Attributes that queries of groups cannot use."""


def _field_values(key: str, contact: Contact, workspace: Workspace) -> tuple[list[Any], str]:
    definition, value = workspace.field(key), contact.fields.get(key)
    if definition is None:
        raise BadQuery(f"can't resolve '{key}' to attribute, scheme or field")
    if value is None:
        return [], "text"
    if definition.type == "number":
        return ([] if value.number is None else [value.number]), "number"
    if definition.type == "datetime":
        return ([] if value.datetime is None else [parse_datetime_text(value.datetime).at]), "datetime"
    return [value.text], "text"


def _compare(found: Any, operator: str, value: str, kind: str, env: Env) -> bool:
    if kind == "number":
        number = number_in(value, env)
        return number is not None and _ordered(found, operator, number)
    if kind == "datetime":
        wanted = datetime_in(value, env)
        return wanted is not None and _on_days(found, operator, wanted.at, env)
    own, text = str(found).strip().lower(), value.strip().lower()
    if operator == "=":
        return own == text
    if operator == "~":
        return _name_contains(own, text) if kind == "name" else text in own
    return False


def _on_days(found: datetime, operator: str, wanted: datetime, env: Env) -> bool:
    return _ordered(found.astimezone(env.timezone).date(), operator, wanted.astimezone(env.timezone).date())


def _ordered(found: Any, operator: str, wanted: Any) -> bool:
    outcomes = {"=": found == wanted, ">": found > wanted, "<": found < wanted}
    outcomes |= {">=": found >= wanted, "<=": found <= wanted}
    return bool(outcomes.get(operator, False))


def _name_contains(name: str, text: str) -> bool:
    """Whether a word of the text begins a word of the name; eight characters of each count."""
    wanted = [word[:MAX_PREFIX] for word in words(text)]
    return any(own[:MAX_PREFIX].startswith(word) for own in words(name) for word in wanted)
