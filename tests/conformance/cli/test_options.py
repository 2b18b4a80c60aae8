"""All commands and their options: what cannot be meant is status 2 and a sentence that names the option."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from conformance.cli import COMMANDS, harness
from conformance.cli.judging.selection import expanded, selected
from conformance.cli.options.subject import SubjectOptions
from conformance.requirements.catalogue import load

URL, REMOTE = "http://127.0.0.1:7070", "http://192.0.2.1:7070"
NUMBERS = (click.types.IntParamType, click.types.FloatParamType)


def commands(
    group: click.Group = harness, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command, also those of groups, with the words that call it."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*path, name), command
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def options() -> Iterator[tuple[tuple[str, ...], click.Option]]:
    """Every option, with the words that call its command."""
    for path, command in commands():
        yield from ((path, option) for option in command.params if isinstance(option, click.Option))


def refused(*arguments: str) -> str:
    """What the command says. It must end with 2 and without a traceback."""
    result = CliRunner().invoke(harness, arguments)
    assert result.exit_code == 2, (arguments, result.output)
    assert isinstance(result.exception, SystemExit), (arguments, result.exception)
    return result.output


def test_every_option_refuses_what_is_not_of_its_type() -> None:
    walked = 0
    for path, option in options():
        flag = max(option.opts, key=len)
        if isinstance(option.type, (*NUMBERS, click.Choice)) and not option.is_flag:
            said = refused(*path, flag, "nonsense")
            assert flag in said
            assert "nonsense" in said
            walked += 1
        if not option.is_flag:
            assert f"Option '{flag}' requires an argument" in refused(*path, flag)
    assert walked > 20


def test_every_number_out_of_its_range_is_refused() -> None:
    walked = 0
    for path, option in options():
        flag = max(option.opts, key=len)
        low, high = (getattr(option.type, name, None) for name in ("min", "max"))
        for outside in [*([] if low is None else [low - 1]), *([] if high is None else [high + 1])]:
            assert flag in refused(*path, flag, str(outside))
            walked += 1
        if isinstance(option.type, click.types.FloatParamType):
            assert flag in refused(*path, flag, "nan")
    assert walked > 20


SENSELESS = ("", "http://[", "'unclosed")
"""Texts that are no address, no command, no id and no name of anything; the first is no path either."""
RIGHT = {"preset": "throttled", "number": "+250788123001", "text": "hello", "id_": "OUT-1", "name": "reminder_morning"}
"""Right values of arguments, so that only the option is wrong. Files are missing all the same."""


def required(command: click.Command, *, options_only: bool = False) -> Iterator[str]:
    """What the command cannot do without, so that only what is tested is wrong."""
    for one in command.params:
        if isinstance(one, click.Option) and one.required:
            yield from (max(one.opts, key=len), "1")
        elif one.required and not options_only:
            yield RIGHT.get(str(one.name), "missing.json")


def test_every_option_that_takes_words_refuses_senseless_ones() -> None:
    walked = 0
    for path, command in commands():
        for option in command.params:
            if isinstance(option, click.Option) and not option.is_flag and not isinstance(option.type, NUMBERS):
                walked += 1
                for value in SENSELESS[:1] if isinstance(option.type, click.Path) else SENSELESS:
                    refused(*path, *required(command), max(option.opts, key=len), value)
    assert walked > 40


def test_every_argument_is_asked_for_and_none_is_too_many() -> None:
    for path, command in commands():
        wanted = [one for one in command.params if isinstance(one, click.Argument)]
        if isinstance(command, click.Group):
            assert "No such command 'nonsense'" in refused(*path, "nonsense")
            continue
        if any(one.required for one in wanted):
            assert "Missing argument" in refused(*path)
        for one in wanted:
            right = {other.name: RIGHT.get(str(other.name), "missing.json") for other in wanted}
            refused(*path, *({**right, one.name: "no such thing"}.values()))
        if all(one.nargs == 1 for one in wanted):
            fakes = ("--control", URL) if any("--control" in option.opts for option in command.params) else ()
            needed = (*fakes, *required(command, options_only=True))
            fitting = ["1" if isinstance(one.type, NUMBERS) else "." for one in wanted]
            assert "unexpected extra argument" in refused(*path, *needed, *fitting, "more")


def test_every_command_refuses_an_option_that_it_does_not_have() -> None:
    paths = [path for path, _ in commands()]
    assert {path[0] for path in paths} == set(COMMANDS)
    for path in paths:
        assert "No such option" in refused(*path, "--no-such-option")


TOGETHER = {
    "--cht-port goes with --subject-url without": ("--subject-url", URL, "--subject-command", "x", "--cht-port", "1"),
    "--rapidpro-port goes with": ("--http", "--rapidpro-port", "1"),
    "are both 5000: they must differ": ("--subject-url", URL, "--cht-port", "5000", "--rapidpro-port", "5000"),
    "--start-seconds goes with --subject-url": ("--http", "--start-seconds", "1"),
    "--patience-seconds goes with": ("--patience-seconds", "2"),
    "--bind goes with": ("--subject-url", URL, "--subject-command", "x", "--bind", "127.0.0.1"),
    "is not an address that CHT can call": ("--cht-url", URL, "--cht-user", "x", "--bind", "0.0.0.0"),
    "judging a relay sends it texts": ("--subject-url", REMOTE),
    "judging a CHT changes its settings": ("--cht-url", REMOTE, "--cht-user", "x"),
    "--allow-remote goes with": ("--allow-remote",),
    "both say what is judged": ("--subject", "reference", "--http"),
    "--cht-url and --cht-user go together": ("--cht-user", "x"),
    "--only is empty": ("--only", ","),
    "unknown requirement OUT-99, NONE*": ("--only", "out-99", "--only", "none*,OUT-1"),
    "--time-limit": ("--time-limit", "inf"),
}


@pytest.mark.parametrize(("sentence", "arguments"), TOGETHER.items(), ids=list(TOGETHER))
def test_options_that_do_not_go_together_are_refused(sentence: str, arguments: tuple[str, ...]) -> None:
    assert sentence in refused("conform", *arguments)


def test_a_file_in_the_place_of_the_folder_of_logs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("taken", "utf-8")
    assert "cannot be used as an output folder" in refused("conform", "--http", "--report-dir", str(tmp_path))


def test_ids_are_selected_in_any_case_and_by_group() -> None:
    ids = [requirement.id for requirement in load()]
    outgoing = [id_ for id_ in ids if id_.startswith("OUT-")]
    assert [one.id for one in selected(("out-*",), None)] == outgoing
    assert [one.id for one in selected(("in-1, Out-1", "OUT-1"), None)] == ["IN-1", "OUT-1"]
    assert len(selected((), None)) == len(ids)
    assert expanded("NOPE", ids) == ["NOPE"]


def test_the_command_that_repeats_a_run_has_all_options_of_the_subject() -> None:
    for url, command in product((None, URL), (None, "node relay.js")):
        options = SubjectOptions(
            False, url, command, "26", 1, 2.5, cht_port=5988, rapidpro_port=5989, start_seconds=3, patience_seconds=4
        )
        words = options.arguments()
        for word in ("--poll-seconds 2.5", "--cht-port 5988", "--rapidpro-port 5989", "--start-seconds 3"):
            assert word in words
        assert ("--subject-command 'node relay.js'" in words) == (command is not None)
