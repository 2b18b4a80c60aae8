"""The table of all broken relays: `docs/broken-relays.md`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.requirements.catalogue import load
from tests.broken.altering import ALTERATIONS, INCOMING_ONLY
from tests.broken.every import every_broken_relay
from tests.folders import ROOT

DOCUMENT = ROOT / "docs" / "broken-relays.md"

INTRODUCTION = """# Broken relays

Each of these {count} relays has one defect. Tests prove that the suite catches it under the requirements named here,
and that the reference relay passes the same scenarios (`tests/broken`, `tests/conformance/running`). `make docs` writes
this page.

| defect | requirement | what catches it |
| --- | --- | --- |
"""


def rows() -> Iterator[tuple[str, tuple[str, ...]]]:
    """The defects, each with the requirements that catch it, in the order of `requirements.toml`."""
    places = {requirement.id: place for place, requirement in enumerate(load())}
    for name, broken in every_broken_relay().items():
        yield name, tuple(sorted(broken.caught_by, key=places.__getitem__))
    for name in ALTERATIONS:
        yield f"{name}, in texts both ways", ("IN-1", "OUT-1")
    for name in INCOMING_ONLY:
        yield f"{name}, in incoming texts", ("IN-1",)


def text() -> str:
    """The whole document."""
    sentences = {requirement.id: requirement.sentence for requirement in load()}
    found = list(rows())
    lines = [f"| {name} | {', '.join(ids)} | the scenarios of {ids[0]}: {sentences[ids[0]]} |" for name, ids in found]
    return INTRODUCTION.format(count=len(found)) + "\n".join(lines) + "\n"
