"""Writes the reports of a load run."""

from __future__ import annotations

from pathlib import Path

from conformance.reports.file_writing import as_json, refused_as_broken, write_whole
from loadtests.reports.csv_files import samples_csv, table_csv
from loadtests.reports.page.html import page
from loadtests.reports.report import LoadReport
from loadtests.results import LoadRun


def write_reports(run: LoadRun, folder: Path) -> None:
    """Write load.html, load.json, requests.csv, timeline.csv, and Locust's own reports, into `folder`.

    HarnessBroken if one cannot be written. Each file is whole or missing.
    """
    report = LoadReport.of(run)
    files = {
        "load.html": page(report),
        "load.json": as_json(report.as_json()),
        "requests.csv": samples_csv(run),
        "timeline.csv": table_csv(report.tables["timeline"]),
        **run.locust,
    }
    with refused_as_broken(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in files.items():
            write_whole(folder / name, content)
