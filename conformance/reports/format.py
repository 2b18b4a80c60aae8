"""The version of the shape of `report.json`, and who may read it. The schema is `report.schema.json` beside this."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

from conformance.reports.fields import Fields, ForeignReport

VERSION = 1
"""It is raised when a key goes or changes its meaning; a new key alone does not."""
SCHEMA = f"urn:cht-rapidpro-harness:report:{VERSION}"


def schema() -> dict[str, Any]:
    """The JSON Schema of `report.json`."""
    found: dict[str, Any] = json.loads(files("conformance.reports").joinpath("report.schema.json").read_text("utf-8"))
    return found


def check_version(fields: Fields) -> None:
    """ForeignReport for a document of another version, or that is no report at all."""
    if "version" not in fields:
        known = "requirements" in fields and "totals" in fields
        raise ForeignReport(
            "it was written by a harness that did not number the versions of its reports: judge the subject again"
            if known
            else "it is no report of this harness: it lacks 'version'"
        )
    found = fields.whole("version")
    if found != VERSION:
        raise ForeignReport(
            f"it is a report of version {found}; this harness reads version {VERSION}: "
            "read it with the harness that wrote it, or judge the subject again"
        )
