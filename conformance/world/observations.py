"""What scenarios see of a world: reports in CHT, texts on phones, tasks and their states, answers of the relay."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.checks import Violation, judge
from conformance.history.model import GATEWAY_PATH, Arrival, Due, History, Outcome, Stored, TextIn
from conformance.history.summary import picture
from conformance.services.cht_client import ChtSide
from conformance.services.control_client import Control
from conformance.services.services import Surroundings
from conformance.subjects.base import Subject
from conformance.verdicts import HarnessBroken, SubjectFailed
from conformance.world.people import People, Person

FINAL = frozenset({"delivered", "failed", "cleared", "clear", "muted", "denied", "duplicate"})
SETTLED = frozenset({"delivered", "read", "failed"})
SHOWN = 300
"""Characters of an answer, or of what was wrong with it."""


@dataclass
class Excuse:
    """What a scenario provokes on purpose, so that it is not held against the subject."""

    checks: set[str] = field(default_factory=set)


class Sight:
    """Questions about one person at a time, answered from the history so far."""

    surroundings: Surroundings
    subject: Subject
    control: Control
    cht: ChtSide
    people: People
    excuse: Excuse
    told: list[tuple[Person, dict[str, Any]]]
    """What RapidPro saw of each person's texts, in order."""
    texts_in: list[TextIn]

    @abstractmethod
    def history(self) -> History:
        """All that happened so far."""

    def quiet(self) -> bool:
        """Whether everything has ended: all texts final, RapidPro done, CHT knowing it."""
        return self.is_quiet(self.history())

    def is_quiet(self, history: History) -> bool:
        """Whether a history is one in which everything has ended."""
        return (
            all(due.state in FINAL for due in history.due)
            and all(sent.status in SETTLED for sent in history.sent)
            and not judge(history)
        )

    def snapshot(self) -> tuple[object, ...]:
        """What matters of the present state, to be compared with a later one."""
        return self.state_of(self.history())

    def state_of(self, history: History) -> tuple[object, ...]:
        """What of a history tells whether anything still moves."""
        return (history.stored, history.due, history.arrivals, history.sent)

    def polls_since(self, mark: int) -> int:
        """How often the subject has asked CHT for texts since the ledger's entry `mark`."""
        exchanges = self.control.exchanges(mark)
        return sum(one["service"] == "cht" and one["path"] == GATEWAY_PATH for one in exchanges)

    def violations(self) -> list[Violation]:
        """What is wrong with the history, leaving aside what the scenario provoked."""
        return judge(self.history(), without=tuple(self.excuse.checks))

    def picture(self) -> str:
        """The history in a few lines, for people who look for the cause."""
        return picture(self.history(), self.people)

    def reports(self, person: Person) -> list[Stored]:
        """The reports of this person that CHT holds."""
        return [report for report in self.history().stored if report.number == person.number]

    def received(self, person: Person) -> list[Arrival]:
        """The texts that this person's phone received."""
        return [arrival for arrival in self.history().arrivals if arrival.number == person.number]

    def reported(self, person: Person, text: str) -> Callable[[], bool]:
        """Whether CHT holds this text of this person, whenever it is asked."""
        return lambda: any(one.text == text for one in self.reports(person))

    def arrived(self, person: Person, text: str) -> Callable[[], bool]:
        """Whether this text is on this person's phone, whenever it is asked."""
        return lambda: any(one.text == text for one in self.received(person))

    def known_as(self, person: Person, state: str) -> Callable[[], bool]:
        """Whether CHT knows the text to this person so, whenever it is asked."""
        return lambda: self.task(person).state == state

    def task(self, person: Person, text: str | None = None) -> Due:
        """CHT's only task for this person (with this text)."""
        found = [
            due for due in self.history().due if due.number == person.number and (text is None or due.text == text)
        ]
        if len(found) != 1:
            raise HarnessBroken(f"the scenario speaks of one text for {person.name}, CHT has {len(found)}")
        return found[0]

    def parsed(self, person: Person, form: str) -> list[dict[str, Any]]:
        """CHT's reports of this person that it recognised as this form."""
        docs = self.cht.documents()
        return [doc for doc in docs if doc.get("from") == person.number and doc.get("form") == form]

    def last_answer(self, person: Person) -> Answer:
        """What the relay answered to the person's last text."""
        seen = [told["webhook"] for who, told in self.told if who == person and told.get("webhook")]
        if not seen:
            raise HarnessBroken(f"the scenario asks for an answer to {person.name}, who sent nothing")
        return Answer(seen[-1].get("status") or 0, str(seen[-1].get("body") or ""), str(seen[-1].get("error") or ""))

    def expect_taken(self, person: Person, count: int = 1) -> None:
        """SubjectFailed if so few of the person's texts were taken over that CHT can never hold `count` of them.

        Waiting would end in the same way, later and without the cause.
        """
        texts = [text for text in self.texts_in if text.number == person.number]
        open_ = {text.id for text in texts if text.outcome is not Outcome.REFUSED}
        if texts and len(open_) < count:
            raise SubjectFailed(
                f"expected the relay to take over {person.name}'s text, it answered {self.last_answer(person)}"
            )


@dataclass(frozen=True, slots=True)
class Answer:
    """What RapidPro saw of a text's hand-over: status (0: no answer), body, and what was wrong with the answer."""

    status: int
    body: str
    error: str = ""

    def __str__(self) -> str:
        why = f" ({self.error[:SHOWN]})" if self.error else ""
        return f"{self.status} {self.body[:SHOWN]!r}{why}" if self.status else f"nothing{why}"


def outcome_of(seen: Mapping[str, Any]) -> Outcome:
    """What RapidPro knows of a webhook call: 2xx is ok, another status is a refusal, no answer is unknown."""
    webhook = seen.get("webhook")
    if not webhook:
        raise HarnessBroken(f"RapidPro called no webhook for a text: {seen}")
    return Outcome.of_status(webhook.get("status") or 0)
