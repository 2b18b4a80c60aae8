"""The one JSON document of a run: made, and read again."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from conformance.verdicts import HarnessBroken
from fakes.serving.process import StartError
from loadtests.bench.machine import machine
from loadtests.bench.measurements import MEASUREMENTS

VERSION = 1
SCHEMA: Mapping[str, Any] = {
    "type": "object",
    "required": ["version", "began", "command", "machine", "measurements"],
    "properties": {
        "version": {"const": VERSION},
        "began": {"type": "string"},
        "command": {"type": "string"},
        "machine": {"type": "object", "additionalProperties": {"type": ["string", "number"]}},
        "measurements": {
            "type": "object",
            "minProperties": 1,
            "propertyNames": {"enum": list(MEASUREMENTS)},
            "additionalProperties": {
                "type": "object",
                "required": ["seconds", "figures"],
                "properties": {
                    "seconds": {"type": "number"},
                    "figures": {
                        "type": "object",
                        "additionalProperties": {"type": "object", "additionalProperties": {"type": "number"}},
                    },
                },
            },
        },
    },
}


class NoBenchmark(Exception):
    """A file holds no figures of a benchmark; the text says what was expected and what came."""


class CannotMeasure(Exception):
    """A measurement failed, or would say nothing; the text says which and why."""


def measured(
    names: Iterable[str],
    mountebank: Path | None,
    command: str,
    on_measuring: Callable[[str], None] = lambda _name: None,
) -> dict[str, Any]:
    """Measure these, in this order: the document. `on_measuring` is called before each. Raises CannotMeasure."""
    document: dict[str, Any] = {
        "version": VERSION,
        "began": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": command,
        "machine": machine(),
        "measurements": {},
    }
    for name in names:
        on_measuring(name)
        began = time.monotonic()
        try:
            figures = MEASUREMENTS[name].run(mountebank)
        except (HarnessBroken, StartError, ValueError, AssertionError, OSError) as failure:
            raise CannotMeasure(f"{name}: {failure}") from None
        document["measurements"][name] = {"seconds": round(time.monotonic() - began, 1), "figures": figures}
    return document


def read(file: Path) -> dict[str, Any]:
    """The document in a file. Raises NoBenchmark."""
    try:
        found = json.loads(file.read_text("utf-8"))
    except OSError as failure:
        raise NoBenchmark(f"{file} cannot be read: {failure.strerror or failure}") from None
    except (ValueError, RecursionError):
        raise NoBenchmark(f"{file} is not JSON: expected what --json prints") from None
    for error in Draft202012Validator(dict(SCHEMA)).iter_errors(found):
        raise NoBenchmark(f"{file} is not what --json prints: {error.json_path}: {error.message[:200]}")
    document: dict[str, Any] = found
    return document
