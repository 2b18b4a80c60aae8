"""The state of one stretch: what happens from one input until the next wait or the end."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any

from fakes.rapidpro.flows.engine.calls.exchange import Answer, NoConnection, Request, Send
from fakes.rapidpro.flows.engine.definitions import Flow, Node
from fakes.rapidpro.flows.engine.refused import TooMuch
from fakes.rapidpro.flows.engine.state.session import Event, Run, Session, Step
from fakes.rapidpro.flows.engine.state.summary import Summary
from fakes.rapidpro.flows.engine.state.workspace import Workspace
from fakes.rapidpro.flows.engine.work.flows import FlowStore
from fakes.rapidpro.flows.expressions.environment import Budget, Env
from fakes.rapidpro.uuids import uuid4, uuid7
from fakes.rapidpro.versions.engines import EngineRules

MAX_EVENTS = 40_000
MAX_CHARACTERS = 10_000_000
MAX_CALLS = 200_000
MAX_PRODUCED = 20_000_000
NOTHING: Mapping[str, Any] = MappingProxyType({})


def send_nothing(request: Request) -> Answer:
    """For sessions that may make no calls."""
    raise NoConnection(request.url)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a stretch needs besides the session. `at`: the time, the same in the whole stretch."""

    flows: FlowStore
    workspace: Workspace
    at: datetime
    chance: random.Random
    send: Send = send_nothing
    batch: bool = False
    """The session is one of many that a start or broadcast made; some actions are not allowed then."""

    @property
    def rules(self) -> EngineRules:
        """The generation."""
        return self.flows.rules


@dataclass(slots=True)
class Entered:
    """A flow that an action entered: its run starts when the node's actions are done."""

    flow: Flow
    terminal: bool


@dataclass(slots=True)
class Stretch:
    """The session while it moves, and what happened so far."""

    session: Session
    around: Surroundings
    started_by: Summary | None = None
    events: list[Event] = field(default_factory=list)
    entered: Entered | None = None
    budget: Budget = field(default_factory=lambda: Budget(calls=MAX_CALLS, produced=MAX_PRODUCED))
    """What all expressions of the stretch together may still do."""
    characters: int = 0
    """Characters of all messages, notes and e-mails."""
    settings: tuple[tuple[Any, ...], Env] | None = None
    """The settings of expressions, with what of the contact they were made from."""

    @property
    def rules(self) -> EngineRules:
        """The generation."""
        return self.around.rules

    @property
    def workspace(self) -> Workspace:
        """The workspace."""
        return self.around.workspace

    def uuid(self) -> str:
        """A UUID as the generation makes them."""
        chance, at = self.around.chance, self.around.at
        return uuid7(chance, at.timestamp()) if self.rules.is_new else uuid4(chance)

    def flow_of(self, run: Run) -> Flow | None:
        """The flow of a run; None if it is gone."""
        return self.around.flows.find(run.flow_uuid)

    def node_of(self, run: Run) -> Node | None:
        """The node where a run is."""
        flow = self.flow_of(run)
        return flow.node(run.path[-1].node_uuid) if flow is not None and run.path else None

    def note(self, type_: str, values: Mapping[str, Any] = NOTHING, run: Run | None = None) -> None:
        """Record an event of a run."""
        number = None if run is None else self.session.runs.index(run)
        node_uuid = run.path[-1].node_uuid if run is not None and run.path else ""
        self.events.append(Event(type_, values, number, node_uuid))
        self.characters += len(values.get("text", "")) + len(values.get("body", ""))
        if len(self.events) > MAX_EVENTS or self.characters > MAX_CHARACTERS:
            raise TooMuch(f"more than {MAX_EVENTS} events or {MAX_CHARACTERS} characters in one stretch")

    def error(self, text: str, run: Run) -> None:
        """Record an error, with the words of the generation; `text` begins with a capital."""
        self.raw_error(self.rules.words(text), run)

    def raw_error(self, text: str, run: Run) -> None:
        """Record an error whose words are the same in both generations."""
        self.note("error", {"text": text}, run)

    def warning(self, text: str, run: Run) -> None:
        """Record a warning."""
        self.note("warning", {"text": text}, run)

    def missing(self, kind: str, reference: Mapping[str, Any], run: Run) -> None:
        """Record that something which the flow names does not exist."""
        key = "key" if kind == "field" else "uuid"
        self.error(f"Missing dependency: {kind}[{key}={reference.get(key)},name={reference.get('name') or ''}]", run)

    def fail(self, run: Run, text: str) -> None:
        """The run fails."""
        if text:
            self.note("failure", {"text": text}, run)
        self.end(run, "failed")

    def end(self, run: Run, status: Any) -> None:
        """The run ends."""
        run.status = status
        run.exited_on = self.around.at
        self.note("run_ended", {"status": status}, run)

    def step(self, run: Run, node: Node) -> None:
        """The run enters a node."""
        run.path.append(Step(self.uuid(), node.uuid, self.around.at))
        self.note("node_entered", {}, run)
