"""Starting a session and resuming it. Source: goflow flows/engine/session.go, flows/resumes, flows/triggers."""

from __future__ import annotations

from fakes.rapidpro.flows.engine.changes.contact import fit_queries
from fakes.rapidpro.flows.engine.refused import NotAccepted, Refused
from fakes.rapidpro.flows.engine.state.contact import Contact
from fakes.rapidpro.flows.engine.state.session import Input, Outcome, Run, Session, Trigger
from fakes.rapidpro.flows.engine.state.summary import read_summary
from fakes.rapidpro.flows.engine.stepping.loop import pick_exit, run_until_wait
from fakes.rapidpro.flows.engine.work.stretch import Entered, Stretch, Surroundings

MAX_STORED = 10_000
"""Bytes of an answer that a stored session keeps."""
VOICE = "flows of type 'voice' need a call, and there are no calls here"


def start(
    flow_uuid: str, contact: Contact, trigger: Trigger, around: Surroundings, given: Input | None = None
) -> Outcome:
    """A new session for the contact (which is copied), and what happened until its first wait or its end.

    `given`: the text that started it. Refused if the flow does not exist, is not valid, or is a voice flow.
    """
    flow = around.flows.get(flow_uuid)
    if flow.type == "voice":
        raise Refused(VOICE)
    session = Session("", flow.type, trigger, contact.copy(), input=given)
    stretch = Stretch(session, around, read_summary(trigger.parent))
    session.uuid = stretch.uuid()
    if given is not None:
        session.had_input, session.contact.last_seen_on = True, given.created_on
    fit_queries(stretch, None)
    stretch.entered = Entered(flow, terminal=False)
    run_until_wait(stretch, None, None, eats_input=given is not None)
    return Outcome(session, tuple(stretch.events))


def reply(session: Session, given: Input, around: Surroundings) -> Outcome:
    """The session after the contact's text. NotAccepted if it does not wait for one."""
    return _resume(session, "msg", around, given)


def time_out(session: Session, around: Surroundings) -> Outcome:
    """The session after the timeout of its wait. NotAccepted if it does not wait, or without a timeout."""
    return _resume(session, "wait_timeout", around)


def expire(session: Session, around: Surroundings) -> Outcome:
    """The session after its waiting run expired; a parent run continues. NotAccepted if it does not wait."""
    return _resume(session, "wait_expiration" if around.rules.is_new else "run_expiration", around)


def stored(session: Session, around: Surroundings) -> Session:
    """The session as it is after it was stored: a large answer, and in `9` one without a result, is forgotten."""
    kept = session.copy()
    for run in kept.runs:
        call = run.webhook
        if call is None or call.json is None:
            continue
        saved = any(result.extra == call.json for result in run.results.values())
        if len(call.json.encode()) > MAX_STORED if around.rules.is_new else not saved:
            run.webhook = None
    return kept


def _resume(old: Session, kind: str, around: Surroundings, given: Input | None = None) -> Outcome:
    session = old.copy()
    stretch = Stretch(session, around, read_summary(session.trigger.parent))
    run = session.waiting_run()
    if session.status != "waiting" or run is None:
        raise NotAccepted("only waiting sessions can be resumed")
    problem = _problem(stretch, run)
    if problem:
        _fail_all(stretch, run, problem)
        return Outcome(session, tuple(stretch.events))
    node = stretch.node_of(run)
    wait = node.router.wait if node is not None and node.router is not None else None
    assert node is not None
    assert wait is not None
    if kind == "wait_timeout" and wait.seconds is None:
        raise NotAccepted(f"resume of type {kind} not accepted by wait of type {wait.type}")
    session.status, session.resume = "active", kind
    _apply(stretch, run, kind, given)
    leaving = None
    if run.status == "active":
        if not around.rules.is_new:
            fit_queries(stretch, run)
        leaving = pick_exit(stretch, run, node, timed_out=kind == "wait_timeout")
    if around.rules.is_new:
        fit_queries(stretch, run)
    run_until_wait(stretch, run, leaving, eats_input=False)
    return Outcome(session, tuple(stretch.events))


def _problem(stretch: Stretch, run: Run) -> str:
    """Why a session cannot go on although it waits."""
    most = stretch.rules.max_stretches
    if stretch.flow_of(run) is None:
        return "Can't resume run with missing flow asset"
    if most is not None and stretch.session.waits >= most:
        return f"Reached maximum number of {'sprints' if stretch.rules.is_new else 'resumes'} per session ({most})"
    node = stretch.node_of(run)
    if node is None:
        return "Unable to find resume location: run is located at a flow node that no longer exists"
    if node.router is None or node.router.wait is None:
        return "Can't resume from node without a router or wait"
    return ""


def _fail_all(stretch: Stretch, run: Run, problem: str) -> None:
    stretch.fail(run, stretch.rules.words(problem))
    for other in stretch.session.runs:
        if other.is_open:
            stretch.end(other, "failed")
    stretch.session.status = "failed"


def _apply(stretch: Stretch, run: Run, kind: str, given: Input | None) -> None:
    session = stretch.session
    if kind in ("wait_expiration", "run_expiration"):
        stretch.end(run, "expired")
    else:
        run.status = "active"
    if given is not None or stretch.rules.is_new:
        session.input = given  # `9` keeps the last text over a timeout
    if given is not None:
        session.had_input, session.contact.last_seen_on = True, given.created_on
