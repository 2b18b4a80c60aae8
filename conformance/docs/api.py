"""The public names of `cht_rapidpro_harness` for docs/api.md: purpose, signature, members, read from the source."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise
from typing import Any

PACKAGE = "cht_rapidpro_harness"  # by its name: it imports this package, and not the other way round


def public_names() -> str:
    """A section for each public name, in the order of `__all__`."""
    module = import_module(PACKAGE)
    return "\n".join("\n".join(_section(name, getattr(module, name))) for name in module.__all__)


def _section(name: str, found: Any) -> Iterator[str]:
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(found))).body
    assert isinstance(definition, ast.ClassDef | ast.FunctionDef)
    yield f"### {name}"
    yield ""
    if isinstance(definition, ast.FunctionDef):
        yield from (f"`{_signature(definition)}`", "")
    yield _whole(definition)
    yield ""
    if isinstance(definition, ast.ClassDef):
        members = [f"- {line}" for line in _members(definition)]
        yield from [*members, ""] if members else []


def _members(definition: ast.ClassDef) -> Iterator[str]:
    """Fields, attributes, properties and methods, in the order of the source."""
    yield from _fields(definition.body, "")
    for part in definition.body:
        if isinstance(part, ast.FunctionDef) and part.name == "__init__":
            yield from _fields(part.body, "self.")
    for part in definition.body:
        if isinstance(part, ast.FunctionDef) and not part.name.startswith("_"):
            is_property = any(isinstance(one, ast.Name) and one.id == "property" for one in part.decorator_list)
            returns = "" if part.returns is None else ast.unparse(part.returns)
            shown = f"{part.name}: {returns}" if is_property else _signature(part)
            yield _described(shown, _whole(part))


def _fields(body: list[ast.stmt], prefix: str) -> Iterator[str]:
    for one, after in pairwise([*body, ast.Pass()]):
        about = after.value.value if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) else ""
        if isinstance(one, ast.AnnAssign):
            name = ast.unparse(one.target).removeprefix(prefix)
            if not name.startswith(("_", "self.")):
                yield _described(f"{name}: {ast.unparse(one.annotation)}", _joined(str(about)))
        elif isinstance(one, ast.Assign) and not prefix:  # a member of an enumeration
            yield _described(ast.unparse(one), _joined(str(about)))


def _described(code: str, sentence: str) -> str:
    return f"`{code}`: {sentence}" if sentence else f"`{code}`"


def _signature(function: ast.FunctionDef) -> str:
    arguments = ast.unparse(function.args).removeprefix("self, ").removeprefix("self")
    returns = "" if function.returns is None else f" -> {ast.unparse(function.returns)}"
    return f"{function.name}({arguments}){returns}"


def _whole(definition: ast.ClassDef | ast.FunctionDef) -> str:
    return _joined(ast.get_docstring(definition) or "")


def _joined(text: str) -> str:
    return " ".join(text.split())
