"""`python -m fakes`: fake services as a process, flow expressions, the generated parts of the docs."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from fakes.ledger.options import keeping, ledger_options

SERVICES_BY_COMMAND = {"rapidpro": ("rapidpro",), "cht": ("cht",), "both": ("rapidpro", "cht")}
PORT = click.IntRange(0, 65535)


ABOUT = "Fakes of RapidPro and CHT that keep their state in memory and misbehave on demand."


def main() -> None:
    """The command line. Exit status 2 if the command could not be carried out."""
    commands = [*(_service_command(command) for command in SERVICES_BY_COMMAND), evaluate, flow, docs]
    settings = {"help_option_names": ["-h", "--help"]}
    click.Group(help=ABOUT, commands=commands, context_settings=settings)(prog_name="python -m fakes")


def _service_command(command: str) -> click.Command:
    names = SERVICES_BY_COMMAND[command]

    @click.command(command, help=f"Serve the fake {' and '.join(names)}; prints their addresses as one JSON line.")
    @click.option("--port", type=PORT, default=0, help="Port of the first service; the second gets the next. 0: any.")
    @_own_ports(names)
    @click.option("--control-port", type=PORT, default=0, help="Port of the control API, always on loopback. 0: any.")
    @click.option("--bind", default="127.0.0.1", show_default=True, help="Address of the services.")
    @click.option("--seed-file", type=click.Path(path_type=Path), help="JSON with the initial state of the services.")
    @click.option(
        "--flows", type=click.Path(path_type=Path), multiple=True, help="A file of flows, as RapidPro exports it."
    )
    @click.option("--profile", default="26", show_default=True, help="Version of RapidPro to imitate.")
    @click.option("--cht-release", default="5.2", show_default=True, help="Release of CHT to imitate, 3.11 to 5.2.")
    @click.option("--clock", type=click.Choice(["system", "virtual"]), default="system", show_default=True)
    @click.option("--now", help="ISO time at which a virtual clock starts.")
    @click.option("--seed", type=int, default=1, show_default=True, help="Seed of all randomness.")
    @ledger_options
    @click.option("--page", is_flag=True, help="Serve the page for people who test by hand, beside the control API.")
    @click.option("--stop-with-stdin", is_flag=True, help="End when standard input ends.")
    def serve(seed_file: Path | None, now: str | None, **options: Any) -> None:
        ports = {name: options.pop(f"{name}_port") for name in names if len(names) > 1}
        given = {"keeping": keeping(options), "ports": {name: port for name, port in ports.items() if port}}
        _serve(names, seed_file, now, {**options, **given})

    return serve


def _own_ports(names: tuple[str, ...]) -> Callable[[click.decorators.FC], click.decorators.FC]:
    """An option for the port of each service, if there are several."""

    def decorate(command: click.decorators.FC) -> click.decorators.FC:
        for name in reversed(names if len(names) > 1 else ()):
            text = f"Port of the fake {name}, instead of the one after --port."
            command = click.option(f"--{name}-port", type=PORT, default=0, help=text)(command)
        return command

    return decorate


def _serve(names: tuple[str, ...], seed_file: Path | None, now: str | None, options: dict[str, Any]) -> None:
    from fakes.clock import parse_moment  # imported here to keep --help fast
    from fakes.standalone import CannotStart, Settings, read_seeds, run

    try:
        if now is not None and options["clock"] != "virtual":
            raise CannotStart("--now sets a virtual clock: add --clock virtual")
        moment = None if now is None else parse_moment(now)
        seeds = {} if seed_file is None else read_seeds(seed_file, names)
        settings = Settings(services=names, seeds=seeds, now=moment, **options)
    except (CannotStart, ValueError) as reason:
        raise _StartupError(str(reason)) from None
    try:
        run(settings)
    except CannotStart as reason:
        raise _StartupError(str(reason)) from None


class _StartupError(click.ClickException):
    """An error that is printed as one sentence."""

    exit_code = 2


@click.command("eval")
def evaluate() -> None:
    """Evaluate flow expressions: one JSON object per line in, one per line out."""
    from fakes.rapidpro.flows.eval import run

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    sys.exit(run(sys.stdin.buffer, sys.stdout))


@click.command("flow")
def flow() -> None:
    """Run conversations with exported flows: one JSON job per line in, one answer per line out."""
    from fakes.rapidpro.flows.jobs.lines import run

    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    sys.exit(run(sys.stdin.buffer, sys.stdout))


@click.command("docs")
@click.option("--check", is_flag=True, help="Only check whether the files are up to date.")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False), default=Path("docs"))
def docs(check: bool, folder: Path) -> None:
    """Write the lists of effects, presets and versions into the docs."""
    from fakes.cht.releases import docs as releases
    from fakes.faults import docs as faults
    from fakes.rapidpro.versions import docs as profiles

    parts = {"faults.md": faults.updated, "profiles.md": profiles.updated, "cht-releases.md": releases.updated}
    for name, updated in parts.items():
        file = folder / name
        text = file.read_text(encoding="utf-8")
        new = updated(text)
        if new != text and check:
            click.echo(f"fakes: {file} is stale: run python -m fakes docs", err=True)
            sys.exit(1)
        if new != text:
            file.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    main()
