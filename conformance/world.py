"""The world of one scenario: two services, one subject, one clock, and the people with their phones.

Every scenario ends the same way (`judge`): stop the faults, let it recover, run until quiet, only then look.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from conformance.checks import Violation, judge
from conformance.cht_side import ChtSide, message_document
from conformance.history import Arrival, Due, History, Outcome, Stored, TextIn
from conformance.observe import observe
from conformance.pace import Pace
from conformance.people import People, Person
from conformance.subjects.base import Subject
from conformance.surroundings import Surroundings
from conformance.verdicts import HarnessBroken, SubjectFailed

FINAL = frozenset({"delivered", "failed", "cleared", "clear", "muted", "denied", "duplicate"})
SETTLED = frozenset({"delivered", "read", "failed"})


@dataclass
class Excuse:
    """What a scenario provokes on purpose, so that it is not held against the subject."""

    checks: set[str] = field(default_factory=set)


class World:
    """Two services and a subject between them. All steps speak to this."""

    def __init__(
        self, surroundings: Surroundings, subject: Subject, pace: Pace, numbers: Iterator[str] | None = None
    ) -> None:
        self.surroundings = surroundings
        self.subject = subject
        self.pace = pace
        self.people = People(numbers)
        self.control = surroundings.control
        self.cht = ChtSide(
            surroundings.session, surroundings.cht_url, surroundings.cht_admin[0], surroundings.cht_admin[1]
        )
        self.excuse = Excuse()
        self.texts_in: list[TextIn] = []
        self.told: list[tuple[Person, dict[str, Any]]] = []
        self._mark = self.control.last()
        self._documents = (f"{uuid.uuid5(uuid.NAMESPACE_OID, str(self._mark))}-{count}" for count in itertools.count(1))
        self._webhook: dict[str, Any] = {}
        self.configure_webhook()

    # What people and services do.

    def now(self) -> datetime:
        """The present moment of the services."""
        return self.surroundings.now()

    def configure_webhook(self, **changes: Any) -> None:
        """Tell RapidPro's flow where to hand texts over, with `changes` to the right way to do it."""
        self._webhook = {"url": self.subject.webhook_url(), "token": self.subject.webhook_token(), **changes}
        self.control.put("/rapidpro/webhook", self._webhook)

    def text_in(self, person: Person, text: str, **options: Any) -> dict[str, Any]:
        """A person texts in; RapidPro hands it over at once. Returns what RapidPro saw, and keeps it for judging."""
        at = self.now()
        seen: dict[str, Any] = self.control.post(f"/rapidpro/phones/{person.number}/texts", {"text": text, **options})
        self.told.append((person, seen))
        self.texts_in.append(TextIn(str(seen["run"]), person.number, text, outcome_of(seen), at))
        return seen

    def hand_over_again(self, person: Person) -> dict[str, Any]:
        """RapidPro hands the person's last text over once more, under the same id: handling had broken off."""
        last = [text for text in self.texts_in if text.number == person.number][-1]
        seen: dict[str, Any] = self.control.post(f"/rapidpro/phones/{person.number}/texts", {"again": True})
        self.told.append((person, seen))
        self.texts_in.append(TextIn(last.id, person.number, last.text, outcome_of(seen), last.at))
        return seen

    def due(self, texts: Sequence[tuple[Person, str]], *, scheduled: bool = False) -> str:
        """CHT has these texts to send: one document, one task each. Returns the document's id."""
        id_ = next(self._documents)
        pairs = [(person.number, text) for person, text in texts]
        self.cht.put(message_document(id_, pairs, self.now(), scheduled=scheduled))
        if scheduled:
            self.control.post("/cht/run", {"pass": "schedules"})
        return id_

    def due_each(self, texts: Sequence[tuple[Person, str]]) -> None:
        """CHT has these texts to send, each in a document of its own, all put there in one request."""
        at = self.now()
        self.cht.put_all(
            [message_document(next(self._documents), [(person.number, text)], at) for person, text in texts]
        )

    def fault(self, fault: Mapping[str, Any]) -> None:
        """Plan a fault (or a preset) in the services."""
        self.control.plan_fault(fault)

    def channel(self, **changes: Any) -> None:
        """Change how the channel behaves."""
        self.control.put("/rapidpro/channel", changes)

    # What can be seen.

    def reports(self, person: Person) -> list[Stored]:
        """The reports of this person that CHT holds."""
        return [report for report in self.history().stored if report.number == person.number]

    def received(self, person: Person) -> list[Arrival]:
        """The texts that this person's phone received."""
        return [arrival for arrival in self.history().arrivals if arrival.number == person.number]

    def task(self, person: Person, text: str | None = None) -> Due:
        """CHT's only task for this person (with this text)."""
        found = [
            due for due in self.history().due if due.number == person.number and (text is None or due.text == text)
        ]
        if len(found) != 1:
            raise HarnessBroken(f"the scenario speaks of one text for {person.name}, CHT has {len(found)}")
        return found[0]

    def history(self) -> History:
        """All that happened so far."""
        return observe(self.control, self.cht.documents(), self.people.numbers(), self.texts_in, self._mark)

    # How time passes.

    def pass_time(self, seconds: float) -> None:
        """Let virtual time pass, the subject working whenever it wants to; a real subject is given its own pace."""
        self.pace.run(self, seconds)

    def eventually(self, what: str, holds: Callable[[], bool], within: float) -> None:
        """Let time pass until `holds`; SubjectFailed if it does not within so many seconds of the scenario's time."""
        if not self.pace.until(self, holds, within):
            raise SubjectFailed(f"expected within {self.pace.shown(within)}: {what}\n{self.picture()}")

    def settle(self) -> None:
        """Stop the faults, let it recover, run until quiet."""
        self.check_faults_used()
        self.control.delete("/faults")
        self.configure_webhook()
        self.pace.settle(self)

    def check_faults_used(self) -> None:
        """A plan that was not used up tested nothing: the harness's own fault."""
        unused = [fault for fault in self.control.faults() if fault.get("unused")]
        if unused:
            raise HarnessBroken(f"planned faults were never used up, so nothing was tested: {unused}")

    def quiet(self) -> bool:
        """Whether everything has ended: all texts final, RapidPro done, CHT knowing it."""
        history = self.history()
        return (
            all(due.state in FINAL for due in history.due)
            and all(sent.status in SETTLED for sent in history.sent)
            and not judge(history)
        )

    def snapshot(self) -> tuple[object, ...]:
        """What matters of the present state, to be compared with a later one."""
        history = self.history()
        return (history.stored, history.due, history.arrivals, history.sent)

    def polls_since(self, mark: int) -> int:
        """How often the subject has asked CHT for texts since the ledger's entry `mark`."""
        exchanges = self.control.exchanges(mark)
        return sum(one["service"] == "cht" and one["path"] == "/api/sms" for one in exchanges)

    def violations(self) -> list[Violation]:
        """What is wrong with the history, leaving aside what the scenario provoked."""
        return judge(self.history(), without=tuple(self.excuse.checks))

    def judge(self) -> None:
        """Settle, then judge. SubjectFailed names everything that is wrong."""
        self.settle()
        found = self.violations()
        if found:
            raise SubjectFailed("\n".join(map(str, found)) + "\n" + self.picture())

    def picture(self) -> str:
        """The history in a few lines, for people who look for the cause."""
        history = self.history()
        names = {person.number: person.name for person in self.people}
        lines = [
            f"  {names[due.number]}: {due.text[:60]!r} is {due.state} in CHT ({' > '.join(s for s, _ in due.states)})"
            for due in history.due
        ]
        lines += [f"  {names[one.number]}: {one.text[:60]!r} is {one.status} in RapidPro" for one in history.sent]
        lines += [f"  {names[one.number]} received {one.text[:60]!r}" for one in history.arrivals]
        lines += [f"  {names[one.number]} texted {one.text[:60]!r}: {one.outcome}" for one in history.texts_in]
        lines += [f"  CHT holds {one.text[:60]!r} of {names[one.number]}" for one in history.stored]
        return "What happened:\n" + "\n".join(lines[:40] or ["  nothing"])


def outcome_of(seen: Mapping[str, Any]) -> Outcome:
    """What RapidPro knows of a webhook call: 2xx is ok, another status is a refusal, no answer is unknown."""
    webhook = seen.get("webhook")
    if not webhook:
        raise HarnessBroken(f"RapidPro called no webhook for a text: {seen}")
    status = webhook.get("status") or 0
    if status == 0:
        return Outcome.UNKNOWN
    return Outcome.OK if 200 <= status < 300 else Outcome.REFUSED
