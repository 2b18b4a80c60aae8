"""Conversations of a file, whether YAML or Gherkin."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from conformance.flows.conversations.document import BadFile, Document, Where
from conformance.flows.conversations.durations import seconds_of
from conformance.flows.conversations.gherkin_files import read_gherkin
from conformance.flows.conversations.model import GENERATIONS, Conversation, Rule, Setting, Step
from conformance.flows.conversations.validating import validate
from conformance.flows.conversations.yaml_files import read_yaml
from fakes.rapidpro.versions.generation import Generation

BEGINNING = "2026-03-02T08:00:00Z"
"""When a conversation begins if its file does not say it: a Monday morning."""
ENDINGS = (".test.yaml", ".test.yml", ".feature")
"""Names of the files that are taken from a folder."""
MOST_FILES = 1000


def found_files(paths: list[Path]) -> list[Path]:
    """The files that are named, and those in the folders that are named. BadFile if there are none."""
    found: list[Path] = []
    for path in paths:
        inside = [path]
        if path.is_dir():
            inside = sorted(one for one in path.rglob("*") if one.name.endswith(ENDINGS) and one.is_file())
            if not inside:
                raise BadFile(f"{path}: expected files that end in {', '.join(ENDINGS)}, got none")
        found += [one for one in inside if one not in found]
    if len(found) > MOST_FILES:
        raise BadFile(f"expected at most {MOST_FILES} files at a time, got {len(found)}")
    return found


def read_conversations(path: Path) -> list[Conversation]:
    """The conversations of a file, in their order. BadFile."""
    if path.suffix == ".feature":
        document = read_gherkin(path)
    elif path.suffix in (".yaml", ".yml"):
        document = read_yaml(path)
    else:
        raise BadFile(f"{path}: expected a file that ends in .yaml, .yml or .feature")
    return conversations_of(document)


def conversations_of(document: Document) -> list[Conversation]:
    """The conversations of a document. BadFile if it does not fit the schema."""
    try:
        validate(document)
    except RecursionError:
        raise BadFile(f"{document.path}: this is nested too deeply") from None
    content = document.content
    return [_conversation(document, one, number) for number, one in enumerate(content["conversations"])]


def _conversation(document: Document, values: Mapping[str, Any], number: int) -> Conversation:
    where: Where = ("conversations", number)
    common = document.content
    chosen = values.get("generations") or common.get("generations")
    names: set[str] = {str(one) for one in chosen or GENERATIONS}
    generations: tuple[Generation, ...] = tuple(one for one in GENERATIONS if one in names)
    steps = tuple(_step(document, one, (*where, "steps", index)) for index, one in enumerate(values["steps"]))
    return Conversation(
        values["name"], document.path, document.line(where), number, generations, bool(chosen),
        _setting(document, values, where), steps,
    )  # fmt: skip


def _setting(document: Document, values: Mapping[str, Any], where: Where) -> Setting:
    """What a conversation says goes before what the file says for all; mappings are merged."""
    common = document.content

    def merged(name: str) -> dict[str, Any]:
        return {**(common.get(name) or {}), **(values.get(name) or {})}

    at = str(values.get("at") or common.get("at") or BEGINNING)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError:
        raise document.problem((*where, "at"), f"expected a time such as {BEGINNING}, got {at!r}") from None
    endpoint = values["endpoint"] if "endpoint" in values else common.get("endpoint")
    return Setting(
        flow=document.path.parent / common["flow"],
        starts=values.get("starts") or common.get("starts") or "",
        at=moment,
        workspace=merged("workspace"),
        globals={key: _text(one) for key, one in merged("globals").items()},
        contact=merged("contact"),
        endpoint=_rules(endpoint),
        cht=merged("cht"),
    )


def _rules(endpoint: Any) -> tuple[Rule, ...]:
    if endpoint is None:
        return ()
    if not isinstance(endpoint, list):
        return (Rule("", (endpoint,)),)
    return tuple(Rule(one.get("request") or "", tuple(one["answers"])) for one in endpoint)


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _step(document: Document, values: Mapping[str, Any], where: Where) -> Step:
    ((kind, value),) = values.items()
    if kind == "wait":
        try:
            value = seconds_of(value)
        except ValueError as error:
            raise document.problem((*where, "wait"), str(error)) from None
    elif kind == "text":
        value = {"text": value} if isinstance(value, str) else value
    elif kind == "start":
        value = {"flow": value} if isinstance(value, str) else value
    elif kind == "reply":
        value = value if isinstance(value, dict) and "text" in value else {"text": value}
    elif kind == "call":
        value = None if value == "none" else {"request": value} if isinstance(value, str) else value
    return Step(kind, value, document.line((*where, kind)))
