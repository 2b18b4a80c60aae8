"""The packages as the documents show them: a diagram of who imports whom, and what lives in each folder."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path

PACKAGES = ("features", "loadtests", "cht_rapidpro_harness", "conformance", "fakes", "relay")
OPENED = ("conformance", "fakes", "fakes.rapidpro", "fakes.cht")
"""Packages whose parts the diagram shows."""
Edges = Mapping[str, frozenset[str]]


def diagram() -> str:
    """Who imports whom, as a Mermaid flowchart. An arrow that a longer way of arrows implies is left out."""
    import grimp  # only developers have it

    graph = grimp.build_graph(*PACKAGES)
    parts = {package: sorted(graph.find_children(package) - {f"{package}.__main__"}) for package in OPENED}
    for part in {child for children in parts.values() for child in children} | set(PACKAGES):
        if part not in OPENED:
            graph.squash_module(part)
    lines = ["flowchart TD", *_boxes(PACKAGES, parts, "    ")]
    for siblings in (PACKAGES, *parts.values()):
        lines += _arrows(_edges(graph.find_modules_that_directly_import, siblings, parts))
    return "\n".join(["```mermaid", *lines, "```"]) + "\n"


def _boxes(names: Iterable[str], parts: Mapping[str, list[str]], indent: str) -> Iterator[str]:
    for name in names:
        yield f'{indent}{"subgraph " if name in parts else ""}{name}["{name.rpartition(".")[2]}"]'
        if name in parts:
            yield from _boxes(parts[name], parts, indent + "    ")
            yield f"{indent}end"


def _edges(importers_of: Callable[[str], set[str]], siblings: Iterable[str], parts: Mapping[str, list[str]]) -> Edges:
    """Which of the siblings each sibling imports, by itself or in its parts."""
    names = list(siblings)

    def inside(name: str) -> set[str]:
        return {name}.union(*(inside(part) for part in parts.get(name, ())))

    owner = {member: name for name in names for member in inside(name)}
    found: dict[str, set[str]] = {name: set() for name in names}
    for member, name in owner.items():
        for importer in importers_of(member):
            if importer in owner and owner[importer] != name:
                found[owner[importer]].add(name)
    return {name: frozenset(targets) for name, targets in found.items()}


def _arrows(edges: Edges) -> Iterator[str]:
    reachable = {name: _reachable(edges, name) for name in edges}
    for name, targets in edges.items():
        for target in sorted(targets):
            if not any(target in reachable[other] for other in targets - {target}):
                yield f"    {name} --> {target}"


def _reachable(edges: Edges, start: str) -> frozenset[str]:
    found: set[str] = set()
    waiting = list(edges[start])
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += edges[name]
    return frozenset(found)


def folders() -> str:
    """Each folder with what lives in it: the first sentence of its `__init__.py`."""
    rows = [f"| `{folder}/` | {sentence} |" for package in PACKAGES for folder, sentence in _described(package)]
    return "\n".join(["| folder | what lives in it |", "| --- | --- |", *rows]) + "\n"


def _described(package: str) -> Iterator[tuple[str, str]]:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError(f"the package `{package}` is not installed: install the distribution again")
    root = Path(next(iter(spec.submodule_search_locations)))
    for path in sorted(root.rglob("__init__.py")):
        docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        yield str(path.parent.relative_to(root.parent)), " ".join(docstring.split("\n\n")[0].split())
