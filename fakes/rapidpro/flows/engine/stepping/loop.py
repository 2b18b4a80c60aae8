"""The loop of a stretch: enter nodes, run their actions, take exits, until a wait or the end.

Source: goflow flows/engine/session.go.
"""

from __future__ import annotations

from dataclasses import replace

from fakes.rapidpro.flows.engine.actions import ACTIONS
from fakes.rapidpro.flows.engine.context.sources import extra_values, legacy_values
from fakes.rapidpro.flows.engine.definitions import Exit, Flow, Node
from fakes.rapidpro.flows.engine.state.session import Run
from fakes.rapidpro.flows.engine.stepping.routing import route, route_timeout
from fakes.rapidpro.flows.engine.work.stretch import Stretch


def run_until_wait(stretch: Stretch, run: Run | None, leaving: Exit | None, *, eats_input: bool) -> None:
    """Move on from an exit, or start the entered flow. `eats_input`: a wait in the first node takes the input."""
    steps = 0
    while True:
        if stretch.entered is not None:
            run, destination = _start_run(stretch, run)
        else:
            destination = leaving.destination if leaving is not None else ""
        leaving = None
        if run is None:
            return
        if not destination:
            following = _leave_run(stretch, run)
            if following is None:
                return
            run, leaving = following
            continue
        steps += 1
        if steps > stretch.rules.max_steps:
            words = f"Reached maximum number of steps per sprint ({stretch.rules.max_steps})"
            stretch.fail(run, stretch.rules.words(words))
            continue
        leaving = _visit(stretch, run, destination, eats_input=eats_input)
        eats_input = False
        if stretch.session.status == "waiting":
            return


def _start_run(stretch: Stretch, parent: Run | None) -> tuple[Run, str]:
    entered, session = stretch.entered, stretch.session
    assert entered is not None
    stretch.entered = None
    most = stretch.rules.max_runs
    if parent is not None and most is not None and len(session.runs) >= most:
        stretch.fail(parent, f"Reached maximum number of runs per session ({most})")
        return parent, ""
    if entered.terminal:
        for other in session.runs:
            if other.is_open:
                stretch.end(other, "completed")
    run = _new_run(stretch, entered.flow, parent)
    session.runs.append(run)
    stretch.note("run_started", {"flow": {"uuid": run.flow_uuid, "name": run.flow_name}}, run)
    return run, entered.flow.nodes[0].uuid if entered.flow.nodes else ""


def _new_run(stretch: Stretch, flow: Flow, parent: Run | None) -> Run:
    session = stretch.session
    run = Run(
        stretch.uuid(), flow.uuid, flow.name, None if parent is None else session.runs.index(parent), stretch.around.at
    )
    if session.trigger.params is not None:
        run.legacy_extra |= legacy_values(session.trigger.params)
    for result in stretch.started_by.results.values() if stretch.started_by is not None else ():
        run.legacy_extra |= extra_values(result)
    return run


def _leave_run(stretch: Stretch, run: Run) -> tuple[Run, Exit | None] | None:
    """The run has nowhere to go: its parent continues. None: the session is over."""
    session = stretch.session
    if run.is_open:
        stretch.end(run, "completed")
    parent = None if run.parent is None else session.runs[run.parent]
    if parent is None or parent.status != "active":
        session.status = "failed" if run.status == "failed" else "completed"
        return None
    if run.status == "failed":
        old = f"child run for flow '{run.flow_uuid}' ended in error, ending execution"
        stretch.fail(parent, "" if stretch.rules.is_new else old)
        return parent, None
    node = stretch.node_of(parent)
    if node is None:
        gone = stretch.flow_of(parent) is None
        problem = "with missing flow asset" if gone else "as node no longer exists"
        stretch.fail(parent, stretch.rules.words(f"Can't resume run {problem}"))
        return parent, None
    return parent, pick_exit(stretch, parent, node)


def _visit(stretch: Stretch, run: Run, node_uuid: str, *, eats_input: bool) -> Exit | None:
    flow = stretch.flow_of(run)
    node = flow.node(node_uuid) if flow is not None else None
    if node is None:
        stretch.fail(run, stretch.rules.words("Can't resume run as node no longer exists"))
        return None
    stretch.step(run, node)
    for action in node.actions:
        ACTIONS[action.type](action, stretch, run)
        if run.status == "failed":
            return None
    if stretch.entered is not None:
        return None
    wait = node.router.wait if node.router is not None else None
    if wait is not None and not eats_input:
        run.status = "waiting"
        stretch.session.status = "waiting"
        stretch.session.waits += 1
        values = {"seconds": wait.seconds, "hint": None if wait.hint is None else dict(wait.hint)}
        stretch.note("msg_wait", {"wait": wait.type, **values}, run)
        return None
    return pick_exit(stretch, run, node)


def pick_exit(stretch: Stretch, run: Run, node: Node, *, timed_out: bool = False) -> Exit | None:
    """The exit that the node's router takes, or the first one; the run fails if the router finds none."""
    if node.router is None:
        uuid = node.exits[0].uuid
    else:
        uuid = (route_timeout if timed_out else route)(node.router, stretch, run) or ""
    if not uuid:
        old = f"router on node[uuid={node.uuid}] failed to pick a category"
        stretch.fail(run, "Router failed to pick a category" if stretch.rules.is_new else old)
        return None
    run.path[-1] = replace(run.path[-1], exit_uuid=uuid)
    return node.exit(uuid)
