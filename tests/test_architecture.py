"""Who may import whom, and what no module may do."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.folders import ROOT

ALLOWED = {
    "relay": set(),
    "fakes": set(),
    "conformance": {"fakes", "relay"},
    "features": {"conformance", "fakes"},
    "loadtests": {"conformance", "fakes"},
}
RELAY_MAY_BE_IMPORTED_BY = "conformance/subjects/"


def modules(package: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        yield path, ast.parse(path.read_text("utf-8"))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def own_imports(package: str) -> set[str]:
    ours = {*ALLOWED, "tests"}
    return {name for _, tree in modules(package) for name in imported(tree) if name in ours}


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_point_inwards(package: str) -> None:
    assert own_imports(package) <= {package, *ALLOWED[package]}


def test_conformance_knows_the_relay_only_where_a_subject_is_built() -> None:
    for path, tree in modules("conformance"):
        if "relay" in imported(tree):
            assert str(path.relative_to(ROOT)).startswith(RELAY_MAY_BE_IMPORTED_BY), path


@pytest.mark.parametrize("package", ALLOWED)
def test_no_module_holds_mutable_state_or_works_when_imported(package: str) -> None:
    """Module level: no calls for their effect, no empty lists, dicts or sets to be filled later."""
    for path, tree in modules(package):
        for node in tree.body:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and path.name != "test_features.py":
                pytest.fail(f"{path.relative_to(ROOT)}:{node.lineno} works when imported")
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            if isinstance(value, ast.List | ast.Dict | ast.Set) and not ast.unparse(value).strip("[]{}"):
                pytest.fail(f"{path.relative_to(ROOT)}:{node.lineno} holds state to be filled later")


@pytest.mark.parametrize("package", ALLOWED)
def test_every_module_says_what_it_is_for(package: str) -> None:
    for path, tree in modules(package):
        assert ast.get_docstring(tree), f"{path.relative_to(ROOT)} has no docstring"


def test_wire_formats_are_not_shared_between_relay_and_fakes() -> None:
    """Shared code would let one misreading pass on both sides: neither side imports the other, nor a third of ours."""
    for package in ("relay", "fakes"):
        assert own_imports(package) == {package}
