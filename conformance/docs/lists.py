"""The generated lists in the documents: each is between two markers, and a test finds those that are out of date.

<!-- generated: NAME -->
...
<!-- end -->
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from conformance.docs import api, packages, specification
from conformance.requirements.catalogue import load

BLOCK = re.compile(r"(<!-- generated: ([a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


class UnknownList(ValueError):
    """A marker names a list that does not exist."""


def requirements_list() -> str:
    """All requirements as a table."""
    rows = [f"| {one.id} | {one.level} | {one.sentence} | {one.source} |" for one in load()]
    return "\n".join(["| id | level | requirement | source |", "| --- | --- | --- | --- |", *rows]) + "\n"


def checks_list() -> str:
    """All checks, and what each finds."""
    from conformance.checks import ALL

    return "".join(f"- `{check.__name__}`: {first_line(check.__doc__)}\n" for check in ALL)


def settings_list() -> str:
    """The environment of a relay that the harness starts."""
    from conformance.subjects.base import ENVIRONMENT

    rows = [f"| `{name}` | {meaning} |" for name, meaning in ENVIRONMENT.items()]
    return "\n".join(["| variable | what it is |", "| --- | --- |", *rows]) + "\n"


def known_list() -> str:
    """The known verdicts of CHT Core as its own relay, by requirement."""
    from conformance.requirements import known_verdicts

    return known_verdicts.as_markdown(known_verdicts.load(), load())


def troubles_list() -> str:
    """The troubles that can be aimed at messages of the fake RapidPro's channel."""
    from fakes.rapidpro.courier.aimed import TROUBLES

    rows = [f"| `{name}` | {meaning} |" for name, meaning in TROUBLES.items()]
    return "\n".join(["| trouble | what happens to the message |", "| --- | --- |", *rows]) + "\n"


def flow_rules_list() -> str:
    """The rules of `flow check`, by what they look at."""
    from conformance.flows.checking.table import RULES

    return "".join(
        f"- **`{one.id}`** ({one.severity}): {one.title}. {one.reason} Remedy: {one.remedy}\n" for one in RULES
    )


def conversation_keys_list() -> str:
    """The keys of conversation files, from their schema."""
    from conformance.flows.conversations.validating import schema

    whole = schema()
    parts = {
        "of a file": whole["properties"],
        "of a contact": whole["$defs"]["contact"]["properties"],
        "of `cht`": whole["$defs"]["cht"]["properties"],
        "of a step": whole["$defs"]["step"]["properties"],
        "of `expect`": whole["$defs"]["step"]["properties"]["expect"]["properties"],
    }
    rows = [
        f"| {part} | `{name}` | {_described(one, whole['$defs'])} |"
        for part, found in parts.items()
        for name, one in found.items()
    ]
    return "\n".join(["| | key | what it is |", "| --- | --- | --- |", *rows]) + "\n"


def _described(one: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    reference = definitions.get(str(one.get("$ref", "")).rpartition("/")[2]) or {}
    return str(one.get("description") or reference.get("description") or "")


def gherkin_sentences_list() -> str:
    """The sentences of conversation files in Gherkin."""
    from conformance.flows.conversations.sentences import SENTENCES

    return "".join(f"- `{sentence}`\n" for sentence, _ in SENTENCES)


def needs_list() -> str:
    """What a relay may ask of its neighbours."""
    from conformance.checks.needed import NEEDS

    rows = [
        f"| {one.service} | {', '.join(one.methods)} | {', '.join(f'`{path}`' for path in one.paths)} | {one.reason} |"
        for one in NEEDS
    ]
    return "\n".join(["| of | methods | paths | why |", "| --- | --- | --- | --- |", *rows]) + "\n"


def control_routes_list() -> str:
    """The routes of the control API of a workbench, which has all of them, as the API itself lists them."""
    from conformance.workbench.listed import routes_of_workbench  # imports Flask

    routes = routes_of_workbench()
    return "\n".join(line for route in routes for line in _route_lines(route)) + "\n"


def _route_lines(route: Mapping[str, str]) -> Iterator[str]:
    yield f"- **`{route['method']} {route['path']}`**: {route['purpose']}"
    yield from (f"  - {name}: {_as_code(route[name])}" for name in ("query", "body", "answer") if name in route)


def _as_code(shape: str) -> str:
    """A shape, with its JSON in backquotes."""
    return re.sub(r"\{.*\}", lambda found: f"`{found[0]}`", shape)


def load_shapes_list() -> str:
    """The built-in load shapes. The load tests are above this package: like their command, they are found by name."""
    shapes = importlib.import_module("loadtests.shapes.reading").built_in().values()
    return str(importlib.import_module("loadtests.terminal").shapes_table(shapes))


def first_line(text: str | None) -> str:
    """The first sentence of a docstring, on one line."""
    return " ".join((text or "").split("\n\n")[0].split())


def lists() -> Mapping[str, Callable[[], str]]:
    """The generated lists by name."""
    return {
        "requirements": requirements_list,
        "requirements-explained": specification.requirements_explained,
        "checks": checks_list,
        "needs": needs_list,
        "flow-rules": flow_rules_list,
        "conversation-keys": conversation_keys_list,
        "gherkin-sentences": gherkin_sentences_list,
        "settings": settings_list,
        "known-verdicts": known_list,
        "troubles": troubles_list,
        "control-routes": control_routes_list,
        "load-shapes": load_shapes_list,
        "public-names": api.public_names,
        "import-graph": packages.diagram,
        "folders": packages.folders,
    }


def updated(text: str) -> str:
    """The text of a document with all its generated lists updated. UnknownList lists the known names."""
    known = lists()

    def block(found: re.Match[str]) -> str:
        if found[2] not in known:
            raise UnknownList(f"unknown generated list {found[2]!r}; known: {', '.join(known)}")
        return found[1] + known[found[2]]() + found[3]

    return BLOCK.sub(block, text)


def stale(folder: Path) -> list[Path]:
    """The documents under `folder` whose generated lists are out of date."""
    return [path for path in documents(folder) if updated(path.read_text("utf-8")) != path.read_text("utf-8")]


def documents(folder: Path) -> list[Path]:
    """README.md and everything in docs/."""
    return [path for path in (folder / "README.md", *sorted((folder / "docs").glob("*.md"))) if path.exists()]
