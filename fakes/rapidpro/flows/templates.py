"""Templates of the workspace (texts of broadcasts and flows, bodies of webhooks) with their expressions evaluated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from fakes.rapidpro.flows.running.rows import DATE_FORMATS
from fakes.rapidpro.runtime import Runtime
from fakes.rapidpro.store.records import Workspace

if TYPE_CHECKING:
    from fakes.rapidpro.flows.expressions import Env

SHORT = 10_000
"""Characters up to which no template is cut; see expressions.MAX_TEXT."""


def evaluate_template(
    template: str, context: Mapping[str, Any], workspace: Workspace, runtime: Runtime, *, unlimited: bool = False
) -> str:
    """The template's text in this workspace and now; `unlimited`: it is not cut, however long."""
    if "@" not in template and len(template) <= SHORT:
        return template
    # Expressions are slow to load: only when a template has to be evaluated.
    from fakes.rapidpro.flows.expressions import MAX_TEXT, evaluate

    limit = None if unlimited else MAX_TEXT
    return evaluate(template, context, _env(workspace, runtime), generation=runtime.habits.generation, limit=limit).text


def _env(workspace: Workspace, runtime: Runtime) -> Env:
    from fakes.rapidpro.flows.expressions import Env

    return Env(
        now=runtime.clock.now(),
        timezone=ZoneInfo(workspace.timezone or "UTC"),
        date_format=DATE_FORMATS[workspace.date_style],
        country=workspace.default_country or "",
        languages=tuple(workspace.languages),
        generation=runtime.habits.generation,
        rng=runtime.rng,
    )
