"""What no module may do, how many modules a folder holds, and that the import contracts are kept and can be broken."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.folders import ROOT

PACKAGES = ("relay", "fakes", "conformance", "features", "loadtests", "cht_rapidpro_harness")
MOST_MODULES = 12
TABLES = {
    "fakes/faults/effects": None,
    "fakes/cht/transitions": None,
    "fakes/rapidpro/flows/expressions": None,
}
"""Folders that may be longer: how many modules, or None for a table of like things."""
BREACHES = {
    "packages": ("fakes/clock.py", "import conformance.verdicts"),
    "relay": ("conformance/verdicts.py", "import relay.settings"),
    "services": ("fakes/cht/errors.py", "import fakes.rapidpro.uuids"),
    "fakes": ("fakes/clock.py", "import fakes.ledger"),
    "rapidpro": ("fakes/rapidpro/urns.py", "import fakes.rapidpro.store.rows"),
    "cht": ("fakes/cht/errors.py", "import fakes.cht.state"),
    "conformance": ("conformance/verdicts.py", "import conformance.world.world"),
    "no-circles": (
        "fakes/clock.py",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import fakes.serving.host",
    ),
}
"""For each contract in pyproject.toml: a module, and an import in it that breaks the contract."""


def modules(package: str) -> Iterator[tuple[Path, ast.Module]]:
    for path in sorted((ROOT / package).rglob("*.py")):
        yield path, ast.parse(path.read_text("utf-8"))


def lint_imports(folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    chosen = [word for contract in contracts for word in ("--contract", contract)]
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    return subprocess.run([*command, *chosen], cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def test_all_import_contracts_are_kept() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout
    assert f"Contracts: {len(BREACHES)} kept, 0 broken" in done.stdout


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages and the contracts."""
    folder = tmp_path_factory.mktemp("checkout")
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@pytest.mark.parametrize("contract", BREACHES)
def test_each_import_contract_can_be_broken(contract: str, checkout: Path) -> None:
    place, line = BREACHES[contract]
    path = checkout / place
    before = path.read_text("utf-8")
    path.write_text(f"{before}\n{line}\n", "utf-8")
    try:
        done = lint_imports(checkout, contract)
    finally:
        path.write_text(before, "utf-8")
    assert done.returncode == 1, done.stdout + done.stderr
    assert "Contracts: 0 kept, 1 broken" in done.stdout


@pytest.mark.parametrize("package", PACKAGES)
def test_no_folder_holds_more_modules_than_a_reader_can_survey(package: str) -> None:
    loose = Counter(path.parent for path in (ROOT / package).rglob("*.py") if path.name != "__init__.py")
    for folder, count in loose.items():
        most = TABLES.get(str(folder.relative_to(ROOT)), MOST_MODULES)
        assert most is None or count <= most, f"{folder.relative_to(ROOT)}: {count} modules, at most {most}"


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_holds_mutable_state_or_works_when_imported(package: str) -> None:
    """Module level: no calls for their effect, no empty lists, dicts or sets to be filled later."""
    for path, tree in modules(package):
        for node in tree.body:
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) and path.name != "test_features.py":
                pytest.fail(f"{path.relative_to(ROOT)}:{node.lineno} works when imported")
            value = node.value if isinstance(node, ast.Assign | ast.AnnAssign) else None
            if isinstance(value, ast.List | ast.Dict | ast.Set) and not ast.unparse(value).strip("[]{}"):
                pytest.fail(f"{path.relative_to(ROOT)}:{node.lineno} holds state to be filled later")


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_says_what_it_is_for(package: str) -> None:
    for path, tree in modules(package):
        assert ast.get_docstring(tree), f"{path.relative_to(ROOT)} has no docstring"
