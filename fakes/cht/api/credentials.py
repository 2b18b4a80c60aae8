"""Credentials over the API (cht-core `api/src/controllers/credentials.js`)."""

from __future__ import annotations

from fakes.cht.api.access import is_admin, logged_in, online_user
from fakes.cht.api.bodies import text_body
from fakes.cht.api.http import Request, json_reply
from fakes.cht.errors import HttpError
from fakes.cht.state import State
from fakes.serving.wsgi import Reply

PATH = "/api/v1/credentials/"
"""Followed by the name of the credential."""


class Credentials:
    """The handler; it takes a request and returns the reply, or raises HttpError."""

    def __init__(self, state: State) -> None:
        self._state = state

    def write(self, request: Request) -> Reply:
        """Store a credential under the name at the end of the path; it cannot be read back."""
        online_user(request, self._state)
        value = text_body(request)
        if not isinstance(value, str) or not value:
            raise HttpError(400, "Missing required request body")
        user = logged_in(request, self._state)
        if not is_admin(user):
            raise HttpError(403, "Insufficient permissions")
        name = request.path[len(PATH) :]  # already decoded; a slash in it was sent encoded
        store_credential(self._state, name, value)
        return json_reply({"ok": True})


def store_credential(state: State, name: str, value: str) -> None:
    """Store a credential, in place of one of that name."""
    with state.lock:
        state.credentials[name] = value
