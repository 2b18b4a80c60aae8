"""Actions on the run. Source: goflow flows/actions/set_run_result.go, set_run_local.go, enter_flow.go."""

from __future__ import annotations

import re

from fakes.rapidpro.flows.engine.definitions import Action
from fakes.rapidpro.flows.engine.refused import Refused
from fakes.rapidpro.flows.engine.state.session import Run
from fakes.rapidpro.flows.engine.work import results
from fakes.rapidpro.flows.engine.work.languages import translation_of
from fakes.rapidpro.flows.engine.work.stretch import Entered, Stretch
from fakes.rapidpro.flows.engine.work.templates import text_of

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}\Z")


def set_run_result(action: Action, stretch: Stretch, run: Run) -> None:
    """Save a result, unless an expression fails."""
    value, whole = text_of(action.text("value"), stretch, run)
    if not whole:
        return
    category = action.text("category")
    localized = translation_of(action.uuid, "category", category, stretch, run)
    shown = "" if localized == category else localized
    results.save(stretch, run, action.text("name"), value, category, localized=shown)


def set_run_local(action: Action, stretch: Stretch, run: Run) -> None:
    """Set, count up or clear a local variable."""
    value, whole = text_of(action.text("value"), stretch, run)
    if not whole:
        return
    name, operation = action.text("local"), action.text("operation")
    if operation == "set":
        run.locals[name] = value
    elif operation == "clear":
        run.locals.pop(name, None)
    elif _INTEGER.match(value):
        old = run.locals.get(name, "")
        run.locals[name] = str((int(old) if _INTEGER.match(old) else 0) + int(value))
    else:
        stretch.error("Increment value is not an integer", run)


def enter_flow(action: Action, stretch: Stretch, run: Run) -> None:
    """Enter another flow when the node's actions are done; the last one that is named counts."""
    reference = action.values["flow"]
    try:
        flow = stretch.around.flows.get(reference["uuid"])
    except Refused as error:
        new = f"Unable to find flow '{reference.get('name') or ''}'"
        stretch.fail(run, new if stretch.rules.is_new else str(error))
        return
    own = stretch.session.type
    background = stretch.rules.background_in_messaging and flow.type == "messaging_background"
    if flow.type != own and not background:
        place = f"flow[uuid={flow.uuid},name={flow.name}]"
        stretch.fail(run, stretch.rules.words(f"Can't enter {place} of type {flow.type} from type {own}"))
        return
    stretch.entered = Entered(flow, bool(action.values.get("terminal")))
