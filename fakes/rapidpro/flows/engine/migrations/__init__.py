"""Migration of older definitions to the specification of an engine. Source: goflow flows/definition/migrations."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator

from fakes.rapidpro.flows.engine.migrations import v13, v14
from fakes.rapidpro.flows.engine.migrations.definition import Json
from fakes.rapidpro.versions.engines import EngineRules, Version

__all__ = ["migrate"]


def _steps() -> Iterator[tuple[Version, Callable[[Json], None]]]:
    yield (13, 1, 0), v13.to_13_1
    yield (13, 2, 0), v13.to_13_2
    yield (13, 3, 0), v13.to_13_3
    yield (13, 4, 0), v13.to_13_4
    yield (13, 5, 0), v13.to_13_5
    yield (13, 6, 0), v13.to_13_6
    yield (13, 6, 1), v13.to_13_6_1
    yield (14, 0, 0), v14.to_14_0
    yield (14, 1, 0), v14.to_14_1
    yield (14, 2, 0), v14.to_14_2
    yield (14, 3, 0), v14.to_14_3
    yield (14, 3, 1), v14.to_14_3_1
    yield (14, 4, 0), v14.to_14_4
    yield (14, 4, 1), v14.to_14_4_1
    yield (14, 4, 2), v14.to_14_4_2


def migrate(flow: Json, version: Version, rules: EngineRules) -> tuple[Json, Version]:
    """The definition and its version after all migrations between its version and the engine's; the given one stays."""
    due = [(to, step) for to, step in _steps() if version < to <= rules.spec]
    if not due:
        return flow, version
    flow = copy.deepcopy(flow)
    for to, step in due:
        step(flow)
        version = to
    return flow, version
