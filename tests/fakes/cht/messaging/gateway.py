"""A fake CHT with its own RapidPro gateway, against a scripted server, on a virtual clock."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fakes.cht.service import Cht
from fakes.clock import VirtualClock
from tests.fakes.cht.recorded_traffic import RECORDED_AT
from tests.scripted_server import Answers, Recorded, Script, session

GIVEN: Mapping[str, Any] = {
    "settings": {"sms": {"outgoing_service": "rapidpro", "rapidpro": {"url": "http://rapidpro.test"}}},
    "credentials": {"rapidpro:outgoing": "outgoing-token"},
}
JSON = "application/json"


@dataclass
class Sending:
    """The fake, its clock, and its requests; `times` are seconds since the start, one for each request."""

    cht: Cht
    clock: VirtualClock
    script: Script
    times: list[float] = field(default_factory=list)

    @property
    def texts(self) -> list[str]:
        """The texts of all broadcasts so far, in order."""
        return [text_of(request) for request in self.script.asked if request["method"] == "POST"]

    @property
    def broadcasts(self) -> list[tuple[float, str, int]]:
        """Time, text and id of all broadcasts so far, in order; the ids are those of `accepted`."""
        asked = zip(self.times, self.script.asked, strict=True)
        return [
            (time, text_of(request), 1000 + number)
            for number, (time, request) in enumerate(asked)
            if request["method"] == "POST"
        ]

    @property
    def polled(self) -> list[str]:
        """The broadcasts polled so far, in order."""
        return [request["path"].partition("broadcast=")[2] for request in self.script.asked if not request["body"]]

    def task(self, number: int = 0) -> dict[str, Any]:
        """The current first task of a document."""
        doc = self.cht.state.get(f"d-{number:03}")
        assert doc is not None
        found: dict[str, Any] = doc["tasks"][0]
        return found

    def states(self) -> list[str]:
        """The states of the first tasks of all documents."""
        return [doc["tasks"][0]["state"] for doc in self.cht.state.all_docs()]

    def run(self, name: str) -> list[dict[str, Any]]:
        """Run one pass now. Returns its requests."""
        before = len(self.script.asked)
        self.cht.background.run(name)
        return self.script.asked[before:]


def sending(
    answers: Answers,
    docs: Iterable[Mapping[str, Any]],
    given: Mapping[str, Any] = GIVEN,
    *,
    release: str = "5.2",
    every: float = 60.0,
) -> Sending:
    """A fake whose passes run `every` so many seconds. A slow answer delays only the job that waits for it."""
    clock = VirtualClock(RECORDED_AT)
    script = Script(answers)
    made = Sending(Cht(clock, session=session(script), rng=random.Random(1), release=release), clock, script)
    script.pass_time = made.cht.pass_time
    made.cht.background.sending_every = every
    made.cht.seed({**given, "docs": [dict(doc) for doc in docs]})
    begun = clock.timestamp()

    def timed(number: int, request: Recorded) -> Recorded:
        made.times.append(clock.timestamp() - begun)
        return answers(number, request)

    script.answer_with(timed)
    return made


def pending(count: int) -> list[dict[str, Any]]:
    """`count` documents with one waiting message, oldest first."""
    return [document(number, "pending") for number in range(count)]


def under_way(count: int, first: int = 0) -> list[dict[str, Any]]:
    """`count` documents with one message that RapidPro accepted, as broadcasts 600 and so on."""
    return [
        document(number, "received-by-gateway", state_details="Queued", gateway_ref=600 + number)
        for number in range(first, first + count)
    ]


def document(number: int, state: str, **task: Any) -> dict[str, Any]:
    """One document with one task with one message."""
    message = {"to": "+13125550102", "message": f"text u-{number:03}", "uuid": f"u-{number:03}"}
    history = {"state": state, "timestamp": "2020-01-01T00:00:00.000Z"}
    return {
        "_id": f"d-{number:03}",
        "type": "data_record",
        "reported_date": 1_600_000_000_000 + number,
        "tasks": [{"messages": [message], "state": state, **task, "state_history": [history]}],
    }


def accepted(number: int, **more: Any) -> dict[str, Any]:
    """RapidPro accepts a broadcast; its id is 1000 plus its number."""
    return {"status": 201, "content_type": JSON, "body": f'{{"id": {1000 + number}, "status": "queued"}}', **more}


def taken(**more: Any) -> Answers:
    """RapidPro accepts each broadcast, and each message is queued. `more` applies to broadcasts only."""
    return lambda number, request: accepted(number, **more) if request["method"] == "POST" else message_state("queued")


def message_state(status: str, **more: Any) -> dict[str, Any]:
    """RapidPro's reply with one message of a broadcast."""
    return {"status": 200, "content_type": JSON, "body": f'{{"results": [{{"status": "{status}"}}]}}', **more}


def refused(status: int) -> dict[str, Any]:
    """An error with a JSON body."""
    return {"status": status, "content_type": JSON, "body": '{"detail": "x"}'}


def text_of(request: Mapping[str, Any]) -> str:
    """The text of a broadcast."""
    return str(json.loads(request["body"])["text"])
