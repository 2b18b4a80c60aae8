"""A session once more: in this process, in virtual time, with any built-in subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from conformance.checks import CONDUCT, RESULTS, Violation, judge
from conformance.evidence.model import Evidence
from conformance.services.in_process import InProcessFakes
from conformance.subjects.built_in import REFERENCE, BuiltIn
from conformance.subjects.in_process import PATH, InProcessRelay
from conformance.workbench.bench import Bench
from conformance.workbench.session.actions import CONTROL
from conformance.workbench.session.outcome import outcome
from conformance.workbench.session.recorder import Recorder
from conformance.workbench.session.secrets import Names
from conformance.workbench.session.session import Session
from conformance.world.evidence import gather
from conformance.world.timing import VirtualTiming
from conformance.world.world import World
from fakes.control.app import control_app
from fakes.control.clock.driver import TimeDriver
from fakes.serving.transport import WSGIAdapter
from fakes.serving.wsgi import WSGIApp, call

HOST = "localhost"


@dataclass(frozen=True, slots=True)
class Played:
    """What came of it: at the end of the session, and what the checks find after everything has settled."""

    outcome: dict[str, list[Any]]
    violations: tuple[Violation, ...]
    refused: tuple[str, ...]
    """Actions that the fakes refused, which they had not refused before."""
    evidence: Evidence = field(compare=False)


def play(session: Session, one: BuiltIn) -> Played:
    """Play a session with this subject, until all is quiet, without faults, and judge it."""
    release = session.cht_release if one.name == REFERENCE else one.cht_release
    services = InProcessFakes(session.profile, session.seed, cht_release=release, beginning=session.began)
    subject = one.make(services, session.poll_seconds)
    subject.start(services.neighbours)
    try:
        bench = bench_between(services, subject)
        names = Names(services, subject.webhook_url(), services.parts().ledger.redaction)
        refused = _act(session, bench, names)
        _go_on(bench, session.ended)
        came_of_it = outcome(bench.history(), names.hide)
        bench.world.control.delete("/faults")
        bench.world.timing.settle(bench.world)
        history = bench.history()
        found = tuple(judge(history, (*RESULTS, *CONDUCT), without=tuple(bench.world.excused_checks)))
        return Played(came_of_it, found, refused, gather(bench.world, history, found))
    finally:
        subject.stop()


def bench_between(services: InProcessFakes, subject: Any) -> Bench:
    """A workbench in virtual time with a subject in this process, which has been started."""
    if isinstance(subject, InProcessRelay):
        _reach_without_sockets(services, subject)
    driver = TimeDriver(services.clock, subject)
    return Bench(lambda: World(services, subject, VirtualTiming()), services.parts(), driver)


def _reach_without_sockets(services: InProcessFakes, relay: InProcessRelay) -> None:
    """What flows and CHT call at an address of the workbench is called in this process: over a socket, the call would
    wait for the lock that whoever makes it holds."""
    parts, given = services.parts(), services.neighbours
    apps: dict[str, WSGIApp] = {
        given.rapidpro_url: parts.apps["rapidpro"],
        given.cht_url: parts.apps["cht"],
        relay.webhook_url().removesuffix(PATH): relay,
    }
    for caller, pass_time in (("rapidpro", services.clock.advance), ("cht", services.cht().pass_time)):
        for url, app in apps.items():
            parts.session(caller).mount(f"{url}/", WSGIAdapter(app, pass_time))


def _act(session: Session, bench: Bench, names: Names) -> tuple[str, ...]:
    recorder, refused = Recorder(bench, names), []
    control = recorder.control(control_app(bench.fakes, driver=bench.driver))
    apps: Mapping[str, WSGIApp] = {name: recorder.service(name, app) for name, app in bench.fakes.apps.items()} | {
        CONTROL: control
    }
    for number, action in enumerate(session.actions, 1):
        _go_on(bench, action.at)
        reply = call(apps[action.to], names.shown(action).environ(HOST))
        if action.to == CONTROL and reply.status >= 300:
            said = reply.body.decode("utf-8", "replace")[:200]
            refused.append(f"action {number}, {action.method} {action.path}, was refused: {reply.status} {said}")
    return tuple(refused)


def _go_on(bench: Bench, when: datetime) -> None:
    """Let time pass until then. At the same moment nothing happens in between: so it was when it was recorded."""
    assert bench.driver is not None
    if when > bench.driver.clock.now():
        bench.driver.advance_to(when)
