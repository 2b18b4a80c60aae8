"""A person's conversation with a flow, until the flow has called its webhook."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from conformance.flows.bundle import Bundle
from fakes.rapidpro.flows.engine import (
    Contact,
    FlowStore,
    Input,
    Outcome,
    Send,
    Surroundings,
    Trigger,
    Urn,
    Workspace,
    reply,
    start,
)
from fakes.rapidpro.flows.engine.definitions import Node
from fakes.rapidpro.flows.engine.state.workspace import Channel, FieldDefinition, GlobalValue, Group
from fakes.rapidpro.uuids import uuid4

NUMBER, NAME = "+254712345678", "Amina"
CHANNEL = Channel("5a0d8f22-32b5-4ae6-9c3b-51c1c8ac0a11", "SMS", "+254700000001", country="KE")
TEXT = "P 10 Amina"
"""What the person writes where the flow does not ask for anything else."""
MOST_STRETCHES = 20
_WORDS = frozenset({"has_any_word", "has_all_words"})
_NOTES = frozenset({
    "email_sent", "input_labels_added", "broadcast_created", "session_triggered", "ticket_opened",
    "contact_groups_changed",
})  # fmt: skip
"""Events by which operators learn of something."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened: a text from or to the person, or another event. `kind`: in, out, note, call."""

    kind: str
    text: str
    at: datetime
    count: int = 0
    """Of a call: how many requests it was, with redirects and repetitions."""


@dataclass(slots=True)
class Conversation:
    """What happened, in order."""

    lines: list[Line] = field(default_factory=list)

    def after_call(self, kind: str) -> list[str]:
        """The texts of the lines of a kind behind the first call."""
        calls = [number for number, line in enumerate(self.lines) if line.kind == "call"]
        return [line.text for line in self.lines[calls[0] :] if line.kind == kind] if calls else []


@dataclass(frozen=True, slots=True)
class Talk:
    """What a conversation is held with. `texts`: what the person writes; without any, answers are made up."""

    bundle: Bundle
    flows: FlowStore
    flow: str
    globals: Mapping[str, str]
    chance: random.Random
    texts: Sequence[str] = ()


def converse(talk: Talk, send: Send, at: datetime) -> Conversation:
    """The conversation until all texts are sent, or until a stretch in which a call was made."""
    around = Surroundings(talk.flows, workspace_of(talk), at, talk.chance, send)
    contact = Contact(uuid4(around.chance), name=NAME, created_on=at, urns=[Urn(f"tel:{NUMBER}", channel=CHANNEL.uuid)])
    found = Conversation()
    given = iter(talk.texts)
    by_text = talk.flow in talk.bundle.triggered("K", "C")
    first = next(given, None) or _opening(talk) if by_text else None
    outcome = _noted(found, _started(talk, contact, around, first, found), at)
    for _ in range(MOST_STRETCHES):
        node = _waiting_at(talk, outcome)
        text = next(given, None)
        if node is None or (text is None and (talk.texts or found.after_call("call"))):
            break
        outcome = _noted(found, reply(outcome.session, _input(text or answer_to(node), around, found), around), at)
    return found


def workspace_of(talk: Talk) -> Workspace:
    """A workspace with what the export lists and the given globals."""
    flow = talk.flows.get(talk.flow)
    return Workspace(
        timezone="Africa/Nairobi",
        country="KE",
        languages=(flow.language,),
        fields=tuple(FieldDefinition(key, name) for key, name in (talk.bundle.fields or {}).items()),
        groups=tuple(Group(uuid, name) for uuid, name in (talk.bundle.groups or {}).items()),
        channels=(CHANNEL,),
        globals=tuple(GlobalValue(key, key, value) for key, value in talk.globals.items()),
    )


def answer_to(node: Node) -> str:
    """A text that the first case of a wait takes, as far as that can be told; else TEXT."""
    for case in node.router.cases if node.router is not None else ():
        words = case.arguments[0] if case.arguments else ""
        if "@" in words or not words:
            continue
        if case.test in _WORDS:
            return words.split()[0] if case.test == "has_any_word" else words
        if case.test.startswith(("has_only", "has_phrase", "has_beginning", "has_number")):
            return words
    return TEXT


def _opening(talk: Talk) -> str:
    for one in talk.bundle.triggers:
        words = one.get("keywords") or [one.get("keyword")]
        if (one.get("flow") or {}).get("uuid") == talk.flow and one.get("trigger_type") == "K" and words[0]:
            return str(words[0])
    return TEXT


def _started(talk: Talk, contact: Contact, around: Surroundings, text: str | None, found: Conversation) -> Outcome:
    given = None if text is None else _input(text, around, found)
    return start(talk.flow, contact, Trigger("manual" if given is None else "msg"), around, given)


def _input(text: str, around: Surroundings, found: Conversation) -> Input:
    found.lines.append(Line("in", text, around.at))
    return Input(uuid4(around.chance), text, f"tel:{NUMBER}", around.at, CHANNEL.uuid)


def _waiting_at(talk: Talk, outcome: Outcome) -> Node | None:
    run = outcome.session.waiting_run()
    if outcome.session.status != "waiting" or run is None:
        return None
    return talk.flows.get(run.flow_uuid).node(run.path[-1].node_uuid)


def _noted(found: Conversation, outcome: Outcome, at: datetime) -> Outcome:
    for event in outcome.events:
        values = event.values
        if event.type == "msg_created":
            found.lines.append(Line("out", str(values["text"]), at))
        elif event.type == "webhook_called":
            found.lines.append(Line("call", str(values["url"]), at, len(values["exchanges"])))
        elif event.type in _NOTES:
            found.lines.append(Line("note", event.type.replace("_", " "), at))
    return outcome
