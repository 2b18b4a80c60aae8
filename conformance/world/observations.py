"""What scenarios can observe: reports in CHT, texts on phones, tasks and their states, answers of the relay."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.checks import CONDUCT, RESULTS, Violation, judge
from conformance.evidence.arrivals import arrivals as arrivals_of
from conformance.evidence.arrivals import arrived
from conformance.evidence.decisive import decisive, last_told
from conformance.evidence.entries import Ref, Scene
from conformance.evidence.words import quoted
from conformance.history.causes import told_without_asking
from conformance.history.model import GATEWAY_PATH, Arrival, History, IncomingText, Outcome, OutgoingText, StoredReport
from conformance.history.observe import arrivals
from conformance.history.reading import reports_in, texts_of
from conformance.history.runaway import runaway
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
FEW_TEXTS = 3
"""So many texts are shown with their states."""
MOST_SENTENCES = 5
"""How many violations the reason of a failure names."""


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
        history = self.history()
        found = [*self.violations(history), *self.misconduct(history)]
        rests_on = set(decisive(history, found))
        wrong = [few_sentences(found)] if found else []
        for text in told_without_asking(history):
            wrong.append(f"wrong-state: {text.text!r} for {text.number} was called delivered without asking RapidPro")
            rests_on.update(last_told(history, text.uuid, "DELIVERED"))
        if wrong:
            raise SubjectFailed("\n".join([*wrong, f"and {otherwise}"]), rests_on)

    def expect_no_runaway(self) -> None:
        """SubjectFailed if one text has become so many messages that waiting for anything else is pointless."""
        history = self.history()
        found = runaway(history)
        if found is not None:
            sentence = f"duplicated again and again: {found}"
            surplus = Violation("outgoing_duplicated", "duplicated", sentence, found.number, found.text)
            raise SubjectFailed(sentence, decisive(history, [surplus]))

    def seen(self) -> str:
        """What was seen in place of what was awaited: what is wrong so far, else how many texts arrived."""
        history = self.history()
        if history.outgoing_texts and not any(call.by_relay for call in history.calls):
            return "the relay made no call: does it get the addresses of its neighbours, and does it poll CHT?"
        wrong = self.violations(history)
        if wrong:
            return few_sentences(wrong)
        scene = Scene(history, {person.number: person.name for person in self.people})
        few = history.outgoing_texts if len(history.outgoing_texts) <= FEW_TEXTS else ()
        states = [f"{quoted(one.text)} for {scene.name(one.number)} is {one.state} in CHT" for one in few]
        return "; ".join([*map(arrived, arrivals_of(scene)), *states])

    def answer_to(self, person: Person) -> list[Ref]:
        """RapidPro's call of the relay with the person's last text."""
        calls = [call for call in self.history().calls if call.service == "rapidpro" and call.direction == "out"]
        answered = [who for who, result in self.webhook_results if result.get("webhook")]
        last = max((place for place, who in enumerate(answered) if who == person), default=None)
        # Each text is one call, in the same order. If it is not so, the last call is the best that is known.
        exact = last is not None and len(calls) == len(answered)
        found = calls[last : last + 1] if exact and last is not None else calls[-1:]
        return [("call", call.seq) for call in found]

    def state_told(self, person: Person) -> list[Ref]:
        """The last call that told CHT a state of the person's text."""
        return last_told(self.history(), self.task(person).uuid)

    def failure_told(self, person: Person) -> list[Ref]:
        """The call that told CHT that the person's text failed."""
        return last_told(self.history(), self.task(person).uuid, "FAILED")

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
                f"expected the relay to accept {person.name}'s text, it answered {self.last_response(person)}",
                self.answer_to(person),
            )


@dataclass(frozen=True, slots=True)
class WebhookResponse:
    """The relay's response to a webhook call: status (0: no answer), body, and what was wrong with the response."""

    status: int
    body: str
    error: str = ""

    def __str__(self) -> str:
        why = f" ({self.error[:LONGEST_SHOWN]})" if self.error else ""
        body = " ".join(self.body.split())[:LONGEST_SHOWN]
        return f"{self.status} {body!r}{why}" if self.status else f"nothing{why}"


def few_sentences(violations: Sequence[Violation]) -> str:
    """What is wrong, a line for each; of many, the first and how many more there are."""
    lines = [str(violation) for violation in violations[:MOST_SENTENCES]]
    more = len(violations) - len(lines)
    return "\n".join([*lines, f"and {more} more"] if more else lines)


def outcome_of(result: Mapping[str, Any]) -> Outcome:
    """The outcome of a webhook call for RapidPro: 2xx is ok, another status is a refusal, no answer is unknown."""
    webhook = result.get("webhook")
    if not webhook:
        raise HarnessBroken(f"RapidPro called no webhook for a text: {result}")
    return Outcome.of_status(webhook.get("status") or 0)
