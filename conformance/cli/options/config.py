"""The subject file: `harness.toml`, or the table `[tool.relay-harness]` of `pyproject.toml`, with options of `conform`.

A key is an option without its dashes, such as `subject-url`; the table `environment` has variables for the relay, and
the table `load` has options of `load`, which also takes what the file says about the subject. Options on the command
line win.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from conformance.subjects.own_environment import BadTemplate, check

FILE = "harness.toml"
PROJECT = "pyproject.toml"
TABLE = "relay-harness"
ENVIRONMENT = "environment"
NOT_IN_FILES = frozenset({"config", "json", "help"})
OWN_TABLES = frozenset({"load"})
"""Commands with a table of their own."""
SUBJECTS = (("http",), ("subject-url", "subject-command"), ("subject",), ("cht-url", "cht-user"))
"""Options that say what is judged. If the command line has one of them, the file's others do not apply."""
GO_WITH_SUBJECT = frozenset(
    {"bind", "cht-port", "rapidpro-port", "poll-seconds", "start-seconds", "patience-seconds", "allow-remote"}
    | {ENVIRONMENT}
)

ABOUT_SUBJECT = (
    (GO_WITH_SUBJECT - {"patience-seconds"}) | {"profile", "seed"} | {key for group in SUBJECTS for key in group}
)
"""What `load` takes from the options of `conform`."""


def read_config(context: click.Context, _parameter: click.Parameter, value: Path | None) -> Path | None:
    """Callback of `--config`: let the values of the file be the defaults of the other options.

    Without `--config` the file is looked for in the current folder. click.UsageError names the file and the key.
    """
    path = value or found()
    if path is None or context.resilient_parsing:  # a shell asks for completions
        return value
    options = {option_name(one): one for one in context.command.params if isinstance(one, click.Option)}
    defaults: dict[str, Any] = {}
    for table, key, given in entries(path, str(context.command.name)):
        if key == ENVIRONMENT and not table:
            context.meta[ENVIRONMENT] = environment_of(path, given)
        elif key not in options or key in NOT_IN_FILES:
            known = ", ".join(sorted({*options, *(() if table else (ENVIRONMENT,))} - NOT_IN_FILES))
            raise click.UsageError(f"{path}: unknown key {table + key!r}; known: {known}")
        else:
            option = options[key]
            defaults[str(option.name)] = converted(context, option, given, f"{path}: {table}{key}")
    context.default_map = defaults
    return value


def entries(path: Path, command: str) -> Iterator[tuple[str, str, object]]:
    """What the file says to a command: the name of the table with a dot, or nothing; the key; the value.

    A command with a table of its own takes only the subject from the rest of the file, which is `conform`'s.
    """
    whole = table_of(path)
    for key, given in whole.items():
        if key not in OWN_TABLES and (command not in OWN_TABLES or key in ABOUT_SUBJECT):
            yield "", key, given
    own = whole.get(command, {}) if command in OWN_TABLES else {}
    if not isinstance(own, dict):
        raise click.UsageError(f"{path}: {command} must be a table such as [{command}], got {own!r}")
    for key, given in own.items():
        yield f"{command}.", key, given


def found() -> Path | None:
    """The subject file in the current folder, if there is one."""
    if Path(FILE).is_file():
        return Path(FILE)
    project = Path(PROJECT)
    if project.is_file() and TABLE.encode() in project.read_bytes():
        return None if table_in(parsed(project)) is None else project
    return None


def table_in(project: Mapping[str, Any]) -> object:
    """The table for the harness in a `pyproject.toml`; None if there is none."""
    tools = project.get("tool")
    return tools.get(TABLE) if isinstance(tools, dict) else None


def table_of(path: Path) -> Mapping[str, Any]:
    """The options in a file. click.UsageError if it cannot be read."""
    document = parsed(path)
    if path.name != PROJECT:
        return document
    table = table_in(document)
    if not isinstance(table, dict):
        raise click.UsageError(f"{path}: there is no table [tool.{TABLE}]")
    return table


def parsed(path: Path) -> dict[str, Any]:
    """The TOML document in a file. click.UsageError says why it is none."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as failure:
        raise click.UsageError(f"{path} cannot be read: {failure.strerror or failure}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as problem:
        raise click.UsageError(f"{path} is not TOML: {problem}") from None


def option_name(option: click.Option) -> str:
    """The key for an option: its longest name without dashes in front."""
    return max(option.opts, key=len).lstrip("-")


def converted(context: click.Context, option: click.Option, given: object, where: str) -> Any:
    """The value as the option takes it. click.UsageError for another type or a value that the option refuses."""
    expected, types = expectation(option)
    is_list = option.multiple and isinstance(given, list)
    for one in given if is_list and isinstance(given, list) else [given]:
        if not isinstance(one, types) or (isinstance(one, bool) and not option.is_flag):
            raise click.UsageError(f"{where} must be {expected}, got {one!r}")
        if isinstance(one, str) and "\0" in one:
            raise click.UsageError(f"{where} must not contain the character NUL, as on the command line")
    value = [given] if option.multiple and not is_list else given
    try:
        option.process_value(context, value)
    except click.BadParameter as problem:
        raise click.UsageError(f"{where}: {problem.message}") from None
    return value


def expectation(option: click.Option) -> tuple[str, tuple[type, ...]]:
    """The TOML type that an option needs: for people, and in Python."""
    if option.is_flag:
        return "true or false", (bool,)
    if isinstance(option.type, click.types.IntParamType):
        return "a whole number", (int,)
    if isinstance(option.type, click.types.FloatParamType):
        return "a number", (int, float)
    return ("a string or a list of strings" if option.multiple else "a string"), (str,)


def environment_of(path: Path, given: object) -> dict[str, str]:
    """The relay's own variables. click.UsageError for anything but strings, or a placeholder that is not known."""
    if not isinstance(given, dict):
        raise click.UsageError(f'{path}: {ENVIRONMENT} must be a table such as {{CHT_BASE = "{{cht_url}}"}}')
    for name, template in given.items():
        if not isinstance(template, str):
            raise click.UsageError(f"{path}: {ENVIRONMENT}.{name} must be a string, got {template!r}")
        if not name or "=" in name or "\0" in name + template:
            raise click.UsageError(f"{path}: {ENVIRONMENT}: {name!r} cannot be a variable of a process")
        try:
            check(template)
        except BadTemplate as problem:
            raise click.UsageError(f"{path}: {ENVIRONMENT}.{name}: {problem}") from None
    return given


def overruled(context: click.Context) -> frozenset[str]:
    """The keys of the file that do not apply, because the command line names another subject."""
    names = {option_name(one): str(one.name) for one in context.command.params if isinstance(one, click.Option)}

    def on_command_line(key: str) -> bool:
        return key in names and context.get_parameter_source(names[key]) is ParameterSource.COMMANDLINE

    def in_file(group: tuple[str, ...]) -> bool:
        return any(names[key] in (context.default_map or {}) for key in group)

    for group in SUBJECTS:
        if any(map(on_command_line, group)):
            others = [other for other in SUBJECTS if other is not group]
            left = {key for other in others for key in other}
            left |= GO_WITH_SUBJECT if any(map(in_file, others)) else set()
            return frozenset(key for key in left if key == ENVIRONMENT or not on_command_line(key))
    return frozenset()


def without_overruled(context: click.Context, options: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """The subject's options, with those of the file that do not apply left out (None, or False for flags)."""
    names = {option_name(one): str(one.name) for one in context.command.params if isinstance(one, click.Option)}
    dropped = {names.get(key, key) for key in overruled(context)}
    for name, value in options.items():
        yield name, (False if isinstance(value, bool) else None) if name in dropped else value
    yield ENVIRONMENT, {} if ENVIRONMENT in dropped else context.meta.get(ENVIRONMENT, {})
