"""`python -m tests.mutation` runs mutmut on a copy of the checkout. Exit status: 0 good; 1 low score; 2 no result.

`python -m tests.mutation docs` writes the list of survivors in docs/mutants.md instead.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.folders import ROOT
from tests.mutation import score, survivors

COPIED = ("conformance", "features", "relay", "tests", "pyproject.toml")


def main(arguments: list[str]) -> int:
    """The exit status."""
    if arguments == ["docs"]:
        page = survivors.updated(survivors.PAGE.read_text("utf-8"), survivors.load())
        survivors.PAGE.write_text(page, "utf-8")
        return 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        _copy(Path(folder))
        run = _mutmut(Path(folder), "run")
        try:
            return _judge(Path(folder))
        except score.UnfinishedRun as error:
            print(f"{run[-3000:]}\n{error}", file=sys.stderr)
            return 2


def _copy(folder: Path) -> None:
    """mutmut writes into the folder in which it runs."""
    leave_out = shutil.ignore_patterns("__pycache__", "*.pyc")
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=leave_out)
        else:
            shutil.copy(ROOT / name, folder)


def _mutmut(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "mutmut", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


def _judge(folder: Path) -> int:
    by_name = score.statuses(_mutmut(folder, "results", "--all", "true"))
    found = [survivors.from_diff(_mutmut(folder, "show", name)) for name in score.survivors(by_name)]
    known = survivors.load()
    _show("Survived, and not explained in tests/mutation/survivors.toml", survivors.unexplained(found, known))
    _show("Explained there, but noticed by now", survivors.unexplained(list(known), found))
    scores = score.by_module(by_name)
    for module, one in scores.items():
        print(f"{one}  {module}")
    all_of_them = score.total(scores.values())
    print(f"{all_of_them}  in all, at least {score.LEAST:.0f} % are needed")
    return 0 if all_of_them.percent >= score.LEAST else 1


def _show(title: str, mutants: list[survivors.Mutant]) -> None:
    if mutants:
        print(f"{title}:", *mutants, "", sep="\n")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
