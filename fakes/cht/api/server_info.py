"""The version of the server and the session of the caller, over the API."""

from __future__ import annotations

from fakes.cht.api.access import logged_in
from fakes.cht.api.http import Request, json_reply
from fakes.cht.state import State
from fakes.serving.wsgi import Reply


class ServerInfo:
    """The handlers; each takes a request and returns the reply, or raises HttpError."""

    def __init__(self, state: State) -> None:
        self._state = state

    def info(self, _request: Request) -> Reply:
        """The version of the server, without login."""
        return json_reply({"version": self._state.release.version})

    def deploy_info(self, request: Request) -> Reply:
        """The version of the server, for every logged-in user."""
        logged_in(request, self._state)
        return self.info(request)

    def session(self, request: Request) -> Reply:
        """The user as the database sees it."""
        user = logged_in(request, self._state)
        context = {"name": user.name, "roles": list(user.roles)}
        return json_reply({"ok": True, "userCtx": context, "info": {"authenticated": "default"}})
