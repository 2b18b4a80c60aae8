"""The evidence of a world: gathered when a scenario has failed, never before, since a passed one must cost nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from conformance.checks import Violation
from conformance.evidence.arrivals import arrivals
from conformance.evidence.decisive import decisive
from conformance.evidence.entries import Ref, Scene
from conformance.evidence.ladder import ladder, shortest
from conformance.evidence.lines import arrival_lines, ladder_lines
from conformance.evidence.model import Evidence, Party
from conformance.history.model import History
from conformance.history.observe import ROWS
from conformance.history.reading import moment
from conformance.subjects.base import Capability
from conformance.world.world import World
from fakes.redaction import Redaction

LOG_LINES = 20
WIDTH = 110
"""Columns of a summary."""


@runtime_checkable
class Logged(Protocol):
    """A subject whose output is in a file."""

    @property
    def log_path(self) -> Path | None:
        """The file; None if the harness did not start the subject."""
        ...

    def log_tail(self, lines: int) -> Sequence[str]:
        """The last lines in it, without secrets."""
        ...

    def keep_log(self) -> None:
        """Do not delete the file: a report points to it."""
        ...


def gather(
    world: World,
    history: History,
    violations: Iterable[Violation] = (),
    rests_on: Iterable[Ref] = (),
    *,
    full: bool = False,
) -> Evidence:
    """What is known about a world: people, arrivals, ladder, log. `full`: nothing folded, left out or cut.

    Decisive are the events that `violations` rest on, and those named by `rests_on`.
    """
    scene = scene_of(world, history, decisive(history, violations) | frozenset(rests_on))
    if full:
        scene = replace(scene, longest=None)
    events = ladder(scene, fold=not full)
    log, path = _log(world)
    found = Evidence(
        people=scene.names,
        arrivals=arrivals(scene),
        events=events if full else shortest(events),
        log=log,
        log_path=path,
    )
    return without_secrets(found, world.hide)


def scene_of(world: World, history: History, rests_on: frozenset[Ref] = frozenset()) -> Scene:
    """The history with the names of people, and with RapidPro's statuses and their times."""
    rows = world.control.get(ROWS, statuses="yes")["messages"]
    return Scene(
        history,
        {person.number: person.name for person in world.people},
        {row["id"]: tuple((one["status"], moment(one["at"])) for one in row["statuses"]) for row in rows},
        relay=Party.RELAY if Capability.CHT_OUTSIDE in world.subject.capabilities else Party.CHT,
        decisive=rests_on,
    )


def _log(world: World) -> tuple[Sequence[str], str | None]:
    subject = world.subject
    if not isinstance(subject, Logged) or subject.log_path is None:
        return (), None
    subject.keep_log()
    return tuple(subject.log_tail(LOG_LINES)), str(subject.log_path)


def without_secrets(evidence: Evidence, hide: Redaction) -> Evidence:
    """The evidence with secrets hidden, wherever they are: the ledger hides those in calls, texts may hold them too."""
    document = evidence.as_json()
    if not hide.concerns(json.dumps(document, ensure_ascii=False)):
        return evidence
    return Evidence.from_json(_hidden(document, hide))


def _hidden(value: Any, hide: Redaction) -> Any:
    if isinstance(value, str):
        return hide.text(value) if hide.concerns(value) else value
    if isinstance(value, dict):
        return {_hidden(name, hide): _hidden(one, hide) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(one, hide) for one in value]
    return value


def summary(world: World, history: History, violations: Iterable[Violation]) -> str:
    """What happened, as text: how many texts arrived, then the ladder with the decisive events marked."""
    found = gather(world, history, violations)
    lines = [*arrival_lines(found.arrivals, WIDTH), *ladder_lines(found.events, WIDTH)]
    return "\n".join(line.text for line in lines)
