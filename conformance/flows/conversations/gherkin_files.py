"""Conversation files in Gherkin: the same document as in YAML, in sentences.

A sentence that is not in SENTENCES is an error. Background and outlines work as usual: each example of an outline is
a conversation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gherkin.errors import CompositeParserException, ParserException
from gherkin.parser import Parser
from gherkin.pickles.compiler import Compiler

from conformance.flows.conversations.document import BadFile, Document, Where, read_text
from conformance.flows.conversations.sentences import Scenario, sentence_in


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


def _gathered(path: Path, pickle: Mapping[str, Any], lines: Mapping[str, int]) -> Scenario:
    one = Scenario({"name": pickle["name"], "steps": []})
    one.lines[()] = lines.get(pickle["astNodeIds"][-1], 1)
    for step in pickle["steps"]:
        line, before = lines.get(step["astNodeIds"][0], 1), len(one.values["steps"])
        argument = step.get("argument") or {}
        table = argument.get("dataTable")
        one.below = (
            [[cell["value"] for cell in row["cells"]] for row in table["rows"]]
            if table
            else (argument.get("docString") or {}).get("content")
        )
        try:
            act, words = sentence_in(step["text"])
            act(one, words)
            if one.below is not None:
                raise ValueError("expected nothing below this sentence")
        except ValueError as error:
            raise BadFile(f"{path}:{line}: {step['text']}: {error}") from None
        for index in range(before, len(one.values["steps"])):
            one.lines["steps", index] = line
        for key in one.values:
            one.lines.setdefault((key,), line)
    return one
