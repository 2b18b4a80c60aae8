"""`python -m loadtests.bench [NAME...]`: measurements, printed as lines or, with `--json`, as one document."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path
from typing import Any

import click

from conformance.cli.options.types import OutputPath
from loadtests.bench.document import CannotMeasure, NoBenchmark, measured, read
from loadtests.bench.measurements import MEASUREMENTS
from loadtests.bench.page import lines, page
from loadtests.bench.peers.mountebank import NoMountebank, install
from loadtests.bench.servers.watchers import BROWSERS, browser_path

HELP = "Measure what NAMES say (default: everything, about five minutes) and print the figures.\n\n\b\n" + "\n".join(
    f"{name:11} {measurement.about}" for name, measurement in MEASUREMENTS.items()
)


@click.command(help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("names", nargs=-1, metavar="[NAMES]", type=click.Choice(list(MEASUREMENTS)))
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option(
    "--page", "page_file", type=OutputPath(folder=False), help="Write the figures to this file as a page in Markdown."
)
@click.option(
    "--peers",
    type=click.Path(file_okay=False, path_type=Path),
    help="Measure mountebank beside the fakes, too: installed with npm into this folder, unless it is there.",
)
@click.option(
    "--from",
    "source",
    type=click.Path(path_type=Path),
    help="Measure nothing: take the figures that --json printed into this file.",
)
def main(
    names: tuple[str, ...], as_json: bool, page_file: Path | None, peers: Path | None, source: Path | None
) -> None:
    """Exit status: 0, or 2 with a sentence."""
    if source is not None and (names or peers):
        raise click.UsageError("--from takes figures that there are: leave out names and --peers")
    if page_file is not None and not page_file.parent.is_dir():
        raise click.UsageError(f"--page: there is no folder {page_file.parent}")
    try:
        document = read(source) if source is not None else _measure(names, peers)
        if page_file is not None:
            page_file.write_text(page(document), "utf-8")
    except (NoBenchmark, NoMountebank) as problem:
        raise click.UsageError(str(problem)) from None
    except OSError as failure:
        raise click.UsageError(f"--page: {page_file} cannot be written: {failure.strerror or failure}") from None
    if as_json:
        click.echo(json.dumps(document, indent=1))
    elif page_file is None:
        click.echo("\n".join(lines(document)))


def _measure(names: tuple[str, ...], peers: Path | None) -> dict[str, Any]:
    chosen = [name for name in MEASUREMENTS if name in names or not names]
    if not names and browser_path() is None:
        chosen.remove("watchers")
        click.echo(f"no browser is installed: watchers are not measured ({', '.join(BROWSERS)})", err=True)
    mountebank = install(peers) if peers is not None and "fakes" in chosen else None
    command = shlex.join(["python", "-m", "loadtests.bench", *sys.argv[1:]])
    try:
        return measured(chosen, mountebank, command, _say)
    except CannotMeasure as failure:
        click.echo(f"nothing was measured: {failure}", err=True)
        sys.exit(2)


def _say(name: str) -> None:
    click.echo(f"measuring {name}: {MEASUREMENTS[name].about}", err=True)


if __name__ == "__main__":
    main()
