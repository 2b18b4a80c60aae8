"""Writes files whole or not at all: an interruption or a full disk leaves the earlier file, never half a new one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from conformance.verdicts import HarnessBroken


def write_whole(path: Path, content: str) -> None:
    """Write `content` as UTF-8 through a temporary file beside `path`. OSError if it cannot be written."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content.encode("utf-8", "backslashreplace"))  # half a surrogate pair is \ud83d, as in JSON
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def as_json(document: Any) -> str:
    """A document as indented JSON, with a line end."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


@contextmanager
def refused_as_broken(folder: Path) -> Iterator[None]:
    """HarnessBroken, with the reason, if a file of a report cannot be written to `folder`."""
    try:
        yield
    except OSError as failure:
        raise HarnessBroken(f"the report cannot be written to {folder}: {failure.strerror or failure}") from None
