"""Judging a relay by the requirements from Python: the command `relay-harness conform` in a process of its own."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.verdicts import HarnessBroken, Verdict
from fakes.serving.own_python import own_command, own_environment


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict of each requirement by its id, and the whole `report.json`."""

    verdicts: Mapping[str, Verdict]
    report: Mapping[str, Any]

    @property
    def failed(self) -> list[str]:
        """The ids of the requirements that the relay broke."""
        return [id_ for id_, verdict in self.verdicts.items() if verdict is Verdict.FAILED]

    def __str__(self) -> str:
        """The reasons of all failures."""
        found = self.report["requirements"]
        wrong = [(one["id"], each) for one in found for each in one["scenarios"] if each["verdict"] == Verdict.FAILED]
        return "\n".join(f"{id_}: {each['name']}\n{each['reason']}" for id_, each in wrong) or "nothing failed"


def conform(
    url: str, command: str | None = None, *, only: Sequence[str] = (), arguments: Sequence[str] = ()
) -> Judgement:
    """Judge the relay at `url`, which `command` starts if it is given. HarnessBroken if it could not be judged.

    `only` are ids of requirements; `arguments` are further options of `relay-harness conform`.
    """
    words = ["conform", "--json", "--subject-url", url]
    words += [] if command is None else ["--subject-command", with_own_path(command)]
    words += ["--only", ",".join(only)] if only else []
    done = subprocess.run(
        own_command("conformance", *words, *arguments),
        env=own_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        report = json.loads(done.stdout)
    except ValueError:
        raise HarnessBroken(done.stderr.strip() or f"relay-harness conform ended with {done.returncode}") from None
    return Judgement({one["id"]: Verdict(one["verdict"]) for one in report["requirements"]}, report)


def with_own_path(command: str) -> str:
    """`command` with the PYTHONPATH of this process, which the harness between the two is started without."""
    path = os.environ.get("PYTHONPATH")
    return command if path is None else f"env {shlex.quote(f'PYTHONPATH={path}')} {command}"
