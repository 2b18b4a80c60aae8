"""One stretch of one contact's session: what causes it, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from fakes.rapidpro.flows.engine import Event, Input, Session, Trigger
from fakes.rapidpro.store.records import Workspace

Cause = Literal["text", "start", "timeout", "expiration"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """A session that waits, and the rows of its runs by UUID."""

    session: Session
    rows: dict[str, Any]

    @property
    def flow(self) -> str:
        """The UUID of the flow that waits."""
        run = self.session.waiting_run()
        return "" if run is None else run.flow_uuid


@dataclass(frozen=True, slots=True)
class Work:
    """A stretch to be run. With `before` it resumes that session, else it starts the flow."""

    workspace: Workspace
    contact: Any
    cause: Cause
    at: datetime
    seed: int
    """Of everything random in it: the same seed gives the same UUIDs."""
    flow: str = ""
    trigger: Trigger = field(default_factory=lambda: Trigger("manual"))
    given: Input | None = None
    before: Waiting | None = None
    start: Any = None
    """The flow start that asked for it."""
    message: Any = None
    """The incoming message."""
    batch: bool = False
    """It is of a start for more than one contact: some actions are not allowed then."""


@dataclass(frozen=True, slots=True)
class Done:
    """A stretch that was run. `session` None: nothing ran, because of `problem`."""

    work: Work
    session: Session | None = None
    events: tuple[Event, ...] = ()
    sent: tuple[Any, ...] = ()
    """The messages to the contact."""
    call_problems: dict[int, str] = field(default_factory=dict)
    """Why a request, by its `id()`, got no answer."""
    problem: str = ""

    @property
    def run(self) -> str | None:
        """The UUID of the run in which it began."""
        if self.session is None or not self.session.runs:
            return None
        waited = None if self.work.before is None else self.work.before.session.waiting_run()
        return self.session.runs[0].uuid if waited is None else waited.uuid
