"""Our packages, as this process imports them for somebody else's tests: under names that nobody else has.

A project may have a folder `relay/` or `fakes/` of its own, and its tests import it by that name. `fakes` of ours is
then `cht_rapidpro_harness.ours.fakes`, and an import of `fakes` in our modules leads there, whatever `sys.path` says.
"""

from __future__ import annotations

import builtins
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any

OURS = frozenset({"conformance", "fakes", "relay"})
__path__ = [str(Path(__file__).resolve().parents[2])]


def imported(name: str) -> ModuleType:
    """Our module `name`, such as `conformance.verdicts`, under its name in this package."""
    if not any(isinstance(finder, OursFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, OursFinder())  # before pytest's finder, which rewrites assertions of installed plugins
    return import_module(f"{__name__}.{name}")


class OursFinder(MetaPathFinder):
    """Finds our packages within this one, and nothing else."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The module's spec, with a loader that makes its imports find our packages."""
        within, _, name = fullname.partition(f"{__name__}.")
        if within or name.partition(".")[0] not in OURS:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and isinstance(spec.loader, SourceFileLoader):
            spec.loader = OursLoader(spec.loader.name, spec.loader.path)
        return spec


class OursLoader(SourceFileLoader):
    """Loads a module with an import statement of its own, which Python takes from the built-ins of the module."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the module."""
        module.__dict__["__builtins__"] = {**vars(builtins), "__import__": import_of_ours}
        super().exec_module(module)


def import_of_ours(
    name: str,
    globals: Mapping[str, Any] | None = None,
    locals: Mapping[str, Any] | None = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> ModuleType:
    """What an import statement in our modules does: `import fakes` finds ours, anything else is found as usual."""
    root = name.partition(".")[0]
    if level or root not in OURS:
        return builtins.__import__(name, globals, locals, fromlist or (), level)
    found = builtins.__import__(f"{__name__}.{name}", globals, locals, fromlist or ())
    return found if fromlist else sys.modules[f"{__name__}.{root}"]
