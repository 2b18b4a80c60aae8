"""What scenarios can observe: reports in CHT, texts on phones, tasks and their states, answers of the relay."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.checks import CONDUCT, RESULTS, Violation, judge
from conformance.history.causes import told_without_asking
from conformance.history.model import GATEWAY_PATH, Arrival, History, IncomingText, Outcome, OutgoingText, StoredReport
from conformance.history.observe import arrivals
from conformance.history.reading import reports_in, texts_of
from conformance.history.runaway import runaway
from conformance.history.summary import summarize
from conformance.history.unsendable import Originals
from conformance.services.base import Services
from conformance.services.cht_client import ChtClient
from conformance.services.control_client import ControlClient
from conformance.subjects.base import Subject
from conformance.verdicts import HarnessBroken, SubjectFailed
from conformance.world.people import People, Person

FINAL = frozenset({"delivered", "failed", "cleared", "clear", "muted", "denied", "duplicate"})
SETTLED = frozenset({"delivered", "read", "failed"})
LONGEST_SHOWN = 300
"""How many characters of a response, or of an error, are shown."""


class Observations:
    """Answers questions, mostly about one person, from the history so far."""

    services: Services
    subject: Subject
    control: ControlClient
    cht: ChtClient
    people: People
    excused_checks: set[str]
    """Checks whose violations the scenario provokes on purpose, so that they do not count against the subject."""
    webhook_results: list[tuple[Person, dict[str, Any]]]
    """What RapidPro recorded about the delivery of each person's texts, in order."""
    incoming_texts: list[IncomingText]

    @abstractmethod
    def history(self) -> History:
        """Everything that has happened so far."""

    def quiet(self) -> bool:
        """Whether everything has ended: all tasks and messages are final, and nothing is wrong."""
        return self.is_quiet(self.history())

    def is_quiet(self, history: History) -> bool:
        """Whether everything has ended in this history."""
        return (
            all(outgoing.state in FINAL for outgoing in history.outgoing_texts)
            and all(message.status in SETTLED for message in history.messages)
            and not judge(history, RESULTS)
        )

    def snapshot(self) -> tuple[object, ...]:
        """The current state, to be compared with a later one."""
        return self.state_of(self.history())

    def state_of(self, history: History) -> tuple[object, ...]:
        """The part of a history that shows whether anything still changes."""
        return (history.reports, history.outgoing_texts, history.arrivals, history.messages)

    def polls_since(self, mark: int) -> int:
        """How often the subject has polled CHT since the ledger's exchange number `mark`."""
        exchanges = self.control.exchanges(mark)
        return sum(one["service"] == "cht" and one["path"] == GATEWAY_PATH for one in exchanges)

    def violations(self, history: History | None = None) -> list[Violation]:
        """What became of texts and states that is wrong, without the excused checks."""
        return judge(history or self.history(), RESULTS, without=tuple(self.excused_checks))

    def misconduct(self, history: History | None = None) -> list[Violation]:
        """What the subject did on the way that it should not do."""
        return judge(history or self.history(), CONDUCT, without=tuple(self.excused_checks))

    def expect_nothing_wrong(self, otherwise: str) -> None:
        """SubjectFailed if something is wrong that can explain why a planned event never came about.

        Besides violations: a state that the relay told CHT without having asked for it, so that no trouble with the
        question could come about.
        """
        wrong = [str(violation) for violation in (*self.violations(), *self.misconduct())]
        for text in told_without_asking(self.history()):
            wrong.append(f"wrong-state: {text.text!r} for {text.number} was called delivered without asking RapidPro")
        if wrong:
            raise SubjectFailed("\n".join([*wrong, f"and {otherwise}"]))

    def expect_no_runaway(self) -> None:
        """SubjectFailed if one text has become so many messages that waiting for anything else is pointless."""
        found = runaway(self.history())
        if found is not None:
            raise SubjectFailed(f"duplicated again and again: {found}\n{self.summary()}")

    def summary(self) -> str:
        """The history in a few lines, for people looking for the cause of a failure."""
        return summarize(self.history(), self.people)

    # Scenarios wait for these: each asks only for what it shows, not for a history.

    def reports(self, person: Person) -> list[StoredReport]:
        """The reports from this person in CHT."""
        return [report for report in reports_in(self.cht.documents()) if report.number == person.number]

    def received(self, person: Person) -> list[Arrival]:
        """The texts that this person's phone received."""
        received = arrivals(self.control, {person.number})
        return list(Originals(self._texts_for(person)).named(received)) if received else []

    def report_stored(self, person: Person, text: str) -> Callable[[], bool]:
        """A condition: CHT has a report with this text from this person."""
        return lambda: any(one.text == text for one in self.reports(person))

    def text_arrived(self, person: Person, text: str) -> Callable[[], bool]:
        """A condition: this text is on this person's phone."""
        return lambda: any(one.text == text for one in self.received(person))

    def task_in_state(self, person: Person, state: str) -> Callable[[], bool]:
        """A condition: CHT's only task for this person is in this state."""
        return lambda: self.task(person).state == state

    def task(self, person: Person, text: str | None = None) -> OutgoingText:
        """CHT's only task for this person (with this text). HarnessBroken if there is none, or more than one."""
        found = [one for one in self._texts_for(person) if text is None or one.text == text]
        if len(found) != 1:
            raise HarnessBroken(f"the scenario expects one text for {person.name}, CHT has {len(found)}")
        return found[0]

    def _texts_for(self, person: Person) -> list[OutgoingText]:
        return list(texts_of(self.cht.documents(), {person.number}))

    def parsed(self, person: Person, form: str) -> list[dict[str, Any]]:
        """The reports from this person that CHT recognised as this form."""
        docs = self.cht.documents()
        return [doc for doc in docs if doc.get("from") == person.number and doc.get("form") == form]

    def last_response(self, person: Person) -> WebhookResponse:
        """What the relay answered to the person's last text."""
        calls = [result["webhook"] for who, result in self.webhook_results if who == person and result.get("webhook")]
        if not calls:
            raise HarnessBroken(f"the scenario expects an answer to {person.name}, who sent nothing")
        last = calls[-1]
        return WebhookResponse(last.get("status") or 0, str(last.get("body") or ""), str(last.get("error") or ""))

    def expect_accepted(self, person: Person, count: int = 1) -> None:
        """SubjectFailed if so few of the person's texts were accepted that CHT can never have `count` reports of them.

        Waiting would end in the same way, later and without the cause.
        """
        texts = [text for text in self.incoming_texts if text.number == person.number]
        open_ = {text.id for text in texts if text.outcome is not Outcome.REFUSED}
        if texts and len(open_) < count:
            raise SubjectFailed(
                f"expected the relay to accept {person.name}'s text, it answered {self.last_response(person)}"
            )


@dataclass(frozen=True, slots=True)
class WebhookResponse:
    """The relay's response to a webhook call: status (0: no answer), body, and what was wrong with the response."""

    status: int
    body: str
    error: str = ""

    def __str__(self) -> str:
        why = f" ({self.error[:LONGEST_SHOWN]})" if self.error else ""
        return f"{self.status} {self.body[:LONGEST_SHOWN]!r}{why}" if self.status else f"nothing{why}"


def outcome_of(result: Mapping[str, Any]) -> Outcome:
    """The outcome of a webhook call for RapidPro: 2xx is ok, another status is a refusal, no answer is unknown."""
    webhook = result.get("webhook")
    if not webhook:
        raise HarnessBroken(f"RapidPro called no webhook for a text: {result}")
    return Outcome.of_status(webhook.get("status") or 0)
