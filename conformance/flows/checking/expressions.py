"""Which names and functions a template uses, without evaluating it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from fakes.rapidpro.flows.expressions.parser import (
    Atom,
    Call,
    Chain,
    Dot,
    Index,
    Lambda,
    Literal,
    Name,
    Negated,
    Node,
    parse,
)
from fakes.rapidpro.flows.expressions.scanner import Part, scan
from fakes.rapidpro.flows.expressions.values import ExpressionError, TooComplex

TOP_LEVELS = frozenset({
    "run", "child", "parent", "contact", "locals", "results", "urns", "fields", "ticket", "trigger", "resume", "input",
    "globals", "webhook", "node", "legacy_extra",
})  # fmt: skip
"""The first names that flows know; `locals` in `new` only."""


@dataclass(frozen=True, slots=True)
class Mention:
    """A name with its properties, in lower case; `inside`: the functions around it, the outermost first."""

    path: tuple[str, ...]
    inside: tuple[str, ...] = ()

    def starts(self, *names: str) -> bool:
        """Whether the path begins with these names."""
        return self.path[: len(names)] == names

    @property
    def text(self) -> str:
        """As it is written."""
        return "@" + ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Expression:
    """One expression of a template. `problem`: why it does not parse."""

    text: str
    tree: Node | None = None
    problem: str = ""
    mentions: tuple[Mention, ...] = field(default=())
    functions: frozenset[str] = frozenset()


def top_levels(generation: str) -> frozenset[str]:
    """The first names that a generation knows."""
    return TOP_LEVELS if generation == "new" else TOP_LEVELS - {"locals"}


def parts_of(template: str, generation: str) -> Iterator[Part]:
    """Text and expressions, in order."""
    return scan(template, top_levels(generation))


def expressions_in(template: str, generation: str) -> Iterator[Expression]:
    """The expressions of a template, in order."""
    if "@" in template:
        for kind, text in parts_of(template, generation):
            if kind != "body":
                yield read_expression(text, simple=kind == "identifier")


def mentions_in(template: str, generation: str) -> list[Mention]:
    """All names in a template."""
    return [one for expression in expressions_in(template, generation) for one in expression.mentions]


@lru_cache(maxsize=4096)
def read_expression(text: str, *, simple: bool = False) -> Expression:
    """An expression of its text; `simple`: a name with properties that follows an `@`."""
    shown = f"@{text}" if simple else f"@({text})"
    try:
        tree = parse(text)
        mentions, functions = names_in(tree)
    except (ExpressionError, TooComplex) as error:
        return Expression(shown, problem=str(error))
    except RecursionError:
        return Expression(shown, problem="nested too deeply")
    return Expression(shown, tree, "", mentions, functions)


def names_in(tree: Node) -> tuple[tuple[Mention, ...], frozenset[str]]:
    """The names and the functions in a tree."""
    found = list(_walk(tree, (), frozenset()))
    mentions = tuple(one for one in found if isinstance(one, Mention))
    return mentions, frozenset(one for one in found if isinstance(one, str))


def pairs_in(tree: Node) -> Iterator[tuple[str, Node]]:
    """The keys and values of all calls of `object` in a tree."""
    if isinstance(tree, Atom) and isinstance(tree.base, Name) and tree.base.name.lower() == "object":
        for step in tree.steps[:1]:
            if isinstance(step, Call):
                for key, value in zip(step.arguments[::2], step.arguments[1::2], strict=False):
                    if isinstance(key, Literal) and isinstance(key.value, str):
                        yield key.value, value
    for part in _children(tree):
        yield from pairs_in(part)


def _walk(tree: Node, inside: tuple[str, ...], hidden: frozenset[str]) -> Iterator[Mention | str]:
    if isinstance(tree, Name):
        if tree.name.lower() not in hidden:
            yield Mention((tree.name.lower(),), inside)
    elif isinstance(tree, Atom) and isinstance(tree.base, Name):
        yield from _walk_named(tree, tree.base.name.lower(), inside, hidden)
    elif isinstance(tree, Lambda):
        yield from _walk(tree.body, inside, hidden | {one.lower() for one in tree.parameters})
    else:
        for part in _children(tree):
            yield from _walk(part, inside, hidden)


def _walk_named(tree: Atom, name: str, inside: tuple[str, ...], hidden: frozenset[str]) -> Iterator[Mention | str]:
    if tree.steps and isinstance(tree.steps[0], Call):
        yield name
        inside = (*inside, name)
    elif name not in hidden:
        yield Mention((name, *_properties(tree)), inside)
    for part in _children(tree):
        if part is not tree.base:
            yield from _walk(part, inside, hidden)


def _properties(tree: Atom) -> Iterator[str]:
    for step in tree.steps:
        if isinstance(step, Dot):
            yield step.name.lower()
        elif isinstance(step, Index) and isinstance(step.expression, Literal):
            yield str(step.expression.value).lower()
        else:
            return


def _children(tree: Node) -> Iterator[Node]:
    if isinstance(tree, Negated):
        yield tree.operand
    elif isinstance(tree, Chain):
        yield tree.first
        yield from (operand for _, operand in tree.rest)
    elif isinstance(tree, Lambda):
        yield tree.body
    elif isinstance(tree, Atom):
        yield tree.base
        for step in tree.steps:
            if isinstance(step, Index):
                yield step.expression
            elif isinstance(step, Call):
                yield from step.arguments
