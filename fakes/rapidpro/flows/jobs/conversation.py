"""Running a job: feeds its inputs to the engine one by one and collects what happens."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from typing import Any

from fakes.rapidpro.flows.engine import (
    FlowStore,
    Input,
    NotAccepted,
    Outcome,
    Refused,
    Session,
    Surroundings,
    Trigger,
    expire,
    reply,
    start,
    time_out,
)
from fakes.rapidpro.flows.engine.refused import TooMuch
from fakes.rapidpro.flows.engine.state.contact import Urn, sending_channel
from fakes.rapidpro.flows.jobs import shapes
from fakes.rapidpro.flows.jobs.answers import CannedAnswers
from fakes.rapidpro.flows.jobs.job import BadJob, Job
from fakes.rapidpro.uuids import uuid4

LISTS = ("outputs", "effects", "webhooks", "path", "waits", "status", "errors")
MAX_EVENTS = 60_000
MAX_CHARACTERS = 20_000_000
"""How much may happen in one conversation."""
REFUSAL = {"new": "new_error", "9": "error_9"}


def run_job(job: Job) -> dict[str, Any]:
    """The answer to a job, with the keys of the recordings."""
    try:
        return _Conversation(job).run()
    except Refused as error:
        text = f"{'assets' if str(error).startswith('unable to read assets') else 'flow'}: {error}"
        return {"error": text, REFUSAL[job.rules.generation]: text}
    except TooMuch as error:
        raise BadJob(f"the conversation is too long: {error}") from None


class _Conversation:
    def __init__(self, job: Job) -> None:
        self.job = job
        self.flows = FlowStore(job.definitions, job.rules)
        self.answers = CannedAnswers(job.answers)
        self.around = Surroundings(self.flows, job.workspace, job.clock, random.Random(job.seed), self.answers.send)
        self.lists: dict[str, list[Any]] = {name: [] for name in LISTS}
        self.inputs: list[str] = []
        self.tickets: list[str] = []
        self.events = self.characters = 0
        self.urn = job.contact.urns[0] if job.contact.urns else None

    def run(self) -> dict[str, Any]:
        first, *others = self.job.inputs
        outcome = self._start(first)
        self._collect(outcome)
        ending: dict[str, Any] = {}
        for index, values in enumerate(others):
            if outcome.session.status != "waiting":
                ending["unused_inputs"] = len(others) - index
                break
            try:
                outcome = self._resume(outcome.session, values)
            except NotAccepted as error:
                ending = {"error": f"resume {index}: {error}", "unused_inputs": len(others) - index}
                break
            self._collect(outcome)
        return self._answer(outcome.session, ending)

    def _start(self, values: Mapping[str, Any]) -> Outcome:
        kind = values["start"]
        given = self._input(values) if kind == "msg" else None
        trigger = Trigger(
            kind, params=values.get("params"), keyword=str(values.get("keyword") or ""), parent=values.get("parent")
        )
        return start(self.job.flow, self.job.contact, trigger, self.around, given)

    def _resume(self, session: Session, values: Mapping[str, Any]) -> Outcome:
        if values.get("timeout"):
            return time_out(session, self.around)
        if values.get("expire"):
            return expire(session, self.around)
        return reply(session, self._input(values), self.around)

    def _input(self, values: Mapping[str, Any]) -> Input:
        uuid = uuid4(self.around.chance)
        self.inputs.append(uuid)
        urn = self.urn or Urn("")
        channel = None if self.urn is None else sending_channel(urn, self.job.workspace)
        return Input(
            uuid,
            str(values.get("text") or ""),
            urn.identity,
            self.job.clock,
            "" if channel is None else channel.uuid,
            tuple(values.get("attachments") or ()),
        )

    def _collect(self, outcome: Outcome) -> None:
        events, workspace = outcome.events, self.job.workspace
        self._check_size(outcome)
        self.tickets += [one.values["uuid"] for one in events if one.type == "ticket_opened"]
        usual = "" if self.urn is None else self.urn.identity
        found = {
            "outputs": shapes.outputs(events, workspace, usual),
            "effects": shapes.effects(events),
            "webhooks": shapes.webhooks(events, self.answers.taken()),
            "path": shapes.path(events, outcome.session),
            "waits": shapes.wait(events),
            "status": outcome.session.status,
            "errors": shapes.errors(events),
        }
        for name, value in found.items():
            self.lists[name].append(value)

    def _check_size(self, outcome: Outcome) -> None:
        self.events += len(outcome.events)
        self.characters += sum(len(str(one.values.get("text", ""))) for one in outcome.events)
        if self.events > MAX_EVENTS or self.characters > MAX_CHARACTERS:
            raise BadJob(f"the conversation is too long: more than {MAX_EVENTS} events or {MAX_CHARACTERS} characters")

    def _answer(self, session: Session, ending: Mapping[str, Any]) -> dict[str, Any]:
        answer = {
            **self.lists,
            "runs": shapes.runs(session),
            "contact_after": shapes.contact_after(session.contact, self.job.workspace),
            **ending,
        }
        text = json.dumps(answer)
        for uuid, name in self._stand_ins(session).items():
            text = text.replace(uuid, name)
        return json.loads(text)  # type: ignore[no-any-return] # it was an object before

    def _stand_ins(self, session: Session) -> dict[str, str]:
        """The UUIDs that the engine made, and how the recordings write them."""
        return {
            **{run.uuid: f"<run {number}>" for number, run in enumerate(session.runs, 1)},
            **{step.uuid: "<step>" for run in session.runs for step in run.path},
            **dict.fromkeys(self.inputs, "<input>"),
            **{uuid: f"<ticket {number}>" for number, uuid in enumerate(self.tickets, 1)},
            session.uuid: "<session>",
        }
