"""The world of one scenario: two services, one subject, one clock, and the people with their phones.

Every scenario ends the same way (`judge`): stop the faults, let it recover, run until quiet, only then look.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from conformance.checks.figures import calls_per_text
from conformance.history.model import History, Outcome, TextIn
from conformance.history.observe import Exchanges, observe
from conformance.services.cht_client import ChtSide, message_document
from conformance.services.services import Surroundings
from conformance.subjects.base import CrashPoint, Means, Subject
from conformance.verdicts import HarnessBroken, SubjectFailed, Untestable
from conformance.world.observations import Excuse, Sight, outcome_of
from conformance.world.people import People, Person
from conformance.world.planned_kill import Killing
from conformance.world.timing import Pace

SOON = 2 * 3600.0
"""Seconds of a scenario's time within which a report must be in CHT: longer than an outage and a back-off after it."""
LATER = 8 * 3600.0
"""Seconds within which a text must be on its phone: longer than an hour's quota and all tries of an errored text."""


class World(Sight):
    """Two services and a subject between them. All steps speak to this."""

    soon = SOON
    later = LATER

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
        self.excuse = Excuse(set(subject.left_aside))
        self.texts_in: list[TextIn] = []
        self.told: list[tuple[Person, dict[str, Any]]] = []
        self._mark = self.control.last()
        self._exchanges = Exchanges(self.control, self._mark)
        unique = uuid.uuid5(uuid.NAMESPACE_OID, str(self._mark))
        self._documents = (f"{unique}-{count}" for count in itertools.count(1))
        self._killing: Killing | None = None
        self.configure_webhook()

    # What people and services do.

    def now(self) -> datetime:
        """The present moment of the services."""
        return self.surroundings.now()

    def configure_webhook(self, **changes: Any) -> None:
        """Tell RapidPro's flow where to hand texts over, with `changes` to the right way to do it."""
        right = {"url": self.subject.webhook_url(), "token": self.subject.webhook_token()}
        self.control.put("/rapidpro/webhook", {**right, "omit": [], "headers": {}, "body": None, **changes})

    def text_in(self, person: Person, text: str, **options: Any) -> dict[str, Any]:
        """A person texts in; RapidPro hands it over at once. Returns what RapidPro saw, and keeps it for judging."""
        at = self.now()
        if self._killing is not None:
            self._killing.before_text_in(text)
        # An aggregator's own number for it: without one, RapidPro takes the same words within seconds for one text.
        given = {"text": text, "external_id": f"text {self._mark} {len(self.texts_in)}", **options}
        seen = self._handed_over(person, given)
        self._note(TextIn(str(seen["run"]), person.number, text, outcome_of(seen), at))
        if self._killing is not None:
            self._killing.after_text_in()
        return seen

    def hand_over_again(self, person: Person) -> dict[str, Any]:
        """RapidPro hands the person's last text over once more, under the same id: handling had broken off."""
        last = [text for text in self.texts_in if text.number == person.number][-1]
        seen = self._handed_over(person, {"again": True})
        self._note(TextIn(last.id, person.number, last.text, outcome_of(seen), last.at))
        return seen

    def _handed_over(self, person: Person, given: Mapping[str, Any]) -> dict[str, Any]:
        seen: dict[str, Any] = self.control.post(f"/rapidpro/phones/{person.number}/texts", given)
        self.told.append((person, seen))
        return seen

    def _note(self, text: TextIn) -> None:
        """Keep it for judging. A relay that is no more gives no answer: that is told at once."""
        self.texts_in.append(text)
        if text.outcome is Outcome.UNKNOWN:
            self.subject.check_alive()

    def due(self, texts: Sequence[tuple[Person, str]], *, scheduled: bool = False) -> str:
        """CHT has these texts to send: one document, one task each. Returns the document's id."""
        id_ = next(self._documents)
        pairs = [(person.number, text) for person, text in texts]
        if self._killing is not None:
            self._killing.before_due()
        self.cht.put(message_document(id_, pairs, self.now(), scheduled=scheduled))
        if scheduled:
            self.control.post("/cht/run", {"pass": "schedules"})
        if self._killing is not None:
            self._killing.after_due()
        return id_

    def due_each(self, texts: Sequence[tuple[Person, str]]) -> None:
        """CHT has these texts to send, each in a document of its own, all put there in one request."""
        at = self.now()
        self.cht.put_all(
            [message_document(next(self._documents), [(person.number, text)], at) for person, text in texts]
        )

    def fault(self, fault: Mapping[str, Any]) -> None:
        """Plan a fault (or a preset) in the services."""
        self.control.plan_fault(self.subject.meets(fault))

    def channel(self, **changes: Any) -> None:
        """Change how the channel behaves."""
        self.control.put("/rapidpro/channel", changes)

    def kill_when(self, point: CrashPoint) -> None:
        """Plan that the subject is killed at this moment. Untestable if it cannot be started again."""
        if Means.RESTART not in self.subject.means:
            raise Untestable(f"{self.subject.name} cannot be killed and started again by the harness")
        self._killing = Killing(self, self.pace, self.fault, self.await_faults, point)

    def restart_after_kill(self) -> None:
        """Wait for the planned kill, then start the subject again."""
        if self._killing is None:
            raise HarnessBroken("the scenario starts the relay again without having had it killed")
        self._killing.finish()
        self._killing = None

    # What can be seen.

    def calls_per_text(self) -> float:
        """Requests to RapidPro for each text."""
        return calls_per_text(self.history())

    def history(self) -> History:
        """All that happened so far."""
        return observe(self.control, self.cht.documents(), self.people.numbers(), self.texts_in, self._exchanges.all())

    # How time passes.

    def pass_time(self, seconds: float) -> None:
        """Let virtual time pass, the subject working whenever it wants to; a real subject is given its own pace."""
        self.pace.run(self, seconds)

    def eventually(self, what: str, holds: Callable[[], bool], within: float) -> None:
        """Let time pass until `holds`; SubjectFailed if it does not within so many seconds of the scenario's time."""
        if not self.pace.until(self, holds, within):
            raise SubjectFailed(f"expected within {self.pace.shown(within)}: {what}\n{self.picture()}")

    def expect(self, holds: bool, what: str) -> None:
        """SubjectFailed unless it holds."""
        if not holds:
            raise SubjectFailed(f"expected {what}\n{self.picture()}")

    def expect_harness(self, holds: bool, what: str) -> None:
        """HarnessBroken if it does not hold: then the scenario tested nothing."""
        if not holds:
            raise HarnessBroken(f"{what}\n{self.picture()}")

    def await_faults(self) -> None:
        """Let time pass until every planned fault was used up."""
        self.pace.until(self, lambda: not any(fault.get("unused") for fault in self.control.faults()), LATER)
        self.check_faults_used()

    def settle(self) -> None:
        """Stop the faults once they were used up, let it recover, run until quiet."""
        self.await_faults()
        self.control.delete("/faults")
        self.configure_webhook()
        self.pace.settle(self)

    def check_faults_used(self) -> None:
        """A plan that was not used up tested nothing: the harness's own fault, unless the subject failed before."""
        unused = [fault for fault in self.control.faults() if fault.get("unused")]
        if unused:
            found = self.violations()
            if found:
                raise SubjectFailed("\n".join([*map(str, found), f"and it never came to {unused}"]))
            raise HarnessBroken(f"planned faults were never used up, so nothing was tested: {unused}")

    def judge(self) -> None:
        """Settle, then judge. SubjectFailed names everything that is wrong."""
        self.settle()
        found = self.violations()
        if found:
            raise SubjectFailed("\n".join(map(str, found)) + "\n" + self.picture())
