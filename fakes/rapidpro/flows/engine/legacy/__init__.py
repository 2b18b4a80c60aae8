"""Legacy definitions, specification 11: action sets and rule sets, migrated to specification 13.0.0."""

from __future__ import annotations

from fakes.rapidpro.flows.engine.legacy.definition import is_legacy, migrate_legacy

__all__ = ["is_legacy", "migrate_legacy"]
