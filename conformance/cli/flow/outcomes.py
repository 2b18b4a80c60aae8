"""`relay-harness flow outcomes`: every way the endpoint can answer."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from conformance.cli.flow.check import BOTH, read_global
from conformance.cli.flow.endpoint_options import EndpointOptions
from conformance.cli.flow.outcome_report import write_report
from conformance.cli.options.console import OutputConsole
from conformance.cli.options.running_fakes import NotDone
from conformance.cli.options.types import check_url
from conformance.flows.bundle import Bundle, UnreadableBundle, read_bundle
from conformance.flows.checking.check import GENERATIONS, generations_for
from conformance.flows.outcomes.outcome import Agreement, NotPossible, Row, chosen_flow, outcomes
from conformance.reports.visible import visible
from conformance.verdicts import SubjectFailed
from fakes.rapidpro.versions.generation import Generation

STYLE = {Agreement.AGREES: "green", Agreement.RISK: "yellow", Agreement.DISAGREES: "bold red"}


@click.command("outcomes")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--flow", "name", help="The flow, by name or UUID. Default: the first that posts something to CHT.")
@click.option("--reference", is_flag=True, help="Call the reference relay, with the fake CHT behind it.")
@click.option("--subject-url", callback=check_url, metavar="URL", help="Call the relay that listens there.")
@click.option("--subject-command", metavar="COMMAND", help="Start that relay so; goes with --subject-url.")
@click.option(
    "--cht-port", type=click.IntRange(1, 65535), help="Where the fake CHT listens, for a relay that runs already."
)
@click.option("--allow-remote", is_flag=True, help="Allow a relay on another machine.")
@click.option("--generation", type=click.Choice([*GENERATIONS, BOTH]),
              help="The flow engine: 9 is RapidPro up to 9.3. Default: both that can read the export.")  # fmt: skip
@click.option("--global", "known", multiple=True, metavar="NAME=VALUE",
              help="A global of the workspace. May be repeated. Default: addresses and secrets that fit.")  # fmt: skip
@click.option("--text", "texts", multiple=True, help="What the person writes. May be repeated. Default: made up.")
@click.option("--report-dir", type=click.Path(path_type=Path), help="Write report.json and report.html there.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def outcomes_command(
    context: click.Context, /, file: Path, name: str | None, reference: bool, subject_url: str | None,
    subject_command: str | None, cht_port: int | None, allow_remote: bool, generation: str | None,
    known: Sequence[str], texts: Sequence[str], report_dir: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """What a person is told and what CHT holds, for every way the endpoint can answer the flow's webhook.

    The calls go to the endpoint of the fake CHT, in virtual time. Exit status: 0 all is well; 1 anything is lost or
    doubled; 2 nothing could be judged.
    """
    endpoint = EndpointOptions(reference, subject_url, subject_command, cht_port, allow_remote)
    endpoint.check()
    values = dict(map(read_global, known))
    try:
        bundle = read_bundle(file)
        chosen = _generations(bundle, generation)
        flow = chosen_flow(bundle, chosen[0], name)
        with endpoint.opened() as open_:
            rows = outcomes(bundle, flow, chosen, open_, bundle.globals_with(values), random.Random(), texts)
    except (UnreadableBundle, NotPossible, SubjectFailed) as problem:
        raise NotDone(f"nothing was judged: {problem}") from None
    if report_dir is not None:
        write_report(rows, bundle.name_of(flow), endpoint.about, report_dir)
    bad = any(row.agreement is Agreement.DISAGREES for row in rows)
    if as_json:
        document = {"ok": not bad, "file": str(file), "flow": bundle.name_of(flow), "endpoint": endpoint.about,
                    "rows": [row.as_json() for row in rows]}  # fmt: skip
        click.echo(json.dumps(document, ensure_ascii=False))
    else:
        _print(rows, f"{bundle.name_of(flow)} with {endpoint.about}", several=len(chosen) > 1)
    context.exit(1 if bad else 0)


def _generations(bundle: Bundle, generation: str | None) -> tuple[Generation, ...]:
    if generation is None:
        return generations_for(bundle)
    return tuple(one for one in GENERATIONS if generation in (one, BOTH))


def _print(rows: Sequence[Row], title: str, *, several: bool) -> None:
    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for heading in ("endpoint", "calls", "the person is told", "CHT holds", ""):
        table.add_column(heading, overflow="fold")
    for row in rows:
        only = "" if len(row.generations) > 1 or not several else f" ({row.generations[0]})"
        told = _shown(row.told)
        noted = f"\n[dim]operators: {', '.join(row.noted)}[/]" if row.noted else ""
        table.add_row(
            row.name + only, str(row.calls), told + noted, _shown(row.holds),
            f"[{STYLE[row.agreement]}]{row.agreement}[/]: {row.reason}",
        )  # fmt: skip
    OutputConsole().print(table)


def _shown(texts: Sequence[str]) -> str:
    return "\n".join(escape(visible(one)) for one in texts) or "(nothing)"
