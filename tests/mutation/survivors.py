"""Mutants that survive the tests, each with the reason: from `survivors.toml`, shown in docs/mutants.md."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import NamedTuple

from tests.folders import DOCS, ROOT

FILE = Path(__file__).with_name("survivors.toml")
PAGE = DOCS / "mutants.md"
BLOCK = re.compile(r"(<!-- survivors -->\n).*?(<!-- end -->)", re.DOTALL)


class Mutant(NamedTuple):
    """A change of one place: the module, the line as it is (without indentation), and the line as it was changed to."""

    module: str
    line: str
    mutant: str

    def __str__(self) -> str:
        return f"{self.module}\n  - {self.line}\n  + {self.mutant}"


def load(path: Path = FILE) -> dict[Mutant, str]:
    """The reason for each mutant that is known to survive."""
    entries = tomllib.loads(path.read_text("utf-8"))["survivor"]
    return {Mutant(entry["module"], entry["line"], entry["mutant"]): entry["why"] for entry in entries}


def from_diff(diff: str) -> Mutant:
    """The mutant in a unified diff of one file."""
    module = re.search(r"^\+\+\+ (\S+)", diff, re.MULTILINE)
    if module is None:
        raise ValueError(f"no diff of a file: {diff!r}")
    return Mutant(module[1], _lines(diff, "-"), _lines(diff, "+"))


def _lines(diff: str, sign: str) -> str:
    heads = ("---", "+++")
    return " ".join(one[1:].strip() for one in diff.splitlines() if one.startswith(sign) and not one.startswith(heads))


def outdated(known: Iterable[Mutant], root: Path = ROOT) -> list[Mutant]:
    """The known survivors whose line is no longer in their module."""
    return [mutant for mutant in known if mutant.line not in _code(root / mutant.module)]


def _code(path: Path) -> str:
    """A module on one line, without indentation."""
    return " ".join(line.strip() for line in path.read_text("utf-8").splitlines()) if path.exists() else ""


def as_markdown(known: dict[Mutant, str]) -> str:
    """All survivors with their reasons, by module."""
    return "\n".join(
        f"### `{module}`\n\n" + "\n".join(_item(mutant, known[mutant]) for mutant in mutants)
        for module, mutants in groupby(known, key=lambda mutant: mutant.module)
    )


def _item(mutant: Mutant, why: str) -> str:
    return f"{why}\n\n```diff\n- {mutant.line}\n+ {mutant.mutant}\n```\n"


def updated(text: str, known: dict[Mutant, str]) -> str:
    """The text of the page with its list as it should be."""
    return BLOCK.sub(lambda found: found[1] + as_markdown(known) + found[2], text)


def unexplained(found: Sequence[Mutant], known: Iterable[Mutant]) -> list[Mutant]:
    """The survivors that nobody has explained."""
    explained = set(known)
    return [mutant for mutant in found if mutant not in explained]
