"""What `fault` and `sms` share: the control API of fakes that run already, and how its refusals are told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click
import requests

from conformance.cli.options.types import check_url
from conformance.services.control_client import TIMEOUT, ControlClient
from conformance.services.processes import plain_session

VARIABLE = "HARNESS_CONTROL"
Command = TypeVar("Command", bound=Callable[..., Any])


class NotDone(click.ClickException):
    """What was asked for could not be done, for a reason in a sentence."""

    exit_code = 2


class RunningFakes(ControlClient):
    """The control API at `url`; its refusals, and everything else that keeps it from answering, are NotDone."""

    def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            response = self._session.request(method, f"{self.url}{path}", timeout=TIMEOUT, **options)
        except requests.RequestException as failure:
            raise NotDone(
                f"no control API answers at {self.url} ({type(failure).__name__}): do the fakes run there? "
                "`relay-harness up` starts some and prints the address"
            ) from None
        try:
            found = response.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise NotDone(f"what answers at {self.url} is no control API of the fakes: {method} {path} gave no object")
        if not response.ok:
            raise NotDone(str(found.get("error") or f"{method} {path}: {response.status_code}"))
        return found


def with_fakes(command: Command) -> Command:
    """Give a command the option --control, as `fakes`."""
    return click.option(
        "--control",
        "fakes",
        envvar=VARIABLE,
        show_envvar=True,
        metavar="URL",
        callback=_reached,
        help="The control API of running fakes, as `relay-harness up` prints it.",
    )(command)


def with_json(command: Command) -> Command:
    """Give a command the option --json, as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)


def show(document: Any, lines: str, as_json: bool) -> None:
    """Print the one or the other."""
    click.echo(json.dumps(document, ensure_ascii=False) if as_json else lines)


def _reached(context: click.Context, parameter: click.Parameter, value: str | None) -> RunningFakes:
    url = check_url(context, parameter, value or None)
    if url is None:
        raise click.UsageError(
            f"where do the fakes run? Give --control URL, or the environment variable {VARIABLE}: "
            "`relay-harness up` prints the address"
        )
    return RunningFakes(plain_session(), url)
