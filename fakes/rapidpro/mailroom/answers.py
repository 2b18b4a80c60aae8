"""The control API's answer about a text."""

from __future__ import annotations

from typing import Any

from fakes.rapidpro.mailroom.sessions.history import call_outcome
from fakes.rapidpro.mailroom.sessions.work import Done

NOTES = ("error", "warning", "failure")


def outcome(
    message_id: int | None, *, text: str | None = None, run: str | None = None,
    calls: list[dict[str, Any]] | None = None, replies: list[dict[str, Any]] | None = None,
    errors: list[str] | None = None, waits: bool = False, duplicate: bool = False, ignored: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """`text` is what RapidPro stored; `webhook` is the last call, `calls` are all; `reply` is the last of `replies`."""
    calls, replies = calls or [], replies or []
    return {
        "message": message_id,
        "text": text,
        "run": run,
        "webhook": calls[-1] if calls else None,
        "calls": calls,
        "reply": replies[-1] if replies else None,
        "replies": replies,
        "waits": waits,
        "errors": errors or [],
        "duplicate": duplicate,
        "ignored": ignored,
    }


def outcome_of(done: Done) -> dict[str, Any]:
    """The answer about a text that a flow handled."""
    calls = [
        {"url": one.values["request"].url, **call_outcome(one.values, done.call_problems)}
        for one in done.events
        if one.type == "webhook_called"
    ]
    errors = [str(one.values["text"]) for one in done.events if one.type in NOTES]
    return outcome(
        done.work.message.id, text=done.work.message.text, run=done.run, calls=calls,
        replies=[{"message": one.id, "text": one.text, "status": one.status} for one in done.sent],
        errors=[*errors, done.problem] if done.problem else errors,
        waits=done.session is not None and done.session.status == "waiting",
    )  # fmt: skip
