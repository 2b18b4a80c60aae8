"""The known verdicts of CHT Core as its own relay, by requirement and with reasons: `known_verdicts.toml`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

from conformance.requirements.catalogue import Requirement
from conformance.verdicts import Verdict

SOURCE = re.compile(r"(.+) \[([^\]]+)\]")
RECORDING = re.compile(r"[a-z_]+/[a-z0-9-]+")
MARKS = {Verdict.PASSED: "yes", Verdict.FAILED: "**no**", Verdict.UNKNOWN: "–"}


@dataclass(frozen=True, slots=True)
class Known:
    """The known verdicts of one subject beside one version of RapidPro; `also` names subjects with the same verdicts.

    `failed` and `unknown` hold reasons by requirement. All other requirements are passed; with `otherwise`, only those
    in `also_passed` are passed, and the rest fail for that reason.
    """

    name: str
    profile: str
    failed: Mapping[str, str]
    unknown: Mapping[str, str]
    otherwise: str = ""
    also_passed: Sequence[str] = field(default=())
    also: Sequence[str] = field(default=())

    @property
    def names(self) -> tuple[str, ...]:
        """All subjects with these verdicts."""
        return (self.name, *self.also)

    def verdict(self, id_: str) -> Verdict:
        """The expected verdict of a requirement."""
        if id_ in self.failed:
            return Verdict.FAILED
        if id_ in self.unknown:
            return Verdict.UNKNOWN
        return Verdict.FAILED if self.otherwise and id_ not in self.also_passed else Verdict.PASSED

    def reasons(self) -> Mapping[str, str]:
        """Why the subject fails, by requirement."""
        return {**self.failed, **({"all others": self.otherwise} if self.otherwise else {})}


def load() -> tuple[Known, ...]:
    """All known verdicts. ValueError for a reason without a source."""
    text = files("conformance.requirements").joinpath("known_verdicts.toml").read_text("utf-8")
    known = tuple(Known(**row) for row in tomllib.loads(text)["subject"])
    for one in known:
        for id_, reason in one.reasons().items():
            source_of(reason, f"{one.name}, {id_}")
    return known


def source_of(reason: str, where: str = "") -> tuple[str, str]:
    """Splits a reason into its text and its source. ValueError if it names no source."""
    found = SOURCE.fullmatch(reason)
    if found is None:
        raise ValueError(f"{where}: {reason!r} names no source: end it with one in brackets")
    return found[1], found[2]


def as_markdown(known: Sequence[Known], requirements: Sequence[Requirement]) -> str:
    """Requirements by subjects as a table, then why each subject fails what it fails."""
    heads = [f"{', '.join(f'`{name}`' for name in one.names)} beside RapidPro {one.profile}" for one in known]
    lines = [f"| id | {' | '.join(heads)} | requirement |", f"| --- |{' --- |' * len(known)} --- |"]
    for requirement in requirements:
        cells = " | ".join(MARKS[one.verdict(requirement.id)] for one in known)
        lines.append(f"| {requirement.id} | {cells} | {requirement.sentence} |")
    for one, head in zip(known, heads, strict=True):
        lines += ["", f"Why {head} {'fail' if one.also else 'fails'}:", ""]
        for id_, reason in one.reasons().items():
            why, source = source_of(reason)
            shown = f"`{source}`" if RECORDING.fullmatch(source) else source
            lines.append(f"- {id_}: {why} ({shown})")
    return "\n".join(lines) + "\n"
