"""Small flows, and what runs them."""

import random
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from fakes.rapidpro.flows.engine import (
    Answer,
    Contact,
    FlowStore,
    Input,
    Outcome,
    Request,
    Surroundings,
    Trigger,
    Urn,
    Workspace,
    reply,
    start,
)
from fakes.rapidpro.flows.engine.state.workspace import Channel, FieldDefinition, Group, Named
from fakes.rapidpro.versions.engines import ENGINES
from fakes.rapidpro.versions.generation import Generation

AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
CHANNEL = Channel("2ec9bc33-10a6-4648-a5b8-35bf6c60a2ef", "Clinic SMS", "+254700000001", country="KE")
GROUPS = (
    Group("5a42d04f-8c50-45bc-be77-19b028505e5d", "Mothers"),
    Group("99e67e6f-ca68-4d0f-b4ab-fcb453e7810f", "Under Five", "age < 5"),
)
WORKSPACE = Workspace(
    timezone="Africa/Nairobi",
    country="KE",
    languages=("eng", "swa"),
    fields=(FieldDefinition("age", "Age", "number"), FieldDefinition("due", "Due", "datetime")),
    groups=GROUPS,
    channels=(CHANNEL,),
    topics=(Named("6f3065c7-801c-419f-9955-31a9944ff888", "General"),),
)
SPECS: Mapping[Generation, str] = {"new": "14.4.2", "9": "13.2.0"}


def uid(name: str) -> str:
    """A UUID for a name."""
    digits = uuid.uuid5(uuid.NAMESPACE_URL, name).hex
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def action(kind: str, **values: Any) -> dict[str, Any]:
    """An action; two that are equal have the same UUID."""
    return {"type": kind, "uuid": uid(f"action {kind} {sorted(values.items())}"), **values}


def say(text: str, **values: Any) -> dict[str, Any]:
    """A message."""
    return action("send_msg", text=text, **values)


def node(name: str, *actions: dict[str, Any], to: str | None = None) -> dict[str, Any]:
    """A node without a router."""
    exits = [{"uuid": uid(f"exit {name}"), "destination_uuid": None if to is None else uid(to)}]
    return {"uuid": uid(name), "actions": list(actions), "exits": exits}


def split(
    name: str, operand: str, cases: Sequence[tuple[str, list[str], str]], ways: Mapping[str, str | None],
    *actions: dict[str, Any], wait: Mapping[str, Any] | None = None, result: str = "", seconds: int | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A node with a switch router: tests with arguments and category, and where each category leads.

    The last category is the default; with `seconds` the category "Silent" is the timeout's.
    """
    categories = [{"uuid": uid(f"{name} {one}"), "name": one, "exit_uuid": uid(f"exit {name} {one}")} for one in ways]
    router: dict[str, Any] = {
        "type": "switch",
        "operand": operand,
        "cases": [
            {
                "uuid": uid(f"case {name} {index}"),
                "type": test,
                "arguments": arguments,
                "category_uuid": uid(f"{name} {category}"),
            }
            for index, (test, arguments, category) in enumerate(cases)
        ],
        "categories": categories,
        "default_category_uuid": categories[-1]["uuid"],
    }
    if result:
        router["result_name"] = result
    if wait is not None or seconds is not None:
        timeout = {} if seconds is None else {"timeout": {"seconds": seconds, "category_uuid": uid(f"{name} Silent")}}
        router["wait"] = {"type": "msg", **timeout, **(wait or {})}
    exits = [
        {"uuid": uid(f"exit {name} {one}"), "destination_uuid": None if to is None else uid(to)}
        for one, to in ways.items()
    ]
    return {"uuid": uid(name), "actions": list(actions), "router": router, "exits": exits}


def flow(name: str, *nodes: dict[str, Any], spec: str = "13.2.0", **values: Any) -> dict[str, Any]:
    """A flow's definition."""
    return {
        "uuid": uid(f"flow {name}"),
        "name": name,
        "spec_version": spec,
        "language": "eng",
        "type": "messaging",
        "revision": 1,
        "expire_after_minutes": 60,
        "localization": {},
        "nodes": list(nodes),
        **values,
    }


class Conversation:
    """A contact in the first of some flows."""

    def __init__(
        self, *flows: dict[str, Any], generation: Generation = "new", answers: Sequence[Answer | Exception] = (),
        contact: Contact | None = None, workspace: Workspace = WORKSPACE,
    ) -> None:  # fmt: skip
        self.sent: list[Request] = []
        self._answers = list(answers) or [Answer(200, {}, b"{}")]
        store = FlowStore(flows, ENGINES[generation])
        self.around = Surroundings(store, workspace, AT, random.Random(7), self._send)
        self.flow_uuid = store.uuids()[0]
        self.contact = contact or amina()
        self.last: Outcome | None = None

    def _send(self, request: Request) -> Answer:
        self.sent.append(request)
        answer = self._answers[min(len(self.sent), len(self._answers)) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def start(self, text: str | None = None, params: Any = None) -> "Conversation":
        """Start it, by a text if there is one."""
        trigger = Trigger("manual" if text is None else "msg", params=params)
        given = None if text is None else self.input(text)
        self.last = start(self.flow_uuid, self.contact, trigger, self.around, given)
        return self

    def says(self, text: str) -> "Conversation":
        """The contact writes."""
        assert self.last is not None
        self.last = reply(self.last.session, self.input(text), self.around)
        return self

    @staticmethod
    def input(text: str) -> Input:
        """A text from the contact."""
        return Input(uid(text), text, "tel:+254712345678", AT, CHANNEL.uuid)

    @property
    def outcome(self) -> Outcome:
        """What the last input led to."""
        assert self.last is not None
        return self.last

    def texts(self) -> list[str]:
        """The messages of the last stretch."""
        return [one.values["text"] for one in self.outcome.events if one.type == "msg_created"]

    def notes(self) -> list[str]:
        """Errors, warnings and failures of the last stretch."""
        return [one.values["text"] for one in self.outcome.events if one.type in ("error", "warning", "failure")]

    def events(self, kind: str) -> list[Mapping[str, Any]]:
        """The values of the events of one type."""
        return [one.values for one in self.outcome.events if one.type == kind]


def amina(**values: Any) -> Contact:
    """A contact."""
    given = {"urns": [Urn("tel:+254712345678")], "language": "eng", "timezone": "Africa/Nairobi", **values}
    return Contact("6bcbd9ae-7016-4f91-9213-88a49dc5a084", 1234567, "Amina Otieno", created_on=AT, **given)
