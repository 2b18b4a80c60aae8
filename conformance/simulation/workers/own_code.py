"""Which code of ours a process runs: workers with another one would find something else for the same seed."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("conformance", "fakes", "relay")
SUFFIXES = (".py", ".toml", ".json")


@cache
def own_code() -> str:
    """A hash of all code and data of our packages: equal in two processes only if they run the same code.

    The version is not enough: in checkouts it stays the same from release to release.
    """
    return hash_of(ROOT)


def hash_of(root: Path) -> str:
    """The hash of our packages in the folder `root`."""
    digest = hashlib.sha256()
    files = (path for package in PACKAGES for path in (root / package).rglob("*"))
    for path in sorted(path for path in files if path.suffix in SUFFIXES):
        content = path.read_bytes()
        digest.update(f"{path.relative_to(root).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()[:12]
