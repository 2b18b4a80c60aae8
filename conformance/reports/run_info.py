"""What a report says about its run besides the results: when, by which harness, how configured, how to repeat it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlsplit

from conformance.reports.fields import Fields

DISTRIBUTION = "cht-rapidpro-harness"
HIDDEN = "[hidden]"
SECRET_NAME = re.compile(
    r"(?i)(pass(word|wd|phrase)?|secret|token|api_?-?key|private_?-?key|credential|authorization)s?$"
)
ASSIGNMENT = re.compile(r"(?P<name>-{0,2}[A-Za-z_][\w.-]*)=(?P<value>.*)", re.DOTALL)
SELECTING = ("only", "level", "scenario")
"""Keys of the configuration that leave requirements or scenarios out."""


@dataclass(frozen=True, slots=True)
class RunInfo:
    """About one run. `created`: the ISO time at which it began, in real time. `command` repeats it.

    `configuration`: the options that were given, by name. Secrets in it and in the command are hidden by `of`.
    """

    created: str = ""
    command: str = ""
    seed: int | None = None
    configuration: Mapping[str, Any] = field(default_factory=dict)
    harness: str = ""

    @classmethod
    def of(cls, created: str, command: str, seed: int | None, configuration: Mapping[str, Any]) -> RunInfo:
        """About a run of this harness. Options that were not given (None, false, empty) are left out."""
        given = {
            name: value
            for name, value in configuration.items()
            if value is not None and value is not False and value not in ((), [])
        }
        return cls(created, without_secrets(command), seed, without_secrets(given), harness_version())

    @property
    def partial(self) -> bool:
        """Whether only a selection of requirements or scenarios was judged."""
        return any(self.configuration.get(name) for name in SELECTING)

    def as_json(self) -> dict[str, Any]:
        """Its keys in `report.json`."""
        return {
            "created": self.created,
            "harness": {"name": DISTRIBUTION, "version": self.harness},
            "seed": self.seed,
            "command": self.command,
            "configuration": dict(self.configuration),
        }

    @classmethod
    def from_json(cls, fields: Fields) -> RunInfo:
        """Read from a report. ForeignReport if a key is missing or of another kind."""
        harness = Fields(fields.any("harness"), f"{fields.where}.harness")
        seed = None if fields.any("seed") is None else fields.whole("seed")
        return cls(
            fields.text("created"),
            fields.text("command"),
            seed,
            fields.mapping("configuration"),
            harness.text("version"),
        )


def harness_version() -> str:
    """The installed version of this harness, or empty if it runs from a folder without being installed."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return ""


def without_secrets(value: Any) -> Any:
    """The value with hidden secrets: passwords in addresses, and in command lines what is named like a secret.

    Hidden are `X` in `--token X`, `--token=X`, `RELAY_PASSWORD=X` and `http://user:X@host`, at any depth.
    """
    if isinstance(value, Mapping):
        return {
            str(name): HIDDEN if SECRET_NAME.search(str(name)) and one else without_secrets(one)
            for name, one in value.items()
        }
    if isinstance(value, list | tuple):
        return [without_secrets(one) for one in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _command_without_secrets(str(value))  # such as a path


def _command_without_secrets(command: str) -> str:
    try:
        words = shlex.split(command)
    except ValueError:  # it is no command line
        return _address_without_password(command)
    hidden = list(words)
    for n, word in enumerate(words):
        if n and words[n - 1].startswith("-") and SECRET_NAME.search(words[n - 1]):
            hidden[n] = HIDDEN
        else:
            hidden[n] = _word_without_secrets(word)
    return command if hidden == words else shlex.join(hidden)


def _word_without_secrets(word: str) -> str:
    assigned = ASSIGNMENT.fullmatch(word)
    if assigned and SECRET_NAME.search(assigned["name"]):
        return f"{assigned['name']}={HIDDEN}"
    if " " in word:  # a command within the command, such as the value of --subject-command
        return _command_without_secrets(word)
    return _address_without_password(word)


def _address_without_password(word: str) -> str:
    try:
        password = urlsplit(word).password
    except ValueError:
        return word
    return word.replace(f":{password}@", f":{HIDDEN}@") if password else word
