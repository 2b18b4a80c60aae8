"""The examples of the specification, read from the page itself: each is a request, its answer, and its recording."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from tests.folders import ROOT

PAGE = ROOT / "docs" / "specification.md"
EXAMPLE = re.compile(
    r"<!-- example: ([\w-]+); recording: (\S+) -->\n```http\n(.*?)\n```\n\n```http\n(.*?)\n```\n", re.DOTALL
)
HEADER = re.compile(r"([\w-]+): (.*)")


@dataclass(frozen=True, slots=True)
class Side:
    """A request or an answer: `first` is its first line without the version of HTTP."""

    first: str
    headers: dict[str, str]
    body: str

    @property
    def json(self) -> Any:
        """The body as JSON; None if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Example:
    """One example. `recording` is `service/file/id`, or `rapidpro/profile/id`."""

    name: str
    recording: str
    request: Side
    answer: Side

    @property
    def status(self) -> int:
        """The answer's status."""
        return int(self.answer.first)

    @property
    def method_path_query(self) -> tuple[str, str, str]:
        """What the request asks for."""
        method, target = self.request.first.split(" ")
        path, _, query = target.partition("?")
        return method, path, query


def examples(text: str | None = None) -> list[Example]:
    """All examples in order."""
    found = EXAMPLE.findall(PAGE.read_text("utf-8") if text is None else text)
    return [Example(name, recording, _side(request), _side(answer)) for name, recording, request, answer in found]


def example(name: str) -> Example:
    """One example by its name."""
    (found,) = [one for one in examples() if one.name == name]
    return found


def _side(text: str) -> Side:
    head, _, body = text.partition("\n\n")
    first, *lines = head.split("\n")
    headers = {}
    for line in lines:
        match = HEADER.fullmatch(line)
        assert match, f"{line!r} is no header"
        headers[match[1].lower()] = match[2]
    return Side(re.sub(r"^HTTP/1.1 | HTTP/1.1$", "", first), headers, body)
