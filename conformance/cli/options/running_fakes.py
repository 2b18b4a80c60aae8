"""What `fault`, `sms` and `ledger` share: a client of the control API of running fakes, and how it reports errors."""

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
    """The command could not be carried out; the message says why."""

    exit_code = 2


class RunningFakes(ControlClient):
    """The control API at `url`. Every refusal or failure is NotDone."""

    def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            response = self._session.request(method, f"{self.url}{path}", timeout=TIMEOUT, **options)
        except requests.RequestException as failure:
            raise NotDone(
                f"no control API answers at {self.url} ({type(failure).__name__}): are the fakes running there? "
                "`relay-harness up` starts them and prints the address"
            ) from None
        try:
            found = response.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise NotDone(f"{self.url} is not the control API of the fakes: {method} {path} returned no JSON object")
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
    """Print `document` as JSON, or `lines`."""
    click.echo(json.dumps(document, ensure_ascii=False) if as_json else lines)


def _reached(context: click.Context, parameter: click.Parameter, value: str | None) -> RunningFakes:
    url = check_url(context, parameter, value or None)
    if url is None:
        raise click.UsageError(
            f"the address of the fakes is missing. Give --control URL, or the environment variable {VARIABLE}: "
            "`relay-harness up` prints the address"
        )
    return RunningFakes(plain_session(), url)
