"""Mustache templates as CHT's messages use them: `{{a.b}}`, `{{#a}}..{{/a}}`, `{{^a}}..{{/a}}`, `{{! ..}}`.

Other delimiters (`{{=<% %>=}}`) are supported. Values are never escaped. Partials are empty: CHT has none.
Source: the behaviour of mustache.js with `escape` switched off (cht-core `shared-libs/message-utils`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from fakes.cht.javascript import js
from fakes.cht.javascript.view_lookup import MISSING, find

TAGS = ("{{", "}}")
KIND = re.compile(r"[#^/>{&=!]")
BRACE = re.compile(r"\s*\}")
SPACE = re.compile(r"\s*")
DEEPEST = 50

Helper = Callable[[str], str]
"""A function in a view: called with the rendered content of its section."""


class TemplateError(ValueError):
    """A template that cannot be parsed; the text says where."""


@dataclass
class Section:
    """A part that is shown if a value is present (`#`) or absent (`^`)."""

    name: str
    inverted: bool
    parts: list[str | tuple[str] | Section] = field(default_factory=list)


def render(template: str, view: Mapping[str, Any]) -> str:
    """`template` rendered with `view`; a name without a value renders as nothing.

    Raises TemplateError, and TypeError where mustache.js does.
    """
    return _render(parse(template), [view])


def parse(template: str) -> list[str | tuple[str] | Section]:
    """The parts of a template: strings, (name,) for values, sections. Raises TemplateError."""
    return _Parser(template).parse()


class _Parser:
    """Reads a template once. A line with only section tags or comments is removed."""

    def __init__(self, template: str) -> None:
        self._template = template
        self._at = 0
        self._root = Section("", inverted=False)
        self._open = [self._root]
        self._blanks: list[tuple[Section, int]] = []
        self._has_tag = self._has_content = False
        self._use(*TAGS)

    def parse(self) -> list[str | tuple[str] | Section]:
        """The parts. Raises TemplateError."""
        while self._at < len(self._template):
            self._text()
            opened = self._opening.match(self._template, self._at)
            if opened is None:
                break
            self._tag(opened.end())
        self._end_line()
        if len(self._open) > 1:
            raise TemplateError(f'Unclosed section "{self._open[-1].name}" at {self._at}')
        return _without_blanks(self._root)

    def _use(self, opening: str, closing: str) -> None:
        self._opening = re.compile(re.escape(opening) + r"\s*")
        self._closing = re.compile(r"\s*" + re.escape(closing))
        self._closing_brace = re.compile(r"\s*" + re.escape("}" + closing))

    def _text(self) -> None:
        """The text before the next tag, character by character, because spaces may have to be removed."""
        found = self._opening.search(self._template, self._at)
        end = found.start() if found is not None else len(self._template)
        for char in self._template[self._at : end]:
            section = self._open[-1]
            if char in js.SPACES:
                self._blanks.append((section, len(section.parts)))
            else:
                self._has_content = True
            section.parts.append(char)
            if char == "\n":
                self._end_line()
        self._at = end

    def _end_line(self) -> None:
        if self._has_tag and not self._has_content:
            for section, place in self._blanks:
                section.parts[place] = ""
        self._blanks.clear()
        self._has_tag = self._has_content = False

    def _tag(self, at: int) -> None:
        start, self._at, self._has_tag = self._at, at, True
        kind = KIND.match(self._template, self._at)
        name = self._name(kind[0] if kind is not None else "")
        if kind is None or kind[0] in "{&":
            self._has_content = True
            self._open[-1].parts.append((name,))
        elif kind[0] in "#^":
            self._begin(Section(name, inverted=kind[0] == "^"))
        elif kind[0] == "/":
            self._close(name, start)
        elif kind[0] == "=":
            tags = name.split()
            if len(tags) != len(TAGS):
                raise TemplateError(f"Invalid tags: {name}")
            self._use(*tags)

    def _name(self, kind: str) -> str:
        """The content of a tag; moves to its end. Raises TemplateError."""
        begin = SPACE.match(self._template, self._at + len(kind))
        begin_at = begin.end() if begin is not None else self._at
        ends = {"{": self._closing_brace, "=": re.compile(r"\s*=")}
        end = ends.get(kind, self._closing).search(self._template, begin_at)
        name_end = end.start() if end is not None else len(self._template)
        after = BRACE.match(self._template, name_end) if kind == "{" else None
        closed = self._closing.search(self._template, after.end() if after is not None else name_end)
        if closed is None:
            raise TemplateError(f"Unclosed tag at {len(self._template)}")
        self._at = closed.end()
        return self._template[begin_at:name_end]

    def _begin(self, section: Section) -> None:
        if len(self._open) > DEEPEST:
            raise TemplateError(f"Sections are nested more than {DEEPEST} deep")
        self._open[-1].parts.append(section)
        self._open.append(section)

    def _close(self, name: str, at: int) -> None:
        if len(self._open) == 1:
            raise TemplateError(f'Unopened section "{name}" at {at}')
        if self._open[-1].name != name:
            raise TemplateError(f'Unclosed section "{self._open[-1].name}" at {at}')
        self._open.pop()


def _without_blanks(section: Section) -> list[str | tuple[str] | Section]:
    """The parts with characters joined to strings."""
    joined: list[str | tuple[str] | Section] = []
    for part in section.parts:
        if isinstance(part, Section):
            part.parts = _without_blanks(part)
            joined.append(part)
        elif isinstance(part, str) and joined and isinstance(joined[-1], str):
            joined[-1] += part
        elif part != "":
            joined.append(part)
    return joined


def _render(parts: Iterable[str | tuple[str] | Section], views: list[Any]) -> str:
    found = []
    for part in parts:
        if isinstance(part, str):
            found.append(part)
        elif isinstance(part, Section):
            found.append(_section(part, views))
        else:
            value = find(part[0], views)
            found.append("" if value is MISSING or value is None or callable(value) else js.string(value))
    return "".join(found)


def _section(section: Section, views: list[Any]) -> str:
    value = find(section.name, views)
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
