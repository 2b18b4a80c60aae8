"""`relay-harness replay` of a session of the workbench: played in virtual time, compared, judged."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from conformance.evidence.lines import arrival_lines, ladder_lines
from conformance.subjects.built_in import REFERENCE, UnknownSubject, named
from conformance.workbench.session.actions import BadSession
from conformance.workbench.session.outcome import differences
from conformance.workbench.session.replay import Played, play
from conformance.workbench.session.session import Session

WIDTH = 110
"""Columns."""


def replay_session(context: click.Context, file: Path, subject: str | None, as_json: bool) -> None:
    """Play a session and end the command with its status: 0 if the same came of it and the checks find nothing."""
    try:
        session, one = Session.load(file), named(subject or REFERENCE)
    except (BadSession, UnknownSubject) as problem:
        raise click.UsageError(str(problem)) from None
    if not session.actions:
        click.echo(f"{file} has no actions: nothing can be judged", err=True)
        context.exit(2)
    played = play(session, one)
    compared = session.outcome is not None and one.name == REFERENCE
    differing = differences(session.outcome or {}, played.outcome) if compared else []
    violations = [str(violation) for violation in played.violations]
    if as_json:
        found = {"violations": violations, "differences": differing, "refused": list(played.refused)}
        click.echo(json.dumps({"file": str(file), "subject": one.name, "compared": compared, **found}))
    else:
        click.echo("\n".join(_lines(session, played, violations, differing, compared)))
    sys.stdout.flush()
    context.exit(1 if violations or differing else 0)


def _lines(
    session: Session, played: Played, violations: Sequence[str], differing: Sequence[str], compared: bool
) -> list[str]:
    lines = [f"not in the session: {sentence}" for sentence in session.missing]
    lines += [*played.refused, *differing, *violations]
    if violations:
        evidence = [*arrival_lines(played.evidence.arrivals, WIDTH), *ladder_lines(played.evidence.events, WIDTH)]
        lines += [line.text for line in evidence]
    if not differing and not violations:
        same = "the same came of it as in the session" if compared else f"{len(session.actions)} actions were played"
        lines.append(f"{same}; nothing is wrong")
    return lines
