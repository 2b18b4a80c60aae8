"""The condition `bool_expr` of an event or a message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakes.cht.couch.documents import Doc
from fakes.cht.javascript.sandbox import holds


def condition_holds(entry: Mapping[str, Any], doc: Doc) -> bool:
    """Whether the condition of an entry holds for a document; one without a condition does. Raises ScriptError."""
    expression = entry.get("bool_expr")
    return not isinstance(expression, str) or not expression.strip() or holds(expression, {"doc": doc})
