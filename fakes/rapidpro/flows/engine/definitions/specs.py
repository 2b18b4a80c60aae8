"""Flow specification versions: `13.2.0`."""

from __future__ import annotations

import re
from typing import Any

from fakes.rapidpro.flows.engine.checks import json_kind
from fakes.rapidpro.flows.engine.refused import Refused
from fakes.rapidpro.versions.engines import EngineRules, Version

_VERSION = re.compile(r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?\Z")
LEAST_MAJOR = 11


def read_version(value: Any, rules: EngineRules) -> Version:
    """The version in a flow's header. Refused if it is none."""
    if not isinstance(value, str):
        raise Refused(f"json: cannot unmarshal {json_kind(value)} into Go struct field .spec_version of type string")
    match = _VERSION.match(value)
    if match is None:
        raise Refused("invalid semantic version" if rules.is_new else "Invalid Semantic Version")
    major, minor, patch = (int(part or 0) for part in match.groups())
    return major, minor, patch


def written(version: Version) -> str:
    """A version as text."""
    return ".".join(str(part) for part in version)


def check_supported(version: Version, rules: EngineRules) -> None:
    """Refused if the engine does not read that version."""
    newer = version > rules.spec if rules.is_new else version[0] > rules.newest_major
    if newer or version[0] < LEAST_MAJOR:
        raise Refused(f"spec version {written(version)} is newer than this library ({written(rules.spec)})")
