"""The figures of a run for people: as lines, and as a page of the documentation."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from loadtests.bench.measurements import MEASUREMENTS

INTRODUCTION = """# Benchmarks

How quick are the fakes, the reference relay, the suite, simulation and flows? This page was written from the figures of
one run. Repeat it on an idle machine, which takes about five minutes:

```console
$ {command}
```

**Only ratios within one run compare.** Machines differ, and so does one machine from day to day. Compare figures of two
versions only if both were measured in turns on the same idle machine. `make bench` measures anew and rewrites this
page; `python -m loadtests.bench NAME` prints the figures of one measurement.
"""
MACHINE = {
    "processor": "processor",
    "cores": "cores",
    "memory_gib": "memory (GiB)",
    "system": "system",
    "python": "Python",
    "load_average": "load average before the run",
}


def page(document: Mapping[str, Any]) -> str:
    """The page in Markdown."""
    about: list[tuple[str, str]] = [("date", document["began"][:10])]
    about += [(title, str(document["machine"][key])) for key, title in MACHINE.items() if key in document["machine"]]
    parts = [INTRODUCTION.format(command=document["command"]), *_table(("machine", ""), about)]
    for name, found in document["measurements"].items():
        measurement = MEASUREMENTS[name]
        title = f"{measurement.about[0].upper()}{measurement.about[1:]}"
        text = f"`{name}`, measured in {found['seconds']:.0f} seconds. {measurement.meaning}"
        parts += [f"\n## {title}\n", textwrap.fill(text, 120, break_long_words=False, break_on_hyphens=False)]
        for rows in tables(found["figures"]):
            columns = list(rows[0][1])
            cells = [(row, *(shown(figures[column]) for column in columns)) for row, figures in rows]
            parts += ["", *_table(("", *map(in_words, columns)), cells)]
    return "\n".join(parts) + "\n"


def lines(document: Mapping[str, Any]) -> Iterator[str]:
    """The figures, one a line."""
    for name, found in document["measurements"].items():
        for row, figures in found["figures"].items():
            for figure, value in figures.items():
                yield f"{name:11} {row:36} {figure:24} {shown(value):>12}"


def tables(figures: Mapping[str, Mapping[str, float]]) -> Iterator[list[tuple[str, Mapping[str, float]]]]:
    """The rows in their order, parted where the names of their figures change."""
    for _, rows in groupby(figures.items(), key=lambda row: list(row[1])):
        yield list(rows)


def shown(value: float) -> str:
    """A figure with its thousands parted."""
    return f"{value:,}"


def in_words(figure: str) -> str:
    """The name of a figure for people."""
    words = {"cpu": "CPU", "cht": "CHT", "mib": "MiB", "us": "µs"}
    return " ".join(words.get(word, word) for word in figure.split("_"))


def _table(heads: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """A table of Markdown: the first column to the left, all others to the right."""
    every = [heads, ("---", *("---:" for _ in heads[1:])), *rows]
    return [f"| {' | '.join(row)} |" for row in every]
