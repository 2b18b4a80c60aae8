"""What is seen in a conversation, as plain data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fakes.rapidpro.flows.engine import Event


@dataclass(frozen=True, slots=True)
class Reply:
    """A text to the person."""

    text: str
    attachments: tuple[str, ...] = ()
    quick_replies: tuple[str, ...] = ()
    unsendable: str = ""

    def as_step(self) -> Any:
        """The value of a `reply` step."""
        extra = {
            name: value if isinstance(value, str) else list(value)
            for name, value in (
                ("attachments", self.attachments), ("quick_replies", self.quick_replies),
                ("unsendable", self.unsendable),
            )
            if value
        }  # fmt: skip
        return {"text": self.text, **extra} if extra else self.text


@dataclass(frozen=True, slots=True)
class WebhookCall:
    """A webhook call and what became of it. `status` 0: no answer."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: str
    status: int

    @property
    def request(self) -> str:
        """`METHOD URL`."""
        return f"{self.method} {self.url}"


@dataclass(slots=True)
class Stretch:
    """What a text, a start or the passing of time led to."""

    calls: list[WebhookCall] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """Other things, for people."""

    def take(self, events: tuple[Event, ...]) -> None:
        """Add what the engine did."""
        for event in events:
            values = event.values
            if event.type == "webhook_called":
                one = values["request"]
                self.calls.append(WebhookCall(one.method, one.url, dict(one.headers), one.body, values["status_code"]))
            elif event.type == "msg_created":
                self.replies.append(_reply(values))
            elif event.type in _NOTES:
                self.notes.append(_NOTES[event.type].format(**values))


def _reply(values: Mapping[str, Any]) -> Reply:
    return Reply(
        values["text"], tuple(values["attachments"] or ()), tuple(map(_quick, values["quick_replies"] or ())),
        str(values["unsendable"] or ""),
    )  # fmt: skip


def _quick(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


_NOTES = {
    "error": "error: {text}",
    "warning": "warning: {text}",
    "failure": "failure: {text}",
    "email_sent": "e-mail to {to}: {subject}",
    "broadcast_created": "broadcast to others: {texts}",
    "session_triggered": "starts {flow[name]!r} for others",
    "ticket_opened": "opens a ticket: {note}",
    "input_labels_added": "labels the text: {labels}",
    "resthook_called": "resthook {resthook!r}",
}
"""How events are told."""
