"""`relay-harness simulate`, and what `relay-harness replay` does with a schedule: fault schedules in virtual time."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from conformance.cli.conform import PROFILES
from conformance.cli.options.types import Finite, OutputPath, check_folder
from conformance.simulation.results import SearchResult
from conformance.simulation.run_schedule import run_schedule
from conformance.simulation.saving import save_failures
from conformance.simulation.schedule import TEXTS, Schedule, ScheduleError
from conformance.simulation.search import simulate
from conformance.simulation.workers.dask import check_address, dask_workers
from conformance.simulation.worlds import UnknownSubject, subjects, world_opener
from conformance.verdicts import HarnessBroken

FOLDER = Path("simulation-failures")


def _scheduler(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    try:
        if value is not None:
            check_address(value)
    except HarnessBroken as problem:
        raise click.BadParameter(str(problem), param=parameter) from None
    return value


@click.command("simulate")
@click.option("--runs", type=click.IntRange(min=1), help="The number of runs. Default: 100, unless --minutes is given.")
@click.option("--minutes", type=Finite(min=0, min_open=True), help="Search for this many minutes.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The seed of the first run.")
@click.option("--subject", default="reference", show_default=True, help=f"One of {', '.join(subjects())}.")
@click.option("--profile", type=click.Choice(PROFILES), default="26", show_default=True, help="RapidPro's version.")
@click.option("--stop-at-first", is_flag=True, help="Stop at the first failing seed; say what was left out.")
@click.option("--save", type=OutputPath(folder=True), help=f"Save failing schedules here. Default: {FOLDER}.")
@click.option("--workers", type=click.IntRange(min=1), help="The number of processes. Default: one per processor.")
@click.option(
    "--dask",
    metavar="ADDRESS",
    callback=_scheduler,
    help="Run on the Dask cluster with this scheduler, as tcp://HOST:8786.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.pass_context
def simulate_command(
    context: click.Context,
    /,
    runs: int | None,
    minutes: float | None,
    seed: int,
    subject: str,
    profile: str,
    stop_at_first: bool,
    save: Path | None,
    workers: int | None,
    dask: str | None,
    as_json: bool,
) -> None:
    """Search for fault schedules that break a subject.

    A schedule contains texts, faults, crashes and clock jumps in virtual time. All failing seeds are listed. Their
    schedules are saved, the first ones shrunk.

    With --dask, batches of seeds are run on a cluster, where the same cht-rapidpro-harness must be installed. Shrinking
    happens here. --workers is then the number of batches at a time; default: one for each thread of its workers.
    """
    try:
        world_opener(subject)
    except UnknownSubject as problem:
        raise click.UsageError(str(problem)) from None
    if save is not None:
        check_folder(save)
    count = runs if runs is not None or minutes is not None else 100
    console = Console(stderr=True)
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as progress:
        bar = progress.add_task("simulating", total=count)
        with nullcontext((None, None)) if dask is None else dask_workers(dask) as (executor, places):
            found = simulate(
                seed=seed,
                subject=subject,
                profile=profile,
                runs=count,
                seconds=None if minutes is None else minutes * 60,
                stop_at_first=stop_at_first,
                executor=executor,
                workers=workers or places,
                on_run=lambda so_far: progress.update(
                    bar, completed=so_far.runs, description=f"{len(so_far.failing)} failing"
                ),
            )
        task = progress.add_task("shrinking", total=None, visible=False)
        saved = save_failures(
            found,
            profile,
            save or FOLDER,
            on_shrinking=lambda one: progress.update(task, visible=True, description=f"shrinking {one}"),
        )
    click.echo(json.dumps({**found.as_json(), **saved.as_json()}) if as_json else as_text(found))
    for sentence in saved.sentences():
        click.echo(sentence, err=True)
    context.exit(1 if found.failing else 0 if found.runs else 2)


def as_text(found: SearchResult) -> str:
    """The result of the search for people."""
    figures = found.as_json()
    rate = found.runs / found.wall_seconds * 60 if found.wall_seconds else 0
    lines = [
        f"{found.subject}: {found.runs} runs from seed {found.seed}, {len(found.failing)} failing",
        f"  {found.texts} texts, {found.faults} faults and crashes, {found.virtual_seconds / 3600:.0f} virtual hours "
        f"in {found.wall_seconds:.1f} s ({rate:.0f} runs a minute)",
        f"  lost {figures['lost']}, duplicated {figures['duplicated']}, wrong state {figures['wrong_state']}, "
        f"other {figures['other']}",
    ]
    for result in found.failing:
        more = len(result.sentences) - 1
        lines.append(f"  seed {result.seed}: {result.sentences[0]}{f' (and {more} more)' if more else ''}")
    if found.stopped_at_first:
        lines.append(f"  {left_out(found)}")
    return "\n".join(lines)


def left_out(found: SearchResult) -> str:
    """What a search that stopped at the first failing seed left out."""
    last, count = found.seed + found.runs - 1, found.left_out()
    if count is None:
        what = f"all seeds from {last + 1} on, and the rest of the time, were left out"
    elif count:
        what = f"{count} of {found.requested} runs were left out: seeds {last + 1} to {last + count}"
    else:
        what = "no run was left out: it was the last one"
    return f"stopped at seed {last}, the first that fails: {what}"


def replay_schedule(context: click.Context, file: Path, as_json: bool) -> None:
    """Run a saved schedule again, exactly; ends the command with its status."""
    try:
        schedule = Schedule.load(file)
        open_world = world_opener(schedule.subject)
    except (ScheduleError, UnknownSubject) as problem:
        raise click.UsageError(str(problem)) from None
    if not schedule.count(TEXTS):
        click.echo(f"{file} has no texts: nothing can be judged", err=True)
        context.exit(2)
    result = run_schedule(schedule, open_world)
    sentences = [str(violation) for violation in result.violations]
    if as_json:
        click.echo(json.dumps({"file": str(file), "subject": schedule.subject, "violations": sentences}))
    else:
        for event in schedule.events:
            click.echo(f"{event.at:10.1f} s  {event.kind}  {json.dumps(dict(event.fields), ensure_ascii=False)}")
        click.echo("\n".join([*sentences, result.summary]) if sentences else "nothing is wrong")
    sys.stdout.flush()
    context.exit(1 if sentences else 0)
