"""Mustache templates as CHT's messages use them: `{{a.b}}`, `{{#a}}..{{/a}}`, `{{^a}}..{{/a}}`, `{{! ..}}`.

Values are never escaped. Partials and other delimiters are not known: CHT has no partials, and nobody changes `{{`.
Source: the behaviour of mustache.js with `escape` switched off (cht-core `shared-libs/message-utils`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fakes.cht import js

TAG = re.compile(r"\{\{\{\s*(?P<triple>[^}]*?)\s*\}\}\}|\{\{\s*(?P<kind>[#^/!&>=]?)\s*(?P<name>.*?)\s*\}\}", re.DOTALL)
STANDALONE = re.compile(r"(^|\n)([ \t]*\{\{\s*[#^/!][^}]*\}\}[ \t]*)(?:\r?\n|\Z)")
MISSING = object()
DEEPEST = 50

Helper = Callable[[str], str]
"""Stands in a view for a function: called with what its section holds, already filled in."""


class TemplateError(ValueError):
    """A template that cannot be read; the text says where."""


@dataclass
class Section:
    """A part that is shown for a value (`#`) or for the lack of it (`^`)."""

    name: str
    inverted: bool
    parts: list[str | tuple[str] | Section] = field(default_factory=list)


def render(template: str, view: Mapping[str, Any]) -> str:
    """`template` filled in from `view`; a name without a value gives nothing. Raises TemplateError."""
    return _render(parse(template), [view])


def parse(template: str) -> list[str | tuple[str] | Section]:
    """The parts of a template: texts, (name,) for values, sections. Raises TemplateError."""
    root = Section("", inverted=False)
    open_: list[Section] = [root]
    template = _without_lines_of_tags(template)
    at = 0
    for match in TAG.finditer(template):
        if match.start() > at:
            open_[-1].parts.append(template[at : match.start()])
        at = match.end()
        kind, name = match["kind"] or "", match["triple"] if match["triple"] is not None else match["name"]
        if kind in ("#", "^"):
            if len(open_) > DEEPEST:
                raise TemplateError(f"Sections are nested more than {DEEPEST} deep")
            section = Section(name, inverted=kind == "^")
            open_[-1].parts.append(section)
            open_.append(section)
        elif kind == "/":
            _close(open_, name, match.start())
        elif kind in ("", "&"):
            open_[-1].parts.append((name,))
    rest = template[at:]
    if "{{" in rest:
        raise TemplateError(f"Unclosed tag at {len(template)}")
    if len(open_) > 1:
        raise TemplateError(f'Unclosed section "{open_[-1].name}" at {len(template)}')
    return [*root.parts, rest] if rest else root.parts


def _close(open_: list[Section], name: str, at: int) -> None:
    if len(open_) == 1:
        raise TemplateError(f'Unopened section "{name}" at {at}')
    if open_[-1].name != name:
        raise TemplateError(f'Unclosed section "{open_[-1].name}" at {at}')
    open_.pop()


def _without_lines_of_tags(template: str) -> str:
    """A line that holds nothing but a section tag or a comment leaves no empty line behind."""
    if "\n" not in template:
        return template
    while (match := STANDALONE.search(template)) is not None:
        tag = match[2].strip()
        kept = match[1] + "\x00" + tag.replace("{{", "{\x00{") + "\x00"
        template = template[: match.start()] + kept + template[match.end() :]
    return template.replace("{\x00{", "{{").replace("\x00", "")


def _render(parts: Iterable[str | tuple[str] | Section], views: list[Any]) -> str:
    found = []
    for part in parts:
        if isinstance(part, str):
            found.append(part)
        elif isinstance(part, Section):
            found.append(_section(part, views))
        else:
            value = _look_up(part[0], views)
            found.append("" if value is MISSING or value is None or callable(value) else js.string(value))
    return "".join(found)


def _section(section: Section, views: list[Any]) -> str:
    value = _look_up(section.name, views)
    absent = value is MISSING or not js.truthy(value) or value == []
    if section.inverted:
        return _render(section.parts, views) if absent else ""
    if absent:
        return ""
    if callable(value):
        helper: Helper = value
        return helper(_render(section.parts, views))
    items: Sequence[Any] = value if isinstance(value, list) else (value,)
    inner = [views if item is True else [*views, item] for item in items]
    return "".join(_render(section.parts, view) for view in inner)


def _look_up(name: str, views: list[Any]) -> Any:
    """The value of a name in the innermost view that has it."""
    if name == ".":
        return views[-1]
    steps = name.split(".")
    for view in reversed(views):
        value = _walk(view, steps)
        if value is not MISSING:
            return value
    return MISSING


def _walk(value: Any, steps: Iterable[str]) -> Any:
    for step in steps:
        if isinstance(value, Mapping) and step in value:
            value = value[step]
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        elif isinstance(value, (list, str)) and step == "length":
            value = len(value)
        else:
            return MISSING
    return value
