"""Reads reports from files: `report.json`, and what holds several of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from conformance.reports.fields import ForeignReport
from conformance.reports.report import Report


def read_reports(path: Path) -> list[Report]:
    """The reports in a file: one, or those under `reports`. ForeignReport says what is wrong, with the file's name."""
    try:
        return reports_of(json.loads(path.read_text("utf-8")))
    except OSError as failure:
        raise ForeignReport(f"{path} cannot be read: {failure.strerror or failure}") from None
    except RecursionError:
        raise ForeignReport(f"{path} cannot be used: it is nested too deeply for a report") from None
    except ForeignReport as problem:
        raise ForeignReport(f"{path} cannot be used: {problem}") from None
    except ValueError as failure:
        raise ForeignReport(f"{path} is not JSON: {failure}") from None


def reports_of(document: Any) -> list[Report]:
    """The reports of a document. ForeignReport if it has none."""
    if isinstance(document, dict) and "reports" in document:
        several = document["reports"]
        if not isinstance(several, list) or not several:
            raise ForeignReport("its 'reports' must be a list of at least one report")
        return [Report.from_json(one) for one in several]
    return [Report.from_json(document)]
