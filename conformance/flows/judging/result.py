"""The result of one conversation with one engine, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from conformance.flows.conversations.model import Conversation
from conformance.flows.coverage.watching import Visits
from fakes.rapidpro.versions.generation import Generation

Outcome = Literal["passed", "failed", "broken"]
"""broken: nothing was judged, because the flow is refused or the file asks for what there is not."""
LANES: Mapping[str, str] = {
    "text": "phone -> RapidPro",
    "reply": "phone <- RapidPro",
    "call": "RapidPro -> endpoint",
    "start": "RapidPro starts",
    "wait": "time passes",
    "note": "RapidPro notes",
    "expect": "then",
}
"""Who speaks to whom, by the kind of a line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a conversation. `mark`: " " as expected, "-" expected and not seen, "+" seen and not expected."""

    mark: str
    kind: str
    text: str

    @property
    def lane(self) -> str:
        """Who speaks to whom."""
        return LANES[self.kind]

    def written(self) -> str:
        """The line for a terminal: what cannot be printed, such as the end of a line, is escaped."""
        shown = "".join(one if one.isprintable() else repr(one)[1:-1] for one in self.text)
        return f"{self.mark} {self.lane:22}{shown}".rstrip()


@dataclass(frozen=True, slots=True)
class Problem:
    """One difference, with the line of the file that expects otherwise."""

    line: int
    text: str


@dataclass(slots=True)
class ConversationResult:
    """What became of a conversation with one engine.

    `happened`: by the number of a step, a Stretch or what an `expect` step saw.
    """

    conversation: Conversation
    generation: Generation
    outcome: Outcome = "passed"
    lines: list[Line] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    happened: dict[int, Any] = field(default_factory=dict)
    visits: Visits = field(default_factory=Visits)
    seconds: float = 0.0

    @property
    def flow_path(self) -> Path:
        """The export, by which coverage is gathered."""
        return self.conversation.setting.flow.resolve()

    def as_json(self) -> dict[str, Any]:
        """The outcome for `--json`."""
        return {
            "file": str(self.conversation.path),
            "line": self.conversation.line,
            "name": self.conversation.name,
            "generation": self.generation,
            "outcome": self.outcome,
            "problems": [{"line": one.line, "text": one.text} for one in self.problems],
            "lines": [{"mark": one.mark, "kind": one.kind, "text": one.text} for one in self.lines],
        }
