"""Saving results. Source: goflow core/result.go, flows/results.go."""

from __future__ import annotations

from fakes.rapidpro.flows.engine.context.sources import extra_values
from fakes.rapidpro.flows.engine.result_keys import key_of
from fakes.rapidpro.flows.engine.state.session import Result, Run
from fakes.rapidpro.flows.engine.work.stretch import Stretch

MAX_VALUE = 640
SUCCESS, FAILURE, SKIPPED = "Success", "Failure", "Skipped"


def save(
    stretch: Stretch, run: Run, name: str, value: str, category: str, *, localized: str = "", given: str = "",
    extra: str | None = None,
) -> None:  # fmt: skip
    """Save a result; `extra` is JSON text."""
    value = value[:MAX_VALUE]
    result = Result(name, value, category, run.path[-1].node_uuid, stretch.around.at, localized, given, extra)
    key = key_of(name)
    run.legacy_extra |= extra_values(result)
    old = run.results.get(key)
    run.results[key] = result
    same = old is not None and (old.value, old.category) == (value, category)
    if not (stretch.rules.is_new and same):
        stretch.note("run_result_changed", {"key": key, "name": name, "value": value, "category": category}, run)
