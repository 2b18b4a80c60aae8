"""One person and one flow engine in virtual time: texts, starts and time go in, calls and texts come out."""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from typing import Any

from conformance.flows.conversations.durations import in_words
from conformance.flows.conversations.model import Setting
from conformance.flows.coverage.watching import Visits, WatchedFlows
from conformance.flows.playing.endpoint import Endpoint
from conformance.flows.playing.exports import BadExport, Export
from conformance.flows.playing.stretch import Stretch
from conformance.flows.playing.workspaces import CHANNEL_UUID, contact_of, workspace_of
from fakes.clock import VirtualClock
from fakes.rapidpro.flows.bundles.triggers import CATCH_ALL, FlowTrigger, Match
from fakes.rapidpro.flows.engine import (
    Contact,
    Input,
    Outcome,
    Refused,
    Session,
    Surroundings,
    Trigger,
    expire,
    reply,
    start,
    stored,
    time_out,
)
from fakes.rapidpro.uuids import uuid4
from fakes.rapidpro.versions.engines import ENGINES
from fakes.rapidpro.versions.generation import Generation

MAX_STRETCHES = 5000
"""Of one conversation."""
NO_TRIGGER = "no trigger takes this text"


class Endless(RuntimeError):
    """A conversation that does not come to its end; the text says why."""


class Person:
    """The person of a conversation. BadExport if the setting does not fit the export."""

    def __init__(self, setting: Setting, export: Export, generation: Generation) -> None:
        self.export = export
        self.clock = VirtualClock(setting.at)
        self.endpoint = Endpoint(setting.endpoint, setting.cht, self.clock)
        self.flows = WatchedFlows(export.flows.values(), ENGINES[generation])
        self.workspace = workspace_of(setting, export)
        self._chance = random.Random(f"{setting.starts} {generation}")
        self.contact: Contact = contact_of(setting, self.workspace, generation, self._chance)
        self._starts = export.flow_named(setting.starts) if setting.starts else ""
        self.session: Session | None = None
        self._last_moved: datetime = self.clock.now()
        self._timeout: int | None = None
        self.errors: list[str] = []
        self.notes: list[str] = []
        self._stretches = 0

    def text(self, text: str, attachments: tuple[str, ...] = ()) -> Stretch:
        """The person texts. Refused if the flow that it starts is not valid."""
        seen = Stretch()
        now = self.clock.now()
        if self.contact.status == "blocked":
            seen.notes.append("the person is blocked: no flow takes the text")
            return seen
        if self.contact.status == "stopped":
            self.contact.status = "active"
        given = Input(uuid4(self._chance), text, self.contact.urns[0].identity, now, CHANNEL_UUID, attachments)
        waiting = self.session if self._is_waiting() else None
        found = self._trigger(text)
        keyword = "" if found is None else found.keyword
        if waiting is not None and (not keyword or self._ignores_triggers(waiting)):
            self._take(reply(stored(waiting, self._around()), given, self._around()), seen)
        elif found is None:
            seen.notes.append(f"{NO_TRIGGER}: it stays in the inbox")
        else:
            if waiting is not None:
                seen.notes.append(f"keyword {keyword!r} ends the run that waits")
            self._begin(found.trigger.flow, Trigger("msg", keyword=keyword), seen, given)
        return seen

    def start(self, flow: str, params: Any = None) -> Stretch:
        """Somebody starts a flow for the person, which ends a run that waits. Refused, BadExport."""
        seen = Stretch()
        self._begin(self.export.flow_named(flow), Trigger("manual", params=params), seen)
        return seen

    def wait(self, seconds: float) -> Stretch:
        """Time passes: waits time out and runs expire when they are due."""
        seen, until = Stretch(), self.clock.now() + timedelta(seconds=seconds)
        while (due := self._due()) is not None and due[0] <= until:
            when, times_out = due
            passed = in_words((when - self._last_moved).total_seconds())
            self.clock.advance_to(when)
            seen.notes.append(f"{'the wait times out' if times_out else 'the run expires'} after {passed}")
            assert self.session is not None
            kept = stored(self.session, self._around())
            self._take((time_out if times_out else expire)(kept, self._around()), seen)
        self.clock.advance_to(until)
        return seen

    def visits(self) -> Visits:
        """What was reached so far; to be asked once, at the end."""
        if self.session is not None:
            self.flows.visits.add_session(self.session)
        return self.flows.visits

    def status(self) -> str:
        """Of the last run of the flow that was started: waiting, completed, expired, failed; or none."""
        if self.session is None or not self.session.runs:
            return "none" if self.session is None else self.session.status
        return "waiting" if self.session.status == "waiting" else self.session.runs[0].status

    def results(self) -> dict[str, tuple[str, str]]:
        """Value and category of each result of the last session, by key; of several runs the later counts."""
        runs = self.session.runs if self.session is not None else ()
        return {key: (one.value, one.category) for run in runs for key, one in run.results.items()}

    def groups(self) -> list[str]:
        """Names of the contact's groups."""
        found = (self.workspace.group(uuid) for uuid in self.contact.groups)
        return sorted(one.name for one in found if one is not None)

    def _trigger(self, text: str) -> Match | None:
        if self._starts:
            return Match(FlowTrigger(CATCH_ALL, self._starts))
        return self.export.started_by(text, self.contact.groups)

    def _ignores_triggers(self, waiting: Session) -> bool:
        """Whether no keyword ends the wait: a setting of the flow that stands beside the keys of an export."""
        run = waiting.waiting_run()
        return run is not None and bool({run.flow_uuid, run.flow_name} & set(self.export.parts.ignore_triggers))

    def _begin(self, uuid: str, trigger: Trigger, seen: Stretch, given: Input | None = None) -> None:
        if self.session is not None:
            self.flows.visits.add_session(self.session)
            self.session = None
        try:
            self._take(start(uuid, self.contact, trigger, self._around(), given), seen)
        except Refused as error:
            raise BadExport(f"flow {self.export.name_of(uuid)!r} ({uuid}) is refused: {error}") from None

    def _is_waiting(self) -> bool:
        return self.session is not None and self.session.status == "waiting"

    def _around(self) -> Surroundings:
        return Surroundings(self.flows, self.workspace, self.clock.now(), self._chance, self.endpoint.send)

    def _take(self, outcome: Outcome, seen: Stretch) -> None:
        self._stretches += 1
        if self._stretches > MAX_STRETCHES:
            raise Endless(f"more than {MAX_STRETCHES} stretches in one conversation")
        seen.take(outcome.events)
        self.session, self.contact = outcome.session, outcome.session.contact
        waits = [one.values["seconds"] for one in outcome.events if one.type == "msg_wait"]
        self._timeout = waits[-1] if waits else None
        self._last_moved = self.clock.now()
        self.errors += [
            str(one.values["text"]) for one in outcome.events if one.type in ("error", "warning", "failure")
        ]
        self.endpoint.settle()

    def _due(self) -> tuple[datetime, bool] | None:
        """When the run that waits moves by itself, and whether by its timeout."""
        run = self.session.waiting_run() if self.session is not None and self._is_waiting() else None
        if run is None:
            return None
        flow = self.flows.find(run.flow_uuid)
        expiry = self._last_moved + (timedelta(days=3) if flow is None else flow.expire_after)
        if self._timeout is None or self._last_moved + timedelta(seconds=self._timeout) > expiry:
            return expiry, False
        return self._last_moved + timedelta(seconds=self._timeout), True
