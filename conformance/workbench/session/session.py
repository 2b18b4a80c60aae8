"""A session as a file: JSON, version 1."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from conformance.workbench.session.actions import Action, BadSession
from fakes.cht.releases.table import NEWEST, RELEASES
from fakes.clock import format_moment, parse_moment
from fakes.rapidpro.versions.profiles import PROFILES
from fakes.serving.json_depth import json_of

KIND, VERSION = "session", 1
LONGEST_POLL = 86400.0


@dataclass(frozen=True, slots=True)
class Session:
    """Settings and actions. `outcome` is what came of it (None: nobody knows what must come of it).

    `missing` are sentences about what people did that is not in it.
    """

    profile: str
    seed: int
    poll_seconds: float
    began: datetime
    ended: datetime
    actions: Sequence[Action]
    outcome: dict[str, list[Any]] | None = None
    missing: Sequence[str] = ()
    cht_release: str = NEWEST

    def as_json(self) -> dict[str, Any]:
        """The content of the file."""
        return {
            "kind": KIND,
            "version": VERSION,
            "profile": self.profile,
            "cht_release": self.cht_release,
            "seed": self.seed,
            "poll_seconds": self.poll_seconds,
            "began": format_moment(self.began),
            "ended": format_moment(self.ended),
            "missing": list(self.missing),
            "actions": [one.as_json() for one in self.actions],
            "outcome": self.outcome,
        }

    @classmethod
    def load(cls, path: Path) -> Session:
        """Read a file. BadSession says what is wrong with it."""
        return cls.from_json(json_of(lambda: path.read_text("utf-8"), str(path), BadSession))

    @classmethod
    def from_json(cls, content: Any) -> Session:
        """A session from its JSON. BadSession says what is wrong."""
        if not is_session(content) or content.get("version") != VERSION:
            raise BadSession(f"expected a session of version {VERSION} as the workbench exports it")
        actions = content.get("actions")
        if not isinstance(actions, list):
            raise BadSession(f"actions: expected a list, got {str(actions)[:80]}")
        missing = content.get("missing", [])
        if not isinstance(missing, list) or not all(isinstance(one, str) for one in missing):
            raise BadSession(f"missing: expected a list of texts, got {str(missing)[:80]}")
        found = cls(
            profile=_one_of("profile", content.get("profile"), tuple(PROFILES)),
            cht_release=_one_of("cht_release", content.get("cht_release"), tuple(RELEASES)),
            seed=_whole("seed", content.get("seed")),
            poll_seconds=_seconds("poll_seconds", content.get("poll_seconds")),
            began=_moment("began", content.get("began")),
            ended=_moment("ended", content.get("ended")),
            actions=[Action.from_json(row, f"action {number}") for number, row in enumerate(actions, 1)],
            outcome=_outcome(content.get("outcome")),
            missing=missing,
        )
        moments = [found.began, *(one.at for one in found.actions), found.ended]
        if moments != sorted(moments):
            raise BadSession("the times of a session must go on: began, each action, ended")
        return found


def is_session(content: Any) -> bool:
    """Whether this JSON says that it is a session."""
    return isinstance(content, dict) and content.get("kind") == KIND


def _one_of(name: str, value: Any, known: Sequence[str]) -> str:
    if value not in known:
        raise BadSession(f"{name}: expected one of {', '.join(known)}, got {str(value)[:80]!r}")
    return str(value)


def _whole(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadSession(f"{name}: expected a whole number, got {str(value)[:80]!r}")
    return value


def _seconds(name: str, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0.05 <= value <= LONGEST_POLL:
        raise BadSession(f"{name}: expected seconds from 0.05 to {LONGEST_POLL:.0f}, got {str(value)[:80]!r}")
    return float(value)


def _moment(name: str, value: Any) -> datetime:
    try:
        return parse_moment(value)
    except (TypeError, ValueError) as problem:
        raise BadSession(f"{name}: {problem}") from None


def _outcome(value: Any) -> dict[str, list[Any]] | None:
    if value is None:
        return None
    if not isinstance(value, dict) or not all(isinstance(one, list) for one in value.values()):
        raise BadSession(f"outcome: expected an object of lists, or null, got {str(value)[:80]}")
    return value
