"""The version of the server, its login page and the session of the caller, over the API."""

from __future__ import annotations

from fakes.cht.api.access import logged_in
from fakes.cht.api.http import Request, json_reply
from fakes.cht.state import State
from fakes.serving.wsgi import Reply

PACKAGE_VERSION = "0.1.0"
LOGIN_PAGE = (
    '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Login</title></head>\n'
    '<body><form id="form"><label>User name <input name="user" type="text"></label>\n'
    '<label>Password <input name="password" type="password"></label>\n'
    '<button type="submit">Login</button></form></body>\n</html>\n'
)
"""Stands for the real page, which has 39 KB of forms, scripts and translations."""


class ServerInfo:
    """The handlers; each takes a request and returns the reply, or raises HttpError."""

    def __init__(self, state: State) -> None:
        self._state = state

    def info(self, _request: Request) -> Reply:
        """The version of CHT's package, without login: the same in every release, so it does not tell the release."""
        return json_reply({"version": PACKAGE_VERSION})

    def deploy_info(self, request: Request) -> Reply:
        """The version of the server, for every logged-in user."""
        logged_in(request, self._state)
        return json_reply({"version": self._state.release.version})

    def login_page(self, _request: Request) -> Reply:
        """The page to which a request without a valid password is redirected. Its status is 200."""
        body = LOGIN_PAGE.encode()
        return Reply(200, (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))), body)

    def session(self, request: Request) -> Reply:
        """The user as the database sees it."""
        user = logged_in(request, self._state)
        context = {"name": user.name, "roles": list(user.roles)}
        return json_reply({"ok": True, "userCtx": context, "info": {"authenticated": "default"}})
