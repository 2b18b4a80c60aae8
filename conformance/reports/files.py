"""Writes the reports of a run: for machines, for CI, for people."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from conformance.reports.ci.badge import badge
from conformance.reports.ci.ctrf import ctrf
from conformance.reports.ci.junit import junit_xml
from conformance.reports.file_writing import as_json, refused_as_broken, write_whole
from conformance.reports.joined import Joined
from conformance.reports.messages.envelopes import ndjson
from conformance.reports.page.html import page
from conformance.reports.report import Report

UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True)
class Reports:
    """The reports of one run, one for each subject. `features`: the folder with the feature files."""

    reports: Sequence[Report]
    features: Path

    def write(self, folder: Path) -> None:
        """Write all files into `folder`; of several subjects, the files of each into a folder of its name.

        HarnessBroken if one cannot be written: the disk is full, or the folder is gone. Each file is whole or missing.
        """
        with refused_as_broken(folder):
            folder.mkdir(parents=True, exist_ok=True)
            for report, place in zip(self.reports, self._places(folder), strict=True):
                place.mkdir(exist_ok=True)
                for name, made in self._kinds().items():
                    write_whole(place / name, made(report))
            write_whole(folder / "report.html", page(Joined(self.reports)))

    def _places(self, folder: Path) -> list[Path]:
        if len(self.reports) == 1:
            return [folder]
        return [folder / name for name in folder_names([report.name for report in self.reports])]

    def _kinds(self) -> Mapping[str, Callable[[Report], str]]:
        return {
            "report.json": lambda report: as_json(report.as_json()),
            "junit.xml": junit_xml,
            "ctrf.json": lambda report: as_json(ctrf(report)),
            "messages.ndjson": lambda report: ndjson(report, self.features),
            "badge.svg": badge,
        }


def write_joined(joined: Joined, folder: Path) -> None:
    """Write the page and `joined.json`: matrix, changes, and the reports themselves. HarnessBroken if that fails."""
    with refused_as_broken(folder):
        folder.mkdir(parents=True, exist_ok=True)
        reports = [report.as_json() for report in joined.reports]
        write_whole(folder / "joined.json", as_json({**joined.as_json(), "reports": reports}))
        write_whole(folder / "report.html", page(joined))


def folder_names(names: Sequence[str]) -> list[str]:
    """For each name one that every file system takes; the same name twice gets a number."""
    found: list[str] = []
    for name in names:
        safe = UNSAFE.sub("-", name).strip("-.") or "subject"
        number, unique = 1, safe
        while unique.lower() in {one.lower() for one in found}:
            number += 1
            unique = f"{safe}-{number}"
        found.append(unique)
    return found
