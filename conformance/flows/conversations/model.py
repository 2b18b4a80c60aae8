"""A conversation as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from fakes.rapidpro.versions.generation import Generation

GENERATIONS: tuple[Generation, ...] = ("9", "new")
DOINGS = ("text", "wait", "start")
"""Steps in which something happens; the others say what is expected of it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `kind`: text, wait, start, reply, call or expect.

    `value` by kind: text {text, attachments}; wait: seconds; start {flow, params}; reply {text, ...};
    call {request, headers, body}, or None for no call; expect: as in the file.
    """

    kind: str
    value: Any
    line: int


@dataclass(frozen=True, slots=True)
class Rule:
    """Answers, in order, to the requests that fit. An answer: as in the file."""

    request: str
    answers: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """What there is before a conversation."""

    flow: Path
    starts: str
    at: datetime
    workspace: Mapping[str, Any] = field(default_factory=dict)
    globals: Mapping[str, str] = field(default_factory=dict)
    contact: Mapping[str, Any] = field(default_factory=dict)
    endpoint: tuple[Rule, ...] = ()
    cht: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation. `number`: its index in the file."""

    name: str
    path: Path
    line: int
    number: int
    generations: tuple[Generation, ...]
    names_generations: bool
    """Whether the file says with which engines; otherwise all that read the flow are taken."""
    setting: Setting
    steps: tuple[Step, ...]
