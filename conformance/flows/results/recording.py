"""`flow record`: a conversation that is typed, as a file with the expectations that hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml.comments import CommentedMap

from conformance.flows.conversations.document import BadFile, read_text
from conformance.flows.conversations.durations import in_words, seconds_of
from conformance.flows.conversations.yaml_files import dump, load, round_trip
from conformance.flows.judging.as_steps import call_step, redaction_of, reply_step, report_step
from conformance.flows.judging.expectations import shown_call, shown_reply
from conformance.flows.judging.result import Line
from conformance.flows.playing.matching import with_stand_ins
from conformance.flows.playing.person import Person
from conformance.flows.playing.stretch import Stretch

HELP = (
    "a line is a text; /wait 2 hours; /answer 500, late, gone, too large, fake-cht or fake-cht late for the next "
    "webhook; /start FLOW; /end"
)
WORDS = ("late", "gone", "too large", "fake-cht", "fake-cht late")


class BadLine(ValueError):
    """A line that cannot be carried out; the text says what was expected."""


class Recording:
    """What a person types, and the steps that follow from it. `globals_`: for hiding secrets."""

    def __init__(self, person: Person, globals_: dict[str, str]) -> None:
        self._person = person
        self._redaction = redaction_of(globals_)
        self.steps: list[dict[str, Any]] = []
        self._next: list[Any] = []
        self._answers: list[Any] = []
        """The answer to each webhook call that had one of its own, in order; None for the others."""

    def feed(self, line: str) -> Iterator[Line]:
        """Carry out a line and tell what happens. BadLine, BadExport, Refused."""
        if not line.startswith("/"):
            yield from self._told({"text": line}, "text", line, self._person.text(line))
            return
        command, _, rest = line[1:].partition(" ")
        if command == "wait":
            yield from self._wait(rest)
        elif command == "start":
            yield from self._told({"start": rest.strip()}, "start", rest, self._person.start(rest.strip()))
        elif command == "answer":
            self._answer(rest.strip())
        else:
            raise BadLine(f"unknown command /{command}: {HELP}")

    def finish(self) -> None:
        """Add how things stand at the end."""
        expect: dict[str, Any] = {"status": self._person.status()}
        results = {
            key: {"value": with_stand_ins(value), "category": category}
            if category
            else {"value": with_stand_ins(value)}
            for key, (value, category) in self._person.results().items()
        }
        if results:
            expect["results"] = results
        reports = self._person.endpoint.reports()
        if reports:
            expect["reports"] = with_stand_ins(list(map(report_step, reports)))
        self.steps.append({"expect": expect})

    def _wait(self, text: str) -> Iterator[Line]:
        try:
            seconds = seconds_of(text.strip())
        except ValueError as error:
            raise BadLine(str(error)) from None
        yield from self._told({"wait": in_words(seconds)}, "wait", in_words(seconds), self._person.wait(seconds))

    def _answer(self, word: str) -> None:
        if word not in WORDS and not (word.isdecimal() and 100 <= int(word) <= 599):
            raise BadLine(f"expected /answer and a status from 100 to 599, or {', '.join(WORDS)}, got {word!r}")
        answer = int(word) if word.isdecimal() else word
        self._next.append(answer)
        self._person.endpoint.answer_next(answer)

    def _told(self, step: dict[str, Any], kind: str, text: str, seen: Stretch) -> Iterator[Line]:
        self.steps.append(step)
        yield Line(" ", kind, text)
        for note in seen.notes:
            yield Line(" ", "note", note)
        for call in seen.calls:
            self._answers.append(self._next.pop(0) if self._next else None)
            self.steps.append({"call": call_step(call, None, self._redaction)})
            yield Line(" ", "call", self._redaction.text(shown_call(call)))
        for reply in seen.replies:
            self.steps.append({"reply": reply_step(reply)})
            yield Line(" ", "reply", shown_reply(reply))

    def conversation(self, name: str, usual: Any) -> dict[str, Any]:
        """The conversation for a file. `usual`: how webhooks are answered otherwise."""
        answers = [usual if one is None else one for one in self._answers]
        given = {"endpoint": [{"answers": answers}]} if any(one is not None for one in self._answers) else {}
        return {"name": name, **given, "steps": self.steps}


def write(path: Path, header: dict[str, Any], conversation: dict[str, Any]) -> None:
    """Write a file with the conversation, or add it to the one that exists. BadFile if that is about another flow."""
    if not path.exists():
        content: Any = CommentedMap({**header, "conversations": [conversation]})
        path.write_text(dump(round_trip(""), content), "utf-8")
        return
    text = read_text(path)
    content = load(path, text)
    if not isinstance(content, dict) or content.get("flow") != header["flow"]:
        raise BadFile(f"{path}: expected a file about the flow {header['flow']}, to add the conversation to")
    names = [one.get("name") for one in content["conversations"]]
    while conversation["name"] in names:
        conversation["name"] += " again"
    content["conversations"].append({**_differing(header, content), **conversation})
    path.write_text(dump(round_trip(text), content), "utf-8")


def _differing(header: dict[str, Any], content: Any) -> dict[str, Any]:
    """What the conversation has to say itself, since the file says otherwise."""
    return {key: value for key, value in header.items() if key != "flow" and content.get(key) != value}
