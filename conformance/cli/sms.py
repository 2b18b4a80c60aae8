"""`relay-harness sms`: act as a phone of running fakes, or as CHT with a text to send."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote

import click

from conformance.cli.options.running_fakes import NotDone, RunningFakes, show, with_fakes, with_json
from conformance.cli.options.subject import PASSWORD
from conformance.cli.options.types import Finite, check_url, is_loopback
from conformance.history.session_lines import session_lines
from conformance.services.cht_client import ChtClient, message_document
from conformance.services.neighbours import CHT_ADMIN
from conformance.services.processes import plain_session
from conformance.verdicts import HarnessBroken
from fakes.clock import SystemClock

LOOK_EVERY = 0.1
"""Seconds between two looks at a phone."""


@click.group("sms")
def sms_command() -> None:
    """Act as a phone, or give CHT a text to send."""


@sms_command.command("send")
@click.argument("number")
@click.argument("text")
@with_fakes
@with_json
@click.pass_context
def send(context: click.Context, /, fakes: RunningFakes, number: str, text: str, as_json: bool) -> None:
    """Send TEXT from the phone NUMBER, and show what was done with it. Exits with 1 if no webhook or flow took it."""
    result = fakes.post(_phone(number), {"text": text})
    show(result, "\n".join(result_lines(result)), as_json)
    context.exit(0 if was_accepted(result) else 1)


@sms_command.command("show")
@click.argument("number")
@click.option("--run", "with_runs", is_flag=True, help="Show the flows: path, results, webhook calls, errors.")
@with_fakes
@with_json
def show_(fakes: RunningFakes, number: str, with_runs: bool, as_json: bool) -> None:
    """Show what the phone NUMBER sent and received, in order."""
    if with_runs:
        found = fakes.get(_phone(number).removesuffix("texts") + "sessions")
        show(found, "\n".join(session_lines(found)), as_json)
        return
    texts = _texts(fakes, number)
    show({"texts": texts}, "\n".join(map(line_of, texts)) or f"{number} has sent and received nothing", as_json)


@sms_command.command("due")
@click.argument("number")
@click.argument("text")
@click.option("--cht-url", envvar="HARNESS_CHT", show_envvar=True, callback=check_url,
              help="The CHT. Default: the fake one.")  # fmt: skip
@click.option("--cht-user", help="An administrator there; the password comes from CHT_PASSWORD. Default: the fake's.")
@click.option("--allow-remote", is_flag=True, help="Allow a CHT on another machine: a real text may be sent.")
@with_fakes
@with_json
def due(
    fakes: RunningFakes, number: str, text: str, cht_url: str | None, cht_user: str | None, allow_remote: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Give CHT the TEXT to send to NUMBER. The relay gets it when it polls."""
    if not number.strip() or not text.strip():
        raise click.UsageError("NUMBER and TEXT must not be empty")
    if cht_url is not None and not allow_remote and not is_loopback(cht_url):
        raise click.UsageError(f"{cht_url} is not on this machine: to send a text from there, use --allow-remote")
    account = CHT_ADMIN if cht_user is None else (cht_user, _password(cht_user))
    now = datetime.fromisoformat(fakes.get("/clock")["now"])
    cht = ChtClient(plain_session(), cht_url or address_of_cht(fakes), *account)
    id_ = f"harness-{uuid.uuid4().hex[:12]}"
    try:
        cht.put(message_document(id_, [(number, text)], now))
    except HarnessBroken as problem:
        raise NotDone(str(problem)) from None
    document = {"document": id_, "cht": cht.url, "to": number, "text": text}
    show(document, f"CHT has the text to send, in document {id_}", as_json)


@sms_command.command("wait")
@click.argument("number")
@click.option("--for", "seconds", type=Finite(min=0), default=10, show_default=True, help="Seconds to wait.")
@click.option("--known", type=click.IntRange(min=0), help="Ignore this many received texts. Default: all so far.")
@with_fakes
@with_json
@click.pass_context
def wait(
    context: click.Context, /, fakes: RunningFakes, number: str, seconds: float, known: int | None, as_json: bool
) -> None:
    """Wait until the phone NUMBER receives a new text, and show it. Exits with 1 if none arrived."""
    clock, pause = SystemClock(), threading.Event()
    until = clock.timestamp() + seconds
    if known is None:
        known = len(_received(fakes, number))
    new = _received(fakes, number)[known:]
    while not new and clock.timestamp() < until:
        pause.wait(LOOK_EVERY)
        new = _received(fakes, number)[known:]
    show({"texts": new}, "\n".join(map(line_of, new)) or f"{number} received no text within {seconds:g} s", as_json)
    context.exit(0 if new else 1)


def address_of_cht(fakes: RunningFakes) -> str:
    """The URL of the fake CHT. NotDone if none runs there."""
    url = fakes.get("/health").get("cht")
    if url is None:
        raise NotDone(f"the fakes at {fakes.url} have no CHT: use --cht-url")
    return str(url)


def was_accepted(result: Mapping[str, Any]) -> bool:
    """Whether the last webhook call was answered with 2xx; without a call, whether a flow took the text."""
    call = result["webhook"]
    if call is None:
        return result["run"] is not None and not result["errors"]
    return 200 <= int(call["status"]) < 300


def result_lines(result: Mapping[str, Any]) -> Iterator[str]:
    """What RapidPro and the relay did with a text, for people."""
    if result["ignored"]:
        yield f"RapidPro ignored it: {result['ignored']}"
    elif result["duplicate"]:
        yield f"RapidPro dropped it as a duplicate of message {result['message']}"
    else:
        yield f"RapidPro stored it as message {result['message']}"
        if result["run"] is None:
            yield "no flow took it: no webhook is set and no trigger fits, or the sender is blocked"
        elif not result["calls"]:
            yield "a flow took it and called no webhook"
    for call in result["calls"]:
        outcome = call["error"] or f"{call['status']} {call['body']}".rstrip()
        yield f"POST {call['url']}: {outcome}"
    for error in result["errors"]:
        yield f"error in the flow: {error}"
    for reply in result["replies"]:
        yield f"RapidPro replies to the sender: {reply['text']}"
    if result["waits"]:
        yield "the flow waits for the next text"


def line_of(text: Mapping[str, Any]) -> str:
    """One text on a phone."""
    return f"{text['at']}  {text['direction']:8}  {text['text']}"


def _received(fakes: RunningFakes, number: str) -> list[dict[str, Any]]:
    return [text for text in _texts(fakes, number) if text["direction"] == "received"]


def _texts(fakes: RunningFakes, number: str) -> list[dict[str, Any]]:
    return list(fakes.get(_phone(number))["texts"])


def _phone(number: str) -> str:
    if not number.strip() or "/" in number:
        raise click.UsageError("expected a phone number such as +250788123123")
    return f"/rapidpro/phones/{quote(number, safe='+')}/texts"


def _password(user: str) -> str:
    password = os.environ.get(PASSWORD)
    if not password:
        raise click.UsageError(f"the environment variable {PASSWORD} is not set: the password of {user}")
    return password
