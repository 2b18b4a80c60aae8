"""The sentences of conversation files in Gherkin: what each adds to the document."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cache
from typing import Any

from conformance.flows.conversations.document import Where

Json = dict[str, Any]


@dataclass
class Scenario:
    """One conversation as it is gathered; `below` is the table or the text below the sentence that is being read."""

    values: Json
    flow: str = ""
    lines: dict[Where, int] = field(default_factory=dict)
    below: Any = None

    def step(self, kind: str, value: Any) -> None:
        self.values["steps"].append({kind: value})

    def expect(self, name: str, value: Any) -> None:
        self.step("expect", {name: value})

    def text(self) -> str:
        """The text below the sentence."""
        found, self.below = self.below, None
        if not isinstance(found, str):
            raise ValueError('expected a text below this sentence, between """')
        return found

    def json(self) -> Any:
        """The JSON below the sentence."""
        try:
            return json.loads(self.text())
        except ValueError as error:
            raise ValueError(f"expected JSON below this sentence: {error}") from None

    def pairs(self) -> dict[str, str]:
        """The table of two columns below the sentence."""
        found, self.below = self.below, None
        if not isinstance(found, list) or any(len(row) != 2 for row in found):
            raise ValueError("expected a table of two columns below this sentence")
        return {row[0]: row[1] for row in found}


Act = Callable[[Scenario, tuple[str, ...]], None]


def _answers(text: str) -> list[Any]:
    return [int(one) if one.isdecimal() else one for one in re.split(r",\s*then\s+|\s+then\s+|,\s*", text.strip())]


def _endpoint(one: Scenario, words: tuple[str, ...]) -> None:
    request, answers = words
    rule: Json = {**({"request": request} if request else {}), "answers": _answers(answers)}
    if one.below is not None:
        rule["answers"] = [{"status": answer, "body": _body(one.text())} for answer in rule["answers"][:1]]
    rules = one.values.setdefault("endpoint", [])
    if not isinstance(rules, list):
        raise ValueError("the endpoint is the fake CHT already: give `fake-cht` among the answers")
    rules.append(rule)


def _body(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _fake_cht(one: Scenario, _: tuple[str, ...]) -> None:
    if "endpoint" in one.values:
        raise ValueError("the endpoint has answers already: give `fake-cht` among them")
    one.values["endpoint"] = "fake-cht"


def _contact(one: Scenario, **values: Any) -> None:
    one.values.setdefault("contact", {}).update(values)


def _in_contact(one: Scenario, name: str, key: str, value: Any) -> None:
    contact = one.values.setdefault("contact", {})
    if name == "groups":
        contact.setdefault("groups", []).append(value)
    else:
        contact.setdefault(name, {})[key] = value


def _cht(one: Scenario, name: str, value: Any) -> None:
    one.values.setdefault("cht", {})[name] = value


def _call(one: Scenario, words: tuple[str, ...]) -> None:
    one.step("call", words[0] if one.below is None else {"request": words[0], "body": _body(one.text())})


SENTENCES: tuple[tuple[str, Act], ...] = (
    ('the flow "..."', lambda one, w: setattr(one, "flow", w[0])),
    ('a text starts "..."', lambda one, w: one.values.update(starts=w[0])),
    ("the generations NAMES", lambda one, w: one.values.update(generations=re.split(r"\s+and\s+|,\s*", w[0]))),
    ('it is "..."', lambda one, w: one.values.update(at=w[0])),
    ("the globals", lambda one, _: one.values.update(globals=one.pairs())),
    ("the workspace", lambda one, _: one.values.update(workspace=one.pairs())),
    ('the person is "..." with number "..."', lambda one, w: _contact(one, name=w[0], number=w[1])),
    ('the person speaks "..."', lambda one, w: _contact(one, language=w[0])),
    ('the person has "..." in the field "..."', lambda one, w: _in_contact(one, "fields", w[1], w[0])),
    ('the person is in the group "..."', lambda one, w: _in_contact(one, "groups", "", w[0])),
    ("the endpoint is the fake CHT", _fake_cht),
    ('the key of CHT is "..."', lambda one, w: _cht(one, "key", w[0])),
    ("the settings of CHT", lambda one, _: _cht(one, "settings", one.json())),
    ("the documents of CHT", lambda one, _: _cht(one, "docs", one.json())),
    ('the endpoint answers "..." with ANSWERS', _endpoint),
    ("the endpoint answers ANSWERS", lambda one, w: _endpoint(one, ("", w[0]))),
    ('the person texts "..."', lambda one, w: one.step("text", w[0])),
    ("the person texts", lambda one, _: one.step("text", one.text())),
    ("DURATION pass", lambda one, w: one.step("wait", w[0])),
    ("DURATION passes", lambda one, w: one.step("wait", w[0])),
    ('the flow "..." is started', lambda one, w: one.step("start", w[0])),
    ('the person gets "..."', lambda one, w: one.step("reply", w[0])),
    ("the person gets", lambda one, _: one.step("reply", one.text())),
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


def sentence_in(text: str) -> tuple[Act, tuple[str, ...]]:
    """What a sentence does, and the texts in it. ValueError if it is none of them."""
    for sentence, act in SENTENCES:
        found = _pattern(sentence).fullmatch(text.strip())
        if found:
            return act, found.groups()
    like = get_close_matches(text, [sentence for sentence, _ in SENTENCES], 3, 0.3)
    raise ValueError(f"unknown sentence; docs/flow-tests.md lists all, like it are: {'; '.join(like) or 'none'}")
