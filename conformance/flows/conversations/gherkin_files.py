"""Conversation files in Gherkin: the same document as in YAML, in sentences.

A sentence that is not in SENTENCES is an error. Background and outlines work as usual: each example of an outline is
a conversation.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from gherkin.errors import CompositeParserException, ParserException
from gherkin.parser import Parser
from gherkin.pickles.compiler import Compiler

from conformance.flows.conversations.document import BadFile, Document, Where, read_text

Json = dict[str, Any]


@dataclass
class _Scenario:
    """One conversation as it is gathered; `extra` is the table or the text below a sentence."""

    values: Json
    flow: str = ""
    lines: dict[Where, int] = field(default_factory=dict)
    extra: Any = None

    def step(self, kind: str, value: Any) -> None:
        self.values["steps"].append({kind: value})

    def expect(self, name: str, value: Any) -> None:
        self.step("expect", {name: value})

    def table(self) -> list[list[str]]:
        if not isinstance(self.extra, list):
            raise ValueError("expected a table below this sentence")
        return self.extra

    def json(self) -> Any:
        try:
            return json.loads(self.extra) if isinstance(self.extra, str) else None
        except ValueError as error:
            raise ValueError(f"expected JSON below this sentence: {error}") from None


Act = Callable[[_Scenario, tuple[str, ...]], None]


def _answers(text: str) -> list[Any]:
    return [int(one) if one.isdecimal() else one for one in re.split(r",\s*then\s+|\s+then\s+|,\s*", text.strip())]


def _endpoint(one: _Scenario, words: tuple[str, ...]) -> None:
    request, answers = words
    rule: Json = {"answers": _answers(answers)}
    if isinstance(one.extra, str):
        rule["answers"] = [{"status": rule["answers"][0], "body": one.json()}]
    one.values.setdefault("endpoint", []).append({**({"request": request} if request else {}), **rule})


def _pairs(one: _Scenario, name: str) -> None:
    one.values.setdefault(name, {}).update({row[0]: row[1] for row in one.table() if len(row) == 2})


def _contact(one: _Scenario, **values: Any) -> None:
    one.values.setdefault("contact", {}).update(values)


def _in_contact(one: _Scenario, name: str, key: str, value: Any) -> None:
    contact = one.values.setdefault("contact", {})
    if name == "groups":
        contact.setdefault("groups", []).append(value)
    else:
        contact.setdefault(name, {})[key] = value


def _call(one: _Scenario, words: tuple[str, ...]) -> None:
    body = one.json()
    one.step("call", {"request": words[0], "body": body} if body is not None else words[0])


SENTENCES: tuple[tuple[str, Act], ...] = (
    ('the flow "..."', lambda one, w: setattr(one, "flow", w[0])),
    ('a text starts "..."', lambda one, w: one.values.update(starts=w[0])),
    ("the generations NAMES", lambda one, w: one.values.update(generations=re.split(r"\s+and\s+|,\s*", w[0]))),
    ('it is "..."', lambda one, w: one.values.update(at=w[0])),
    ("the globals", lambda one, _: _pairs(one, "globals")),
    ("the workspace", lambda one, _: _pairs(one, "workspace")),
    ('the person is "..." with number "..."', lambda one, w: _contact(one, name=w[0], number=w[1])),
    ('the person speaks "..."', lambda one, w: _contact(one, language=w[0])),
    ('the person has "..." in the field "..."', lambda one, w: _in_contact(one, "fields", w[1], w[0])),
    ('the person is in the group "..."', lambda one, w: _in_contact(one, "groups", "", w[0])),
    ("the endpoint is the fake CHT", lambda one, _: one.values.update(endpoint="fake-cht")),
    ('the endpoint answers "..." with ANSWERS', _endpoint),
    ("the endpoint answers ANSWERS", lambda one, w: _endpoint(one, ("", w[0]))),
    ('the person texts "..."', lambda one, w: one.step("text", w[0])),
    ("the person texts", lambda one, _: one.step("text", one.extra)),
    ("DURATION pass", lambda one, w: one.step("wait", w[0])),
    ("DURATION passes", lambda one, w: one.step("wait", w[0])),
    ('the flow "..." is started', lambda one, w: one.step("start", w[0])),
    ('the person gets "..."', lambda one, w: one.step("reply", w[0])),
    ("the person gets", lambda one, _: one.step("reply", one.extra)),
    ('the person gets a text that contains "..."', lambda one, w: one.step("reply", {"contains": w[0]})),
    ('the person gets a text like "..."', lambda one, w: one.step("reply", {"pattern": w[0]})),
    ("the flow makes no call", lambda one, _: one.step("call", "none")),
    ('the flow calls "..."', _call),
    ('the result "..." is "..."', lambda one, w: one.expect("results", {w[0]: {"value": w[1]}})),
    (
        'the result "..." is "..." in category "..."',
        lambda one, w: one.expect("results", {w[0]: {"value": w[1], "category": w[2]}}),
    ),
    ("the run is STATUS", lambda one, w: one.expect("status", w[0])),
    ('the field "..." is "..."', lambda one, w: one.expect("fields", {w[0]: w[1]})),
    ('the field "..." is empty', lambda one, w: one.expect("fields", {w[0]: None})),
    ("the groups of the person are NAMES", lambda one, w: one.expect("groups", re.split(r"\s+and\s+|,\s*", w[0]))),
    ("the person is in no group", lambda one, _: one.expect("groups", [])),
    ('the name of the person is "..."', lambda one, w: one.expect("name", w[0])),
    ('the language of the person is "..."', lambda one, w: one.expect("language", w[0])),
    ('RapidPro notes "..."', lambda one, w: one.expect("notes", [{"contains": w[0]}])),
    ("CHT has no reports", lambda one, _: one.expect("reports", [])),
    ("CHT has the report", lambda one, _: one.expect("reports", [one.json()])),
    ("CHT has the reports", lambda one, _: one.expect("reports", one.json())),
)
"""Each sentence, and what it adds to the document. `"..."` and words in capitals stand for texts."""
_BLANK = re.compile(r'("\.\.\."|[A-Z]{5,})')


@cache
def _pattern(sentence: str) -> re.Pattern[str]:
    parts = _BLANK.split(sentence)
    return re.compile("".join(_gap(one) if _BLANK.fullmatch(one) else re.escape(one) for one in parts))


def _gap(blank: str) -> str:
    return '"([^"]*)"' if blank == '"..."' else '([^"]+)'


def read_gherkin(path: Path) -> Document:
    """The document in a file. BadFile."""
    try:
        feature: Any = Parser().parse(read_text(path))
        feature["uri"] = str(path)
        pickles: Any = Compiler().compile(feature)
    except (CompositeParserException, ParserException) as error:
        raise BadFile(_parser_problem(path, error)) from None
    lines_by_id = dict(_lines(feature))
    lines: dict[Where, int] = {(): 1}
    found, flow = [], ""
    for number, pickle in enumerate(pickles):
        one = _gathered(path, pickle, lines_by_id)
        lines |= {("conversations", number, *where): line for where, line in one.lines.items()}
        found.append(one.values)
        if flow and one.flow != flow:
            raise BadFile(f"{path}: expected one flow for all scenarios, got {flow!r} and {one.flow!r}")
        flow = one.flow
    if not found:
        raise BadFile(f"{path}: expected a feature with scenarios, got none")
    if not flow:
        raise BadFile(f'{path}: the sentence `Given the flow "FILE"` is missing')
    return Document(path, {"flow": flow, "conversations": found}, lines)


def _parser_problem(path: Path, error: Exception) -> str:
    first = next(iter(getattr(error, "errors", None) or [error]))
    line = (getattr(first, "location", None) or {}).get("line", 1)
    return f"{path}:{line}: this is not Gherkin: {re.sub(r'^[(][0-9:]+[)]: ', '', str(first).splitlines()[-1])}"


def _lines(value: Any) -> Iterator[tuple[str, int]]:
    """The lines of all parts by their ids."""
    if isinstance(value, Mapping):
        if "id" in value and "location" in value:
            yield value["id"], value["location"]["line"]
        for one in value.values():
            yield from _lines(one)
    elif isinstance(value, list):
        for one in value:
            yield from _lines(one)


def _gathered(path: Path, pickle: Mapping[str, Any], lines: Mapping[str, int]) -> _Scenario:
    one = _Scenario({"name": pickle["name"], "steps": []})
    one.lines[()] = lines.get(pickle["astNodeIds"][-1], 1)
    for step in pickle["steps"]:
        line, before = lines.get(step["astNodeIds"][0], 1), len(one.values["steps"])
        argument = step.get("argument") or {}
        table = argument.get("dataTable")
        one.extra = (
            [[cell["value"] for cell in row["cells"]] for row in table["rows"]]
            if table
            else (argument.get("docString") or {}).get("content")
        )
        try:
            act, words = _sentence(step["text"])
            act(one, words)
        except ValueError as error:
            raise BadFile(f"{path}:{line}: {step['text']}: {error}") from None
        for index in range(before, len(one.values["steps"])):
            one.lines["steps", index] = line
        for key in one.values:
            one.lines.setdefault((key,), line)
    return one


def _sentence(text: str) -> tuple[Act, tuple[str, ...]]:
    for sentence, act in SENTENCES:
        found = _pattern(sentence).fullmatch(text.strip())
        if found:
            return act, found.groups()
    raise ValueError(f"unknown sentence: expected one of: {'; '.join(sentence for sentence, _ in SENTENCES)}")
