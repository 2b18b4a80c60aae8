"""Webhook calls that bring something to CHT: which endpoint, which headers, what is in the body."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from conformance.flows.checking.expressions import Mention, names_in, pairs_in, parts_of, read_expression
from conformance.flows.checking.reading import Reading
from fakes.rapidpro.flows.engine.definitions import Action, Node

Endpoint = Literal["messages", "gateway", "records"]
_PATHS: Mapping[str, Endpoint] = {
    "/sms/rapidpro/incoming-messages": "messages",
    "/sms/radpidpro/incoming-messages": "messages",
    "/api/sms": "gateway",
    "/api/v1/records": "records",
    "/api/v2/records": "records",
}
MESSAGE = frozenset({"id", "from", "content"})
_GLOBAL = re.compile(r"@(?:\(\s*globals\.(\w+)\s*\)|globals\.(\w+))", re.IGNORECASE)
_MARK = "\ue000"
"""Stands for an expression in a body that is read as JSON; no text of a flow has it."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value in a body. `raw`: an expression stands in quotes, and its text is put there as it is."""

    key: str
    mentions: tuple[Mention, ...]
    functions: frozenset[str]
    raw: bool = False


@dataclass(frozen=True, slots=True)
class Post:
    """One webhook call. `url` and `headers` have the known globals filled in; names of headers in lower case."""

    node: Node
    action: Action
    endpoint: Endpoint
    url: str
    headers: Mapping[str, str]
    values: tuple[Value, ...]

    def value(self, key: str) -> tuple[Value, ...]:
        """The values under a key."""
        return tuple(one for one in self.values if one.key == key)

    def mentions(self, *path: str) -> bool:
        """Whether the body has a name that starts so."""
        return any(mention.starts(*path) for value in self.values for mention in value.mentions)


def posts_in(reading: Reading) -> Iterator[Post]:
    """The calls of the flow that bring something to CHT or to a relay, by their address or else by their body."""
    for node, action in reading.actions("call_webhook"):
        if action.text("method") != "POST":
            continue
        url = filled(action.text("url"), reading)
        values = tuple(_values(action.text("body"), reading.generation))
        endpoint = _endpoint(url, {one.key for one in values})
        if endpoint is not None:
            headers = action.values.get("headers") or {}
            shown = {name.lower(): filled(str(text or ""), reading) for name, text in headers.items()}
            yield Post(node, action, endpoint, url, shown, values)


def filled(template: str, reading: Reading) -> str:
    """A template with the globals whose values are known."""
    known = reading.globals or {}
    return _GLOBAL.sub(lambda found: known.get((found[1] or found[2]).lower(), found[0]), template)


def _endpoint(url: str, keys: set[str]) -> Endpoint | None:
    path = url.split("?")[0].rstrip("/").lower()
    for ending, endpoint in _PATHS.items():
        if path.endswith(ending):
            return endpoint
    if keys >= MESSAGE:
        return "gateway" if "messages" in keys else "messages"
    return "records" if "_meta" in keys else None


def _values(body: str, generation: str) -> Iterator[Value]:
    parts = list(parts_of(body.strip(), generation))
    if len(parts) == 1 and parts[0][0] != "body":
        expression = read_expression(parts[0][1])
        for key, tree in () if expression.tree is None else pairs_in(expression.tree):
            yield Value(key, *names_in(tree))
        return
    found = _as_json(parts)
    if found is not None:
        expressions = [text for kind, text in parts if kind != "body"]
        yield from _in_json(found, "", expressions)


def _as_json(parts: list[tuple[Any, str]]) -> Any:
    """A body of text and expressions as JSON, each expression as a marked number in a text; None if it is none."""
    written, quoted, number = "", False, 0
    for kind, text in parts:
        if kind == "body":
            written += text
            quoted ^= len(re.findall(r'(?<!\\)"', text)) % 2 == 1
        else:
            mark = f"{_MARK}{'r' if quoted else ''}{number}{_MARK}"
            written += mark if quoted else f'"{mark}"'
            number += 1
    try:
        return json.loads(written)
    except (ValueError, RecursionError):
        return None


def _in_json(found: Any, key: str, expressions: list[str]) -> Iterator[Value]:
    if isinstance(found, dict):
        for name, value in found.items():
            yield from _in_json(value, name, expressions)
            if isinstance(value, dict | list):
                yield Value(name, (), frozenset())
    elif isinstance(found, list):
        for value in found:
            yield from _in_json(value, key, expressions)
    else:
        marks = re.findall(f"{_MARK}(r?)([0-9]+){_MARK}", found) if isinstance(found, str) else []
        read = [read_expression(expressions[int(number)]) for _, number in marks]
        yield Value(
            key,
            tuple(mention for one in read for mention in one.mentions),
            frozenset().union(*(one.functions for one in read)),
            raw=any(raw for raw, _ in marks),
        )
