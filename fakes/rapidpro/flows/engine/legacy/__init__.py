"""Legacy definitions, specification 11: action sets and rule sets."""

from __future__ import annotations

from typing import Any

from fakes.rapidpro.flows.engine.refused import Refused


def is_legacy(data: dict[str, Any]) -> bool:
    """Whether a definition may be a legacy one."""
    return any(data.get(name) is not None for name in ("action_sets", "rule_sets", "flow_type"))


def migrate_legacy(data: dict[str, Any]) -> dict[str, Any]:
    """Refused: legacy definitions are not read."""
    raise Refused(f"version {data.get('version')} is not read here")
