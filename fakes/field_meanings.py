"""What the fields of a table mean: read from the source, for the lists in the docs."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Mapping
from itertools import pairwise
from typing import Any


def meanings(kind: type[Any]) -> Mapping[str, str]:
    """What each field of a table means, by name: the docstrings below the fields in the source."""
    (definition,) = (one for one in ast.parse(inspect.getsource(kind)).body if isinstance(one, ast.ClassDef))
    found = {}
    for one, after in pairwise(definition.body):
        if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name) and isinstance(after, ast.Expr):
            found[one.target.id] = str(ast.literal_eval(after.value))
    return found
