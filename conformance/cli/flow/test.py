"""`relay-harness flow test`: conversations in files against an exported flow."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from conformance.cli.options.running_fakes import NotDone
from conformance.cli.options.types import Finite
from conformance.flows.conversations.document import BadFile
from conformance.flows.conversations.model import GENERATIONS
from conformance.flows.judging.running import Results, run_files
from fakes.rapidpro.versions.generation import Generation


@click.command("test")
@click.argument("paths", metavar="FILE...|DIR", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--generation", "generations", multiple=True, type=click.Choice(list(GENERATIONS)),
              help="The flow engine: 9 is RapidPro up to 9.3. Default: what the files say, or else both.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--junit", type=click.Path(path_type=Path, dir_okay=False), help="Write JUnit XML to this file.")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False),
              help="Write one HTML page with pictures of what was reached.")  # fmt: skip
@click.option("--fail-under", type=Finite(min=0, max=100), metavar="PERCENT",
              help="Exit with 1 if less of the nodes, exits and cases of a flow was reached.")  # fmt: skip
@click.option("--update", is_flag=True, help="Write what happens into the files as what is expected.")
@click.pass_context
def test_command(
    context: click.Context, /, paths: Sequence[Path], generations: Sequence[Generation], as_json: bool,
    junit: Path | None, html: Path | None, fail_under: float | None, update: bool,
) -> None:  # fmt: skip
    """Play conversations from files (.yaml, .feature) with exported flows, in virtual time.

    A folder stands for its files *.test.yaml and *.feature. Exit status: 0 all passed; 1 a conversation failed; 2
    nothing could be judged.
    """
    try:
        results = run_files(paths, generations)
        if update:
            results = _updated(results, paths, generations)
    except BadFile as error:
        raise NotDone(f"nothing was judged: {error}") from None
    uncovered = _uncovered(results, fail_under)
    if junit is not None:
        from conformance.flows.results.junit import junit as as_junit

        _write(junit, as_junit(results))
    if html is not None:
        from conformance.flows.results.page import page

        _write(html, page(results))
    click.echo(json.dumps(_document(results, uncovered), ensure_ascii=False) if as_json else "\n".join(_lines(results)))
    for sentence in uncovered:
        click.echo(sentence, err=True)
    context.exit(results.exit_status or (1 if uncovered else 0))


def _updated(results: Results, paths: Sequence[Path], generations: Sequence[Generation]) -> Results:
    from conformance.flows.results.updating import update_files

    for path in update_files(results.conversations):
        click.echo(f"updated {path}", err=True)
    return run_files(paths, generations)


def _uncovered(results: Results, least: float | None) -> list[str]:
    if least is None:
        return []
    found = [(export.path, results.coverage(path).percent) for path, export in results.exports.items()]
    return [
        f"{path}: {percent:.1f} % was reached, expected at least {least:g} %"
        for path, percent in found
        if percent < least
    ]


def _lines(results: Results) -> Iterator[str]:
    from conformance.flows.results.terminal import lines

    yield from lines(results)
    for path, export in results.exports.items():
        coverage = results.coverage(path)
        reached = len(coverage.parts) - len(coverage.never())
        counts = f"{reached} of {len(coverage.parts)} nodes, exits, cases"
        yield f"{export.path}: {coverage.percent:.1f} % reached ({counts})"
        for part in coverage.never():
            yield f"  never reached: {part.name}"
        if coverage.others:
            yield f"  flows that no conversation enters: {', '.join(coverage.others)}"


def _document(results: Results, uncovered: list[str]) -> dict[str, object]:
    return {
        "ok": results.exit_status == 0 and not uncovered,
        "conversations": [one.as_json() for one in results.conversations],
        "notes": results.notes,
        "coverage": {str(one.path): results.coverage(path).as_json() for path, one in results.exports.items()},
    }


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise NotDone(f"{path} cannot be written: {error.strerror}") from None
