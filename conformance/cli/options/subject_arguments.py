"""The options of the command line that say what is judged, for every command that judges: `conform` and `load`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from conformance.cli.options.types import Finite, check_bind, check_command, check_url
from conformance.services.processes import FakeProcesses
from conformance.subjects.built_in import built_in

PORT = click.IntRange(1, 65535)
Command = TypeVar("Command", bound=Callable[..., Any])


def subject_arguments(command: Command) -> Command:
    """Give a command these options; their values are the fields of `SubjectOptions`."""
    for option in reversed(_options()):
        command = option(command)
    return command


def _options() -> list[Callable[[Any], Any]]:
    option = click.option
    return [
        option("--http", is_flag=True, help="Use real processes, real sockets and real time."),
        option("--subject-url", "url", callback=check_url, help="Judge the relay at this address."),
        option("--subject-command", "command", callback=check_command,
               help="Start that relay with this command, so that it can also be killed."),
        option("--subject", metavar="NAME[,NAME]", help=f"Judge built-in subjects: {', '.join(built_in())}."),
        option("--cht-url", callback=check_url,
               help="Judge the live CHT Core at this address; see above for what is written to it."),
        option("--cht-user", help="An administrator of that CHT."),
        option("--allow-remote", is_flag=True, help="Allow a relay or a CHT on another machine."),
        option("--bind", metavar="ADDRESS", callback=check_bind,
               help="The address of this machine at which that CHT, or a relay that runs already, reaches the fakes."),
        option("--cht-port", type=PORT, help="Where the fake CHT listens, for a relay that runs already."),
        option("--rapidpro-port", type=PORT, help="Where the fake RapidPro listens, for a relay that runs already."),
        option("--poll-seconds", type=Finite(min=0.05),
               help="How often the relay polls CHT (default 1), or seconds between passes of --cht-url (default 60)."),
        option("--start-seconds", type=Finite(min=0.1),
               help="How long the relay may take to listen (default 20; 3 if it runs already)."),
    ]  # fmt: skip


def settings_for(services: FakeProcesses, url: str | None) -> str:
    """What a relay that runs already at `url` must know. The built-in tokens and passwords are not secret."""
    there = services.neighbours
    return (
        f"waiting for your relay at {url}, which must have these settings:\n"
        f"  RapidPro: {there.rapidpro_url}, token {there.rapidpro_token}\n"
        f"  CHT: {there.cht_url}, user {there.cht_user}, password {there.cht_password}\n"
        f"  RapidPro presents the token {there.incoming_token} when it delivers a text"
    )
