"""Reading a bundle from a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fakes.rapidpro.flows.bundles.reading import BadBundle
from fakes.serving.json_depth import TOO_DEEP, is_too_deep

MAX_BYTES = 10 * 1024 * 1024
"""As much as the control API accepts."""


def bundle_in(path: Path) -> Any:
    """The JSON of a bundle. BadBundle if it cannot be read, is too large, or is no JSON."""
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise BadBundle(f"{path} has {size} bytes: at most {MAX_BYTES} are read")
        content = json.loads(path.read_bytes())
    except OSError as failure:
        raise BadBundle(f"{path} cannot be read: {failure.strerror}") from None
    except ValueError as failure:
        if isinstance(failure, BadBundle):
            raise
        raise BadBundle(f"{path} is not JSON: {failure}") from None
    except RecursionError:
        raise BadBundle(f"{path} cannot be used: {TOO_DEEP}") from None
    if is_too_deep(content):
        raise BadBundle(f"{path} cannot be used: {TOO_DEEP}")
    return content
