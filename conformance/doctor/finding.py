"""One finding of `relay-harness doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """How a finding is meant."""

    OK = "ok"
    WARNING = "warning"
    """Something will not work that not everybody needs."""
    BAD = "bad"
    """The harness cannot work, or what was asked for cannot be done."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was looked at, what was found, and what to do about it (empty if nothing)."""

    name: str
    state: State
    sentence: str
    remedy: str = ""


def ok(name: str, sentence: str) -> Finding:
    """All is well."""
    return Finding(name, State.OK, sentence)


def warning(name: str, sentence: str, remedy: str) -> Finding:
    """Something will not work that not everybody needs."""
    return Finding(name, State.WARNING, sentence, remedy)


def bad(name: str, sentence: str, remedy: str) -> Finding:
    """Something must be mended first."""
    return Finding(name, State.BAD, sentence, remedy)
