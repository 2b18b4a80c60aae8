"""`relay-harness list` and `relay-harness show ID`: requirements and their scenarios."""

from __future__ import annotations

import click
from rich.table import Table

from conformance.cli.options.console import OutputConsole
from conformance.requirements.catalogue import UnknownRequirement, load, select
from conformance.running.runner import ScenarioEntry, scenarios


@click.command("list")
@click.pass_context
def list_command(context: click.Context, /) -> None:
    """List all requirements and their number of scenarios. Exits with 2 if a requirement or a scenario has none."""
    found = scenarios()
    requirements = load()
    table = Table(show_edge=False, pad_edge=False)
    for heading in ("id", "level", "scenarios", "requirement"):
        table.add_column(heading, overflow="fold", no_wrap=heading != "requirement")
    counts = {one.id: sum(one.id in entry.requirements for entry in found) for one in requirements}
    for requirement in requirements:
        table.add_row(requirement.id, requirement.level, str(counts[requirement.id]), requirement.sentence)
    OutputConsole().print(table)
    for problem in problems(found, counts):
        click.echo(problem, err=True)
        context.exit(2)


def problems(found: list[ScenarioEntry], counts: dict[str, int]) -> list[str]:
    """Requirements without scenarios, scenarios without (known) requirements."""
    known = set(counts)
    return [
        *(f"no scenario judges {id_}" for id_, count in counts.items() if not count),
        *(f"{entry.name!r} names no requirement" for entry in found if not entry.requirements),
        *(
            f"{entry.name!r} names {id_}, which does not exist"
            for entry in found
            for id_ in entry.requirements
            if id_ not in known
        ),
    ]


@click.command("show")
@click.argument("id_", metavar="ID")
def show_command(id_: str) -> None:
    """Show a requirement and its scenarios."""
    try:
        (requirement,) = select(load(), [id_.upper()])
    except UnknownRequirement as problem:
        raise click.UsageError(str(problem)) from None
    click.echo(f"{requirement.id} ({requirement.level}): {requirement.sentence}\nsource: {requirement.source}")
    click.echo(f"why: {requirement.why}\nfailing: {requirement.failing}")
    for entry in scenarios():
        if requirement.id in entry.requirements:
            click.echo(f"\n{entry.feature}: {entry.name}")
            for step in entry.steps:
                click.echo(f"  {step}")
