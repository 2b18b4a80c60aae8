"""Templates of a flow evaluated in its run, with what goes wrong noted as the generation does it.

Source: goflow flows/engine/run.go, flows/environment.go.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from fakes.rapidpro.flows.engine.context.root import root_context
from fakes.rapidpro.flows.engine.state.session import Run
from fakes.rapidpro.flows.engine.work.stretch import Stretch

if TYPE_CHECKING:
    from fakes.rapidpro.flows.expressions import Env, Evaluated

MAX_TEXT = 10_000


def text_of(
    template: str, stretch: Stretch, run: Run, *, limit: int | None = MAX_TEXT, escape: Callable[[str], str] = str
) -> tuple[str, bool]:
    """The text of a template, and whether all its expressions could be evaluated."""
    if "@" not in template and (limit is None or len(template) <= limit):
        return template, True
    from fakes.rapidpro.flows.expressions import evaluate

    generation = stretch.rules.generation
    outcome = evaluate(
        template, _context(stretch, run), _settings(stretch), generation=generation, limit=limit, escape=escape
    )
    _note(outcome, stretch, run)
    return outcome.text, not outcome.errors


def value_of(template: str, stretch: Stretch, run: Run) -> Any:
    """The value of a router's template; an error is a value too, and the caller's to note."""
    if "@" not in template:
        return template.strip()
    from fakes.rapidpro.flows.expressions import evaluate_typed

    generation = stretch.rules.generation
    value, outcome = evaluate_typed(template, _context(stretch, run), _settings(stretch), generation=generation)
    if stretch.rules.notes_router_errors:
        _note(outcome, stretch, run)
    return value


def environment(stretch: Stretch) -> Env:
    """The settings of expressions, with a budget of its own for what is called with them."""
    return _settings(stretch).with_own_budget(stretch.rules.generation)


def _settings(stretch: Stretch) -> Env:
    """The settings of the workspace, and those of the contact that go before them.

    They are made once for as long as the contact stays as it is; an evaluation has a budget of its own.
    """
    contact = stretch.session.contact
    decisive = (contact.language, contact.timezone, *contact.urns)
    if stretch.settings is None or stretch.settings[0] != decisive:
        stretch.settings = decisive, _env(stretch)
    return stretch.settings[1]


def _env(stretch: Stretch) -> Env:
    from fakes.rapidpro.flows.expressions import Env
    from fakes.rapidpro.flows.expressions.environment import Budget

    workspace, contact = stretch.workspace, stretch.session.contact
    home = ZoneInfo(workspace.timezone)
    return Env(
        now=stretch.around.at,
        timezone=ZoneInfo(contact.timezone) if contact.timezone else home,
        home=home,
        date_format=workspace.date_format,
        time_format=workspace.time_format,
        country=contact.country(workspace) or workspace.country,
        languages=workspace.languages,
        language=contact.language if contact.language in workspace.languages else "".join(workspace.languages[:1]),
        decimal=workspace.decimal,
        grouping=workspace.grouping,
        has_locations=True,
        generation=stretch.rules.generation,
        rng=stretch.around.chance,
        budget=Budget(total=stretch.budget),
    )


def _context(stretch: Stretch, run: Run) -> dict[str, Any]:
    session = stretch.session
    uuids = {one.flow_uuid for one in session.runs} | ({stretch.started_by.flow_uuid} if stretch.started_by else set())
    flows = {uuid: stretch.around.flows.find(uuid) for uuid in uuids}
    node = stretch.node_of(run)
    return root_context(session, run, node, flows, stretch.started_by, stretch.workspace, new=stretch.rules.is_new)


def _note(outcome: Evaluated, stretch: Stretch, run: Run) -> None:
    if stretch.rules.is_new:
        for message in outcome.errors:
            stretch.raw_error(f"Error evaluating expression: {message}", run)
    elif outcome.errors:
        pairs = zip(outcome.failed, outcome.errors, strict=True)
        stretch.raw_error(", ".join(f"error evaluating {part}: {message}" for part, message in pairs), run)
    for warning in outcome.warnings:
        stretch.warning(warning, run)
