"""Packages of the user that are in the way of ours: found by the same name, earlier on the path of this process."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from conformance.verdicts import HarnessBroken

ROOT = Path(__file__).resolve().parents[1]
"""Where our packages are: a checkout, or the folder of installed packages."""
OURS = ("fakes", "relay", "features", "loadtests")


def check_own_packages() -> None:
    """HarnessBroken if a package of ours would not be found where this one is."""
    for name in OURS:
        spec = find_spec(name)
        places = (
            [] if spec is None else [Path(place) for place in spec.submodule_search_locations or [spec.origin or ""]]
        )
        if not any(place.resolve() == ROOT / name for place in places):
            raise HarnessBroken(_sentence(name, places))


def _sentence(name: str, places: list[Path]) -> str:
    if not places:
        return f"its package `{name}` is missing in {ROOT}: install cht-rapidpro-harness again"
    return (
        f"{places[0]} is found in place of the harness's own package `{name}` in {ROOT}. Run the command "
        "`relay-harness`, or `python -P -m conformance`, without that folder in PYTHONPATH"
    )
