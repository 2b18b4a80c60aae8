"""The world of one scenario: two services, one subject, one clock, and the people with their phones.

Every scenario ends the same way (`judge`): stop the faults, let the subject recover, run until quiet, then judge.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from conformance.evidence.entries import Ref
from conformance.history.model import History, IncomingText, Outcome
from conformance.history.observe import Exchanges, Others, earlier_than_now, observe
from conformance.services.base import Services
from conformance.services.cht_client import ChtClient, message_document
from conformance.subjects.base import Capability, CrashPoint, Freezable, Subject
from conformance.verdicts import HarnessBroken, SubjectFailed, Untestable
from conformance.world.observations import Observations, few_sentences, outcome_of
from conformance.world.output import Output
from conformance.world.people import People, Person
from conformance.world.planned_kill import PlannedKill
from conformance.world.timing import RealTiming, Timing
from fakes.redaction import Redaction

REPORT_WITHIN = 2 * 3600.0
"""Seconds of scenario time within which a report must be in CHT: longer than an outage and the back-off after it."""
ARRIVAL_WITHIN = 8 * 3600.0
"""Seconds within which a text must be on its phone: longer than a quota hour and all retries of an errored message."""
STATE_WITHIN = ARRIVAL_WITHIN + 8 * 3600.0
"""Seconds within which CHT must show what became of a text: eight hours for RapidPro and the aggregator, as many for
the relay, which may ask for old texts only a few times a day."""
AWAKE = 3600.0
"""Seconds in which the subject works at both ends of a long time."""


class World(Observations):
    """Two services and a subject between them. All steps use this."""

    report_within = REPORT_WITHIN
    arrival_within = ARRIVAL_WITHIN
    state_within = STATE_WITHIN

    def __init__(
        self, services: Services, subject: Subject, timing: Timing, numbers: Iterator[str] | None = None
    ) -> None:
        self.services = services
        self.subject = subject
        self.timing = timing
        self.people = People(numbers)
        self.control = services.control
        self.cht = ChtClient(services.session, services.cht_url, *services.cht_admin)
        self.excused_checks = set(subject.skipped_checks)
        self.incoming_texts: list[IncomingText] = []
        self.webhook_results: list[tuple[Person, dict[str, Any]]] = []
        self._mark = self.control.last()
        expected = Redaction({"relay:incoming token": subject.webhook_token()})
        self._exchanges = Exchanges(self.control, self._mark, expected)
        self.hide = Redaction(services.neighbours.secrets())
        """Hides the secrets that the subject was given."""
        self._output = Output(subject, self.hide)
        self._earlier = earlier_than_now(self.control, self.cht.documents(), others_write=services.others_write)
        unique = uuid.uuid5(uuid.NAMESPACE_OID, str(self._mark))
        self._documents = (f"{unique}-{count}" for count in itertools.count(1))
        self._planned_kill: PlannedKill | None = None
        self._settled: tuple[datetime, int] | None = None
        """When, and at which exchange, all was quiet. If nothing has happened since, all still is."""
        self.configure_webhook()

    # What people and services do.

    def now(self) -> datetime:
        """The services' current time."""
        return self.services.now()

    def configure_webhook(self, **changes: Any) -> None:
        """Set the webhook of RapidPro's flow to the subject, with `changes` to the correct settings."""
        correct = {"url": self.subject.webhook_url(), "token": self.subject.webhook_token()}
        self.control.put("/rapidpro/webhook", {**correct, "omit": [], "headers": {}, "body": None, **changes})

    def person_texts(self, person: Person, text: str, **options: Any) -> dict[str, Any]:
        """A person sends a text; RapidPro delivers it at once. Returns RapidPro's result, and keeps it for judging.

        What is judged is the text as RapidPro stored it: what RapidPro itself changes is not the relay's.
        """
        at = self.now()
        if self._planned_kill is not None:
            self._planned_kill.before_incoming_text(text)
        # The aggregator's id of the text: without one, RapidPro takes equal texts within seconds for duplicates.
        body = {"text": text, "external_id": f"text {self._mark} {len(self.incoming_texts)}", **options}
        result = self._deliver(person, body)
        self._record(IncomingText(str(result["run"]), person.number, str(result["text"]), outcome_of(result), at))
        if self._planned_kill is not None:
            self._planned_kill.after_incoming_text()
        return result

    def redeliver(self, person: Person) -> dict[str, Any]:
        """RapidPro posts the person's last text again under the same id, as after interrupted handling."""
        last = [text for text in self.incoming_texts if text.number == person.number][-1]
        result = self._deliver(person, {"again": True})
        self._record(IncomingText(last.id, person.number, last.text, outcome_of(result), last.at))
        return result

    def _deliver(self, person: Person, body: Mapping[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = self.control.post(f"/rapidpro/phones/{person.number}/texts", body)
        answer = result.get("webhook") or {}
        for part in ("body", "error"):
            if answer.get(part):
                answer[part] = self.hide.text(str(answer[part]))
        self.webhook_results.append((person, result))
        return result

    def _record(self, text: IncomingText) -> None:
        """Keep the text for judging. SubjectFailed at once if there was no answer because the relay has ended."""
        self.incoming_texts.append(text)
        if text.outcome is Outcome.UNKNOWN:
            self.subject.check_alive()

    def cht_sends(self, texts: Sequence[tuple[Person, str]], *, scheduled: bool = False) -> str:
        """CHT has these texts to send: one document with a task for each. Returns the document's id."""
        id_ = next(self._documents)
        pairs = [(person.number, text) for person, text in texts]
        if self._planned_kill is not None:
            self._planned_kill.before_outgoing_text()
        self.cht.put(message_document(id_, pairs, self.now(), scheduled=scheduled))
        if scheduled:
            self.control.post("/cht/run", {"pass": "schedules"})
        if self._planned_kill is not None:
            self._planned_kill.after_outgoing_text()
        return id_

    def cht_sends_each(self, texts: Sequence[tuple[Person, str]]) -> None:
        """CHT has these texts to send, each in its own document; all documents are stored in one request."""
        at = self.now()
        self.cht.put_all(
            [message_document(next(self._documents), [(person.number, text)], at) for person, text in texts]
        )

    def fault(self, fault: Mapping[str, Any]) -> None:
        """Plan a fault (or a preset) in the services."""
        self.control.plan_fault(self.subject.adapt_fault(fault))

    def channel(self, **changes: Any) -> None:
        """Change how the channel behaves."""
        self.control.put("/rapidpro/channel", changes)

    def kill_when(self, point: CrashPoint) -> None:
        """Plan to kill the subject at this moment. Untestable if the harness cannot restart it."""
        if Capability.RESTART not in self.subject.capabilities:
            raise Untestable(f"the harness cannot kill and restart {self.subject.name}")
        self._planned_kill = PlannedKill(self, self.timing, self.fault, self.await_faults, point)

    def restart_after_kill(self, seconds: float = 0) -> None:
        """Wait for the planned kill, then restart the subject, `seconds` of virtual time later."""
        if self._planned_kill is None:
            raise HarnessBroken("the scenario restarts the relay without having killed it")
        self._planned_kill.finish(seconds)
        self._planned_kill = None

    # What can be observed.

    def history(self) -> History:
        """Everything that has happened so far."""
        seen = observe(
            self.control,
            self.cht.documents(),
            self.people.numbers(),
            self.incoming_texts,
            self._exchanges.all(),
            Others(self.people.ever(), self._earlier),
        )
        return replace(seen, output=self._output.revealing())

    # How time passes.

    def pass_time(self, seconds: float) -> None:
        """Let scenario time pass; the subject works when it is due (virtual time) or by itself (real time)."""
        self.timing.run(self, seconds)

    def pass_long_time(self, seconds: float) -> None:
        """Let hours or days of virtual time pass. Between the first and the last hour the subject is not called, as if
        its machine slept: thousands of polls that change nothing would take minutes."""
        if seconds > 4 * AWAKE:
            self.pass_time(AWAKE)
            self.expect_no_runaway()
            if isinstance(self.subject, Freezable):
                self.subject.freeze(seconds - 2 * AWAKE)
            self.services.virtual_clock().advance(seconds - 2 * AWAKE)
            seconds = AWAKE
        self.pass_time(seconds)

    def eventually(
        self, what: str, holds: Callable[[], bool], within: float, rests_on: Callable[[], Iterable[Ref]] = tuple
    ) -> None:
        """Let time pass until `holds`. SubjectFailed if it does not hold `within` these seconds of scenario time.

        `rests_on` finds the events that show it, if no check finds anything wrong.
        """
        if not self.timing.until(self, holds, within):
            sentence = f"expected within {self.timing.shown(within)}: {what}\n{self.seen()}"
            raise SubjectFailed(self.hide.text(sentence), () if self.violations() else rests_on())

    def expect(self, holds: bool, what: str, rests_on: Callable[[], Iterable[Ref]] = tuple) -> None:
        """SubjectFailed unless `holds`. `rests_on` finds the events that show it; it is called only then."""
        if not holds:
            raise SubjectFailed(self.hide.text(f"expected {what}"), rests_on())

    def expect_harness(self, holds: bool, what: str) -> None:
        """HarnessBroken unless `holds`: then the scenario tested nothing."""
        if not holds:
            raise HarnessBroken(what)

    def await_faults(self) -> None:
        """Let time pass until every planned fault has been used."""
        self.timing.until(self, lambda: not any(fault.get("unused") for fault in self.control.faults()), ARRIVAL_WITHIN)
        self.check_faults_used()

    def settle(self) -> None:
        """Stop the faults once they have been used, let the subject recover, run until quiet."""
        self._stop_faults()
        if self._still_quiet() is None:
            self._run_until_quiet()

    def _stop_faults(self) -> None:
        self.await_faults()
        self.control.delete("/faults")
        self.configure_webhook()

    def _still_quiet(self) -> History | None:
        """The history if nothing has happened since all was quiet, and all still is."""
        if self._settled != (self.now(), self.control.last()):
            return None
        history = self.history()
        return history if self.is_quiet(history) else None

    def _run_until_quiet(self) -> None:
        self.timing.settle(self)
        self._settled = (self.now(), self.control.last())

    def check_faults_used(self) -> None:
        """HarnessBroken if a planned fault was never used: that tested nothing. SubjectFailed if the subject failed."""
        unused = [fault for fault in self.control.faults() if fault.get("unused")]
        if unused:
            effects = ", ".join(f"{fault['effect']} of {fault['service']}" for fault in unused)
            self.expect_nothing_wrong(f"these faults were never used: {effects}")
            if isinstance(self.timing, RealTiming) and all(fault.get("for_seconds") for fault in unused):
                raise Untestable(f"the trouble was over before the subject made such a call ({effects})")
            raise HarnessBroken(f"planned faults were never used, so nothing was tested: {unused}")

    def judge(self) -> History:
        """Settle, then judge: the history in which nothing is wrong. SubjectFailed lists everything that is."""
        self._stop_faults()
        history = self._still_quiet()
        if history is None:
            self._run_until_quiet()
            history = self.history()
        found = self.violations(history)
        if found:
            raise SubjectFailed(self.hide.text(few_sentences(found)))
        return history
