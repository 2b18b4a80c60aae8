"""CHT's gateway API, POST /api/sms (cht-core api/src/services/messaging.js)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from relay.http_client import Http
from relay.models import CallError, Message, StateUpdate, sanitize
from relay.settings import Settings

MAX_KEY = 500
"""Characters of an id or phone number: what an index of PostgreSQL can hold."""


def exchange(
    settings: Settings, http: Http, texts: Sequence[Message] = (), updates: Sequence[StateUpdate] = ()
) -> list[Message]:
    """Send texts and updates to CHT, return the texts that it wants sent. Raises CallError unless all is confirmed.

    CHT recognises a text by its id, so a retry after an unknown outcome stores nothing twice.
    """
    body = {
        "messages": [{"id": text.id, "from": text.phone, "content": text.content} for text in texts],
        "updates": [update._asdict() for update in updates],
    }
    auth = (settings.cht_user.encode(), settings.cht_password.encode())
    status, answer, _ = http.call("POST", f"{settings.cht_url}/api/sms", body=body, auth=auth)
    if status != 200:
        # Above 500, a proxy may have given up while CHT is still working. Otherwise CHT has finished.
        raise CallError(f"answered {status}", outcome_unknown=status > 500)
    # While CHT starts up, it answers 200 with an HTML page. That is not a success.
    if not isinstance(answer.get("messages"), list):
        raise CallError("answered 200, but not in the gateway protocol: is it starting up?")
    return [message for entry in answer["messages"] if (message := _message(entry))]


def _message(entry: Any) -> Message | None:
    """One text to send, or None for an entry without a usable id, recipient or content."""
    values = [entry.get(name) for name in ("id", "to", "content")] if isinstance(entry, dict) else [None]
    if any(not isinstance(value, (str, int)) or not value for value in values):
        return None
    id_, phone, content = (sanitize(str(value)) for value in values)
    # RapidPro refuses a phone number of that length, with a reason. CHT would not recognise a shortened id.
    return Message(id_, phone[:MAX_KEY], content) if len(id_) <= MAX_KEY else None
