"""CHT as the relay sees it: the gateway protocol of POST /api/sms (cht-core api/src/services/messaging.js)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from relay.messages import Message, Report, Trouble, clean
from relay.policy import Incoming
from relay.settings import Settings
from relay.wire import call


class Cht:
    """The client."""

    def __init__(self, settings: Settings, session: Any, now: Callable[[], float]) -> None:
        self._session, self._now = session, now
        self._url = f"{settings.cht_url}/api/sms"
        self._auth = (settings.cht_user.encode(), settings.cht_password.encode())

    def exchange(self, texts: Sequence[Incoming] = (), reports: Sequence[Report] = ()) -> list[Message]:
        """Give CHT texts and states, take what it wants sent. Raises Trouble unless CHT confirmed all of it.

        CHT knows a text again by its id, so repeating after an unknown outcome stores nothing twice.
        """
        body: dict[str, Any] = {}
        if texts:
            body["messages"] = [{"id": text.id, "from": text.phone, "content": text.text} for text in texts]
        if reports:
            body["updates"] = [
                {"id": r.id, "status": r.status, **({"reason": r.reason} if r.reason else {})} for r in reports
            ]
        status, found = call(self._session, self._now, "POST", self._url, body=body, auth=self._auth)
        if status != 200:
            # A server in front of CHT may have given up while CHT is still at it; in any other case CHT is done.
            raise Trouble(f"answered {status}", happened=None if status > 500 else False)
        # While it starts up, CHT answers 200 with a page for people: that is no success.
        if not isinstance(found.get("messages"), list):
            raise Trouble("answered 200, but not as the gateway protocol says: is it starting up?")
        return [message for entry in found["messages"] if (message := _message(entry))]


def _message(entry: Any) -> Message | None:
    """One text to send, or None for an entry without id, recipient or text."""
    if not isinstance(entry, dict):
        return None
    parts = [entry.get(name) for name in ("id", "to", "content")]
    if any(not isinstance(part, (str, int)) or not part for part in parts):
        return None
    return Message(*(clean(str(part)) for part in parts))
