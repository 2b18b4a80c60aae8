"""`relay-harness load`: the traffic of a day, and what became of every text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from rich.console import Console

from conformance.cli.conform import PROFILES
from conformance.cli.options.config import read_config, without_overruled
from conformance.cli.options.subject import SubjectOptions
from conformance.cli.options.subject_arguments import PORT, subject_arguments
from conformance.cli.options.types import Finite, OutputPath, check_bind, check_folder
from conformance.verdicts import HarnessBroken, SubjectFailed, exit_status
from loadtests.driving.driver import join
from loadtests.gates import percentile
from loadtests.options import MASTER_PORT, LoadOptions, limits_of, run
from loadtests.reports.files import write_reports
from loadtests.results import LoadRun, RequestSample
from loadtests.shapes.reading import BadShape, built_in, read_file
from loadtests.terminal import shapes_list, summary

WEB_PORT = 8089
HELP = """Run the traffic of a day against a relay, and judge what became of every text.

NAME is a shape such as reminder_morning: --list shows all, --file reads your own (docs/load.md). Every text has its own
moment, whatever became of those before it. Afterwards the run waits until all is done and makes the same checks as
`conform`.

By default the reference relay is judged, as a process over HTTP in real time. Shapes in which hours pass are run in
virtual time, in seconds, with the reference relay or another built-in --subject in this process; with --http,
--subject-url or --cht-url they are compressed into real time. --list and the result say which it is.

A live CHT Core (--cht-url) is written to as by `conform`: its settings `sms` and `forms`, two credentials, and
documents that are deleted at the end.

Options can be in the table [load] of harness.toml; what the file says about the subject applies, too.

Exit status: 0 all good; 1 the subject failed, or a limit was exceeded; 2 nothing could be judged, or there were too few
samples for a limit.
"""


@click.command("load", help=HELP)
@click.argument("name", metavar="NAME", required=False)
@click.option("--config", is_eager=True, callback=read_config, type=click.Path(path_type=Path), metavar="FILE",
              help="Read options from this file. Default: harness.toml or pyproject.toml, in this folder.")  # fmt: skip
@click.option("--list", "listing", is_flag=True, help="List the shapes and do nothing else.")
@click.option("--file", type=click.Path(path_type=Path), help="Take the shape from this TOML file.")
@click.option("--texts", type=click.IntRange(0, 1_000_000), help="So many texts each way, instead of the shape's own.")
@click.option("--seconds", type=Finite(min=0.1), help="Compress or stretch the traffic into so many real seconds.")
@click.option("--quota", type=click.IntRange(1, 1_000_000),
              help="Requests an hour of the shape that RapidPro allows in each scope.")  # fmt: skip
@subject_arguments
@click.option("--profile", type=click.Choice(PROFILES), default="26", show_default=True, help="RapidPro's version.")
@click.option("--seed", type=int, default=1, show_default=True, help="Seed of all texts and moments.")
@click.option("--p50-ms", type=Finite(min=0), help="The longest median of the relay's answers, in milliseconds.")
@click.option("--p95-ms", type=Finite(min=0), help="The same for 95 of 100 answers.")
@click.option("--p99-ms", type=Finite(min=0), help="The same for 99 of 100 answers.")
@click.option("--to-phone-p95-s", type=Finite(min=0),
              help="The longest time from pending to phone of 95 of 100 texts, in seconds.")  # fmt: skip
@click.option("--min-texts-per-second", "texts_per_second", type=Finite(min=0), help="The fewest texts a second.")
@click.option("--min-texts-out-per-second", "texts_out_per_second", type=Finite(min=0),
              help="The same for texts out, from the first due to the last on its phone.")  # fmt: skip
@click.option("--min-highest-rate", "highest_rate", type=Finite(min=0),
              help="The rate each way, in texts a second, that a ramp must reach.")  # fmt: skip
@click.option("--drain-seconds", type=Finite(min=1),
              help="How long to wait after the last text. Default: 600; in virtual time 14 days.")  # fmt: skip
@click.option("--settle-seconds", type=Finite(min=1),
              help="Give up when nothing changes for so long. Default: 45 and 3 polls; virtual: 8 hours.")  # fmt: skip
@click.option("--processes", type=click.IntRange(1, 64), default=1, show_default=True,
              help="Send from so many Locust workers on this machine.")  # fmt: skip
@click.option("--master", is_flag=True, help="Send from Locust workers that connect to this machine.")
@click.option("--expect-workers", type=click.IntRange(1, 1000), help="How many workers --master waits for.")
@click.option("--master-bind", metavar="ADDRESS", callback=check_bind, default="127.0.0.1", show_default=True,
              help="The address at which --master listens.")  # fmt: skip
@click.option("--worker", is_flag=True, help="Be a worker of a --master elsewhere, which says everything else.")
@click.option("--master-host", default="127.0.0.1", show_default=True, help="Where a --worker finds its master.")
@click.option("--master-port", type=PORT, default=MASTER_PORT, show_default=True, help="The port of the master.")
@click.option(
    "--web", is_flag=True, help=f"Show Locust's live page at http://127.0.0.1:{WEB_PORT} while texts are sent."
)
@click.option("--report-dir", type=OutputPath(folder=True),
              help="Write the page of the run and its data here: docs/load.md.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--quiet", is_flag=True, help="Show nothing while it lasts.")
@click.pass_context
def load_command(
    context: click.Context, /, config: Path | None, listing: bool, web: bool, worker: bool, master_host: str,
    report_dir: Path | None, as_json: bool, quiet: bool, **given: Any,
) -> None:  # fmt: skip
    del config  # read by its callback
    say = (lambda _: None) if quiet else Console(stderr=True, highlight=False, soft_wrap=True).print
    if listing:
        click.echo(shapes_list(shapes(given["file"])))
        return
    result: LoadRun | None = None
    try:
        if worker:
            if given["name"] is not None or given["master"]:
                raise click.UsageError("--worker: the master says everything else; expected --master-host and its port")
            join(master_host, given["master_port"], say)
            return
        names = set(LoadOptions.__dataclass_fields__) & set(given)
        options = LoadOptions(
            **{name: given[name] for name in names}, limits=limits_of(given), web_port=WEB_PORT if web else None
        )
        if report_dir is not None:
            check_folder(report_dir)
        result = run(options, subject_of(context, given), say, reports=report_dir is not None)
        click.echo(json.dumps(as_document(result)) if as_json else summary(result))
        if report_dir is not None:
            write_reports(result, report_dir)
    except HarnessBroken as problem:
        click.echo(str(problem) if result is not None else f"nothing could be judged: {problem}", err=True)
        context.exit(2)
    except SubjectFailed as failure:
        click.echo(f"failed: {failure}", err=True)
        context.exit(1)
    context.exit(exit_status([result.verdict]))


def subject_of(context: click.Context, given: dict[str, Any]) -> SubjectOptions:
    """The options about the subject. click.UsageError for what does not go together."""
    names = set(SubjectOptions.__dataclass_fields__) & set(given)
    options = SubjectOptions(**dict(without_overruled(context, {name: given[name] for name in names})))
    options.check()
    return options


def shapes(file: Path | None) -> Any:
    """The shapes of a file, or the built-in ones."""
    try:
        return (built_in() if file is None else read_file(file)).values()
    except BadShape as problem:
        raise click.UsageError(str(problem)) from None


def by_name(result: LoadRun) -> dict[str, Any]:
    """The requests of each name: how many, how many failed, their p95, and whether they only drove the fakes."""
    found: dict[str, list[RequestSample]] = {}
    for one in result.requests:
        found.setdefault(one.name, []).append(one)
    return {
        name: {
            "requests": len(some),
            "failures": sum(not one.ok for one in some),
            "p95_ms": round(percentile([one.ms for one in some], 0.95), 2) if result.time == "real" else None,
            "driver": some[0].driver,
        }
        for name, some in found.items()
    }


def as_document(result: LoadRun) -> dict[str, Any]:
    """The document of `load --json`."""
    return {
        **result.figures.as_json(result.verdict, result.reasons),
        "subject": result.subject,
        "profile": result.profile,
        "seed": result.seed,
        "compressed": round(result.compressed, 3),
        "drained": result.drained,
        "left": dict(result.not_drained),
        "rates": dict(result.rates),
        "requests_by_name": by_name(result),
        "notes": list(result.notes),
        "command": result.command,
    }
