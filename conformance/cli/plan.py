"""`relay-harness plan`: when are so many texts out under a quota?"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console

from conformance.cli.conform import PROFILES
from conformance.cli.options.console import OutputConsole
from conformance.cli.options.types import Finite, OutputPath
from conformance.planning.best import LARGEST_QUOTA
from conformance.planning.plan import plan_for
from conformance.planning.plot import as_svg, check_plots
from conformance.planning.question import BadQuestion, Question, read_outage, seconds_until, time_of_day
from conformance.planning.result import Plan
from conformance.planning.terminal import heading, sentences, table, text_plot
from conformance.subjects.built_in import BuiltIn, UnknownSubject, named
from conformance.verdicts import SubjectFailed

MOST_TEXTS = 100_000
FASTEST_CHANNEL = 1_000
Read = TypeVar("Read")


@click.command("plan")
@click.option("--texts", type=click.IntRange(1, MOST_TEXTS), required=True, help="How many texts are due.")
@click.option(
    "--quota",
    type=click.IntRange(1, LARGEST_QUOTA),
    help="Requests an hour that RapidPro allows in each scope. Default: what this version of RapidPro allows.",
)
@click.option("--start", default="07:00", show_default=True, metavar="HH:MM", help="When the texts are due.")
@click.option("--by", metavar="HH:MM", help="When all must be out: exit status 1 if one is later.")
@click.option(
    "--outage", "outages", multiple=True, metavar="SERVICE:FROM-TO",
    help="rapidpro or cht is down, such as rapidpro:08:00-08:30. May be repeated.",
)  # fmt: skip
@click.option(
    "--tps", type=click.IntRange(1, FASTEST_CHANNEL), default=10, show_default=True,
    help="Texts that RapidPro's channel sends a second.",
)  # fmt: skip
@click.option(
    "--poll-seconds", type=Finite(min=1, max=86_400), default=60, show_default=True,
    help="Seconds between two polls of CHT by a relay; CHT's own gateway has its own interval.",
)  # fmt: skip
@click.option(
    "--subject", default="reference", show_default=True, metavar="NAME[,NAME]", help="Built-in subjects, side by side."
)
@click.option("--profile", type=click.Choice(PROFILES), default="26", show_default=True, help="RapidPro's version.")
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="For all randomness.")
@click.option("--svg", type=OutputPath(folder=False), help="Save a plot here. Needs matplotlib.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--quiet", is_flag=True, help="Print the table alone.")
@click.pass_context
def plan_command(
    context: click.Context, /, subject: str, svg: Path | None, as_json: bool, quiet: bool, **options: Any
) -> None:
    """When are so many texts out under RapidPro's quota?

    All texts are due at once. Subjects send them in virtual time, and are judged by the same checks as in the
    scenarios. The best possible is what no relay can surpass.
    """
    if as_json and quiet:
        raise click.UsageError("--json and --quiet exclude each other: use one of them")
    question, subjects = question_of(**options), subjects_of(subject)
    if svg is not None:
        check_plots()
        check_file(svg)
    try:
        with Console(stderr=True).status(f"{subject}: {question.texts:,} texts in virtual time"):
            plan = plan_for(question, subjects)
    except SubjectFailed as failure:
        click.echo(f"relay-harness: {failure}", err=True)
        context.exit(1)
    if svg is not None:
        svg.write_text(as_svg(plan), "utf-8")
    if as_json:
        click.echo(json.dumps(plan.as_json()))
    else:
        show(plan, quiet=quiet)
    context.exit(0 if plan.good() else 1)


def show(plan: Plan, *, quiet: bool) -> None:
    """Print a plan for people."""
    console = OutputConsole()
    if not quiet:
        click.echo(heading(plan))
    console.print(table(plan))
    if not quiet:
        click.echo("\n".join(["", *text_plot(plan)]))
    for sentence in sentences(plan):
        click.echo(sentence)


def question_of(
    texts: int, quota: int | None, start: str, by: str | None, outages: tuple[str, ...], tps: int, poll_seconds: float,
    profile: str, seed: int,
) -> Question:  # fmt: skip
    """The question that the options ask. click.BadParameter names the option that cannot be read."""
    begins = _read("--start", time_of_day, start)
    return Question(
        texts,
        quota,
        begins,
        None if by is None else seconds_until(_read("--by", time_of_day, by), begins),
        tuple(_read("--outage", lambda text: read_outage(text, begins), text) for text in outages),
        tps,
        poll_seconds,
        profile,
        seed,
    )


def _read(option: str, read: Callable[[str], Read], text: str) -> Read:
    try:
        return read(text)
    except BadQuestion as problem:
        raise click.BadParameter(str(problem), param_hint=option) from None


def subjects_of(names: str) -> list[BuiltIn]:
    """The built-in subjects with these names. click.UsageError if there is none, or an unknown one."""
    found = list(dict.fromkeys(word.strip() for word in names.split(",") if word.strip()))
    if not found:
        raise click.UsageError("--subject is empty: give names such as reference,cht-5.2")
    try:
        return [named(name) for name in found]
    except UnknownSubject as problem:
        raise click.UsageError(str(problem)) from None


def check_file(path: Path) -> None:
    """Create the file before a long run whose result could not be saved. click.UsageError if that fails."""
    try:
        path.touch()
    except OSError as failure:
        raise click.UsageError(f"{path} cannot be written: {failure.strerror or failure}") from None
