"""Playing a conversation and comparing what happens with what its steps expect."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from conformance.flows.conversations.durations import in_words
from conformance.flows.conversations.model import DOINGS, Conversation, Step
from conformance.flows.judging.as_steps import redaction_of
from conformance.flows.judging.expectations import call_fits, differences, reply_fits, shown_call, shown_reply
from conformance.flows.judging.result import ConversationResult, Line, Problem
from conformance.flows.playing.exports import BadExport, Export
from conformance.flows.playing.matching import BadPattern
from conformance.flows.playing.person import NO_TRIGGER, Endless, Person
from conformance.flows.playing.stretch import Stretch
from fakes.rapidpro.flows.engine import NotAccepted, Refused, TooMuch
from fakes.rapidpro.versions.generation import Generation

Seen = TypeVar("Seen")


def play(conversation: Conversation, export: Export, generation: Generation) -> ConversationResult:
    """The outcome; nothing is raised for what a conversation or a flow does wrong."""
    began = time.perf_counter()
    result = ConversationResult(conversation, generation)
    judge = _Judge(result, export)
    try:
        judge.run(Person(conversation.setting, export, generation))
    except (Refused, BadExport, BadPattern) as error:
        result.outcome = "broken"
        result.problems.append(Problem(judge.line, str(error)))
    except (TooMuch, NotAccepted, Endless, RecursionError) as error:
        judge.problem(f"the conversation does not come to its end: {error}")
    if result.outcome != "broken" and result.problems:
        result.outcome = "failed"
    result.seconds = time.perf_counter() - began
    return result


class _Judge:
    def __init__(self, result: ConversationResult, export: Export) -> None:
        self._result = result
        conversation = result.conversation
        self.line = conversation.line
        self._judges_calls = any(one.kind == "call" for one in conversation.steps)
        self._seen = Stretch()
        self._status_is_judged = any(
            one.kind == "expect" and one.value.get("status") in ("failed", "none") for one in conversation.steps
        )
        self._redaction = redaction_of({**export.parts.globals, **conversation.setting.globals})

    def run(self, person: Person) -> None:
        try:
            for number, step in enumerate(self._result.conversation.steps):
                if step.kind in DOINGS:
                    self._close()
                self.line = step.line
                self._step(person, step, number)
            self._close()
            if person.status() == "failed" and not self._status_is_judged:
                self.problem(f"the run failed: {'; '.join(person.errors[-3:])}")
        finally:
            self._result.visits = person.visits()

    def problem(self, text: str) -> None:
        """Note a difference at the step that is being judged."""
        self._result.problems.append(Problem(self.line, self._redaction.text(text)))

    def _note(self, mark: str, kind: str, text: str) -> None:
        self._result.lines.append(Line(mark, kind, self._redaction.text(text)))

    def _step(self, person: Person, step: Step, number: int) -> None:
        if step.kind in DOINGS:
            self._result.happened[number] = self._seen = _do(person, step)
            self._note(" ", step.kind, _said(step))
            self._seen = Stretch(list(self._seen.calls), list(self._seen.replies), self._seen.notes)
            if not self._judges_calls:
                for one in self._seen.calls:
                    self._note(" ", "call", shown_call(one))
            person.notes += self._seen.notes
            for note in self._seen.notes:
                self._note(" ", "note", note)
                if note.startswith(NO_TRIGGER) and not self._status_is_judged:
                    self.problem(note)
        elif step.kind == "reply":
            self._compare(step.value, self._seen.replies, reply_fits, shown_reply, "reply")
        elif step.kind == "call" and step.value is not None:
            self._compare(step.value, self._seen.calls, call_fits, shown_call, "call")
        elif step.kind == "expect":
            self._expect(person, step, number)

    def _compare(
        self, wanted: Any, seen: list[Seen], fits: Callable[[Any, Any], bool], shown: Callable[..., str], kind: str
    ) -> None:
        """One expectation against the next of its kind; if a later one fits, those before are surplus."""
        place = next((index for index, one in enumerate(seen) if fits(wanted, one)), None)
        if place is None:
            self._note("-", kind, shown(wanted))
            self.problem(f"expected {_name(kind)} {shown(wanted)}, got {shown(seen[0], wanted) if seen else 'none'}")
            if seen:
                self._note("+", kind, shown(seen.pop(0), wanted))
            return
        self._surplus(seen[:place], shown, kind)
        self._note(" ", kind, shown(seen[place]))
        del seen[: place + 1]

    def _surplus(self, seen: Sequence[Any], shown: Callable[..., str], kind: str) -> None:
        for one in seen:
            self._note("+", kind, shown(one))
            self.problem(f"expected no such {_name(kind).removeprefix('the ')}: {shown(one)}")

    def _close(self) -> None:
        """What was seen and no step has expected."""
        if self._judges_calls:
            self._surplus(self._seen.calls, shown_call, "call")
        self._surplus(self._seen.replies, shown_reply, "reply")
        self._seen = Stretch()

    def _expect(self, person: Person, step: Step, number: int) -> None:
        actual, found = differences(step.value, person)
        self._result.happened[number] = {**actual, "status": person.status()}
        if not found:
            self._note(" ", "expect", "as expected: " + ", ".join(step.value))
        for name, wanted, seen in found:
            self._note("-", "expect", f"{name}: {wanted}")
            self._note("+", "expect", f"{name}: {seen}")
            self.problem(f"expected {name} to be {wanted}, got {seen}")


def _name(kind: str) -> str:
    return "the text" if kind == "reply" else "the call"


def _do(person: Person, step: Step) -> Stretch:
    if step.kind == "text":
        return person.text(step.value["text"], tuple(step.value.get("attachments") or ()))
    if step.kind == "start":
        return person.start(step.value["flow"], step.value.get("params"))
    return person.wait(step.value)


def _said(step: Step) -> str:
    if step.kind == "text":
        return " ".join([step.value["text"], *(step.value.get("attachments") or ())])
    return str(step.value["flow"]) if step.kind == "start" else in_words(step.value)
