"""Fills a store from a seed: the data that RapidPro starts with.

The shape is that of the recordings' setup: lists of workspaces, users, channels, contacts and so on; tokens by name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fakes.rapidpro.seed.rows import SeedRows
from fakes.rapidpro.seed.traffic import Traffic
from fakes.rapidpro.seed.workspaces import Workspaces
from fakes.rapidpro.store.store import Store
from fakes.service import SeedError

NEEDED = ("workspaces", "users", "tokens")
LISTS = (
    "workspaces", "users", "channels", "fields", "contacts", "groups", "labels", "flows", "globals", "broadcasts",
    "messages", "flow_starts", "runs",
)  # fmt: skip


def load_seed(seed: Mapping[str, Any], store: Store) -> None:
    """Fill an empty store. Raises SeedError; the store is then unusable."""
    for name in NEEDED:
        if not seed.get(name):
            raise SeedError(f"a seed of RapidPro needs {', '.join(NEEDED)}; {name} is missing or empty")
    for name in LISTS:
        if not isinstance(seed.get(name, []), list):
            raise SeedError(f"{name} must be a list, got {type(seed[name]).__name__}")
    for name, load_row in _kinds(SeedRows(store)).items():
        rows = seed.get(name) or []
        for position, row in enumerate(rows.items() if isinstance(rows, Mapping) else rows):
            try:
                load_row(row)
            except (KeyError, TypeError, ValueError, AttributeError) as problem:
                raise SeedError(f"{name}[{position}] is invalid: {type(problem).__name__} {problem}") from None


def _kinds(rows: SeedRows) -> Mapping[str, Callable[[Any], None]]:
    """What loads each kind of row, in the order of their dependencies."""
    set_up, traffic = Workspaces(rows), Traffic(rows)
    return {
        "workspaces": set_up.workspace,
        "users": set_up.user,
        "tokens": set_up.token,
        "channels": set_up.channel,
        "fields": set_up.field,
        "globals": set_up.global_row,
        "groups": set_up.group,
        "labels": set_up.label,
        "flows": set_up.flow,
        "contacts": set_up.contact,
        "broadcasts": traffic.broadcast,
        "messages": traffic.message,
        "flow_starts": traffic.start,
        "runs": traffic.run,
    }
