"""`relay-harness flow record`: a typed conversation with an exported flow becomes a file for `flow test`."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from conformance.cli.options.running_fakes import NotDone
from conformance.flows.conversations.document import BadFile, Document
from conformance.flows.conversations.model import GENERATIONS
from conformance.flows.conversations.reading import conversations_of
from conformance.flows.conversations.yaml_files import dump, round_trip
from conformance.flows.judging.judge import play
from conformance.flows.playing.exports import BadExport, read_export
from conformance.flows.playing.person import Endless, Person
from conformance.flows.results.recording import HELP, BadLine, Recording, write
from fakes.rapidpro.flows.engine import NotAccepted, Refused, TooMuch
from fakes.rapidpro.versions.generation import Generation

MAX_LINES = 1000
ENDPOINTS = ("fake-cht", "200", "400", "403", "500", "late", "gone")


@click.command("record")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--to", type=click.Path(path_type=Path, dir_okay=False),
              help="Write the conversation to this YAML file, or add it there. Default: print it.")  # fmt: skip
@click.option("--name", default="Recorded conversation", show_default=True, help="The name of the conversation.")
@click.option("--generation", type=click.Choice(list(GENERATIONS)), default="new", show_default=True,
              help="The flow engine: 9 is RapidPro up to 9.3.")  # fmt: skip
@click.option("--global", "globals_", multiple=True, metavar="NAME=VALUE", help="A global. May be repeated.")
@click.option("--endpoint", type=click.Choice(list(ENDPOINTS)), default="fake-cht", show_default=True,
              help="How webhooks are answered, unless /answer says otherwise.")  # fmt: skip
@click.option("--number", default="+254712345678", show_default=True, help="The person's number.")
@click.pass_context
def record_command(
    context: click.Context, /, file: Path, to: Path | None, name: str, generation: Generation,
    globals_: Sequence[str], endpoint: str, number: str,
) -> None:  # fmt: skip
    """Text an exported flow line by line and keep the conversation as a test.

    A line is a text. /wait 2 hours, /answer 500 (for the next webhook; also late, gone, fake-cht), /start FLOW, /end.
    """
    place = to or Path("recorded.test.yaml")
    answer = int(endpoint) if endpoint.isdecimal() else endpoint
    header: dict[str, object] = {
        "flow": os.path.relpath(file, place.parent), "globals": dict(map(_pair, globals_)),
        "contact": {"number": number}, "endpoint": answer,
    }  # fmt: skip
    header = {key: value for key, value in header.items() if value != {}}
    try:
        recording = _recorded(header, place, generation)
        if len(recording.steps) == 1:
            raise BadFile("no line was given: type a text, or /start FLOW")
        conversation = recording.conversation(name, answer)
        if not _passes_elsewhere(header, conversation, place, generation):
            conversation = {"name": name, "generations": [generation], **conversation}
            click.echo(f"the other generation does otherwise: the conversation is for {generation} only", err=True)
        _keep(header, conversation, to)
    except (BadFile, BadExport, Refused) as error:
        raise NotDone(f"nothing was recorded: {error}") from None
    context.exit(0)


def _recorded(header: dict[str, object], place: Path, generation: Generation) -> Recording:
    """The conversation as it is typed, with what happens printed to standard error."""
    draft = {**header, "conversations": [{"name": "draft", "steps": [{"text": ""}]}]}
    (conversation,) = conversations_of(Document(place, draft, {}))
    setting = conversation.setting
    recording = Recording(Person(setting, read_export(setting.flow), generation), dict(setting.globals))
    interactive = sys.stdin.isatty()
    if interactive:
        click.echo(HELP, err=True)
    for count, line in enumerate(iter(sys.stdin.readline, ""), 1):
        text = line.rstrip("\r\n")
        if text.strip() == "/end":
            break
        if not text:
            continue
        if count > MAX_LINES:
            raise BadFile(f"expected at most {MAX_LINES} lines: divide the conversation")
        _feed(recording, text, count, interactive)
    recording.finish()
    return recording


def _feed(recording: Recording, text: str, count: int, interactive: bool) -> None:
    try:
        for told in recording.feed(text):
            click.echo(told.written(), err=True)
    except (BadLine, NotAccepted, TooMuch, Endless, BadExport) as error:
        if not interactive:
            raise BadFile(f"line {count}: {error}") from None
        click.echo(str(error), err=True)


def _passes_elsewhere(
    header: dict[str, object], conversation: dict[str, object], place: Path, generation: Generation
) -> bool:
    (read,) = conversations_of(Document(place, {**header, "conversations": [conversation]}, {}))
    other = next(one for one in GENERATIONS if one != generation)
    return play(read, read_export(read.setting.flow), other).outcome == "passed"


def _keep(header: dict[str, object], conversation: dict[str, object], to: Path | None) -> None:
    if to is None:
        click.echo(dump(round_trip(""), {**header, "conversations": [conversation]}), nl=False)
        return
    try:
        write(to, header, conversation)
    except OSError as error:
        raise NotDone(f"{to} cannot be written: {error.strerror}") from None
    click.echo(f"the conversation {conversation['name']!r} is in {to}", err=True)


def _pair(word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not equals or not name.strip():
        raise click.UsageError(f"--global: expected NAME=VALUE such as cht_url=https://..., got {word!r}")
    return name.strip(), value
