"""The public API as a WSGI app: start-up, the limit on logins, routes, errors (cht-core `api/src/routing.js`).

Paths are matched case-insensitively and with repeated slashes collapsed; a trailing slash counts, except on `/api/sms`.
Paths without a route go to the database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fakes.cht.api import credentials
from fakes.cht.api.access import Forbidden, LoginLimit
from fakes.cht.api.databases import Databases
from fakes.cht.api.gateways import Gateways
from fakes.cht.api.http import Request, error_reply, json_reply
from fakes.cht.api.server_info import ServerInfo
from fakes.cht.api.settings import Settings
from fakes.cht.errors import HttpError, ServerError
from fakes.cht.messaging.messaging import Messaging
from fakes.cht.state import State
from fakes.serving.wsgi import Environ, Reply, ReplyApp

Handler = Callable[[Request], Reply]
FORBIDDEN = {"code": 403, "error": "forbidden", "details": "Offline users are not allowed access to this endpoint"}
WAITING_PAGE = (
    '<!DOCTYPE html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Starting up</title></head>\n'
    "<body><h1>The server is starting up</h1><p>Please wait.</p></body>\n</html>\n"
)
RIGHT_PATH = "/api/v2/sms/rapidpro/incoming-messages"
DATABASE_PATHS = ("/medic/", "/medic-sentinel/")


class Api(ReplyApp):
    """Handles requests. Holds no lock while a handler runs; handlers take the lock of the state."""

    def __init__(self, state: State, messaging: Messaging) -> None:
        self._state = state
        self._limit = LoginLimit()
        self._database = Databases(state)
        gateways, settings, info = Gateways(state, messaging, self._warn), Settings(state), ServerInfo(state)
        self._write_credential: Handler = credentials.Credentials(state).write
        self._routes: Mapping[tuple[str, str], Handler] = {
            ("POST", RIGHT_PATH): gateways.rapidpro,
            ("POST", "/api/v1/sms/radpidpro/incoming-messages"): gateways.rapidpro,
            ("GET", "/api/sms"): gateways.gateway_check,
            ("GET", "/api/sms/"): gateways.gateway_check,
            ("POST", "/api/sms"): gateways.gateway,
            ("POST", "/api/sms/"): gateways.gateway,
            ("POST", "/api/v1/sms/africastalking/incoming-messages"): gateways.incoming_africas_talking,
            ("POST", "/api/v1/sms/africastalking/delivery-reports"): gateways.report_africas_talking,
            ("POST", "/api/v1/records"): gateways.record_v1,
            ("POST", "/api/v2/records"): gateways.record_v2,
            ("GET", "/api/v1/settings"): settings.read,
            ("PUT", "/api/v1/settings"): settings.write,
            ("GET", "/api/info"): info.info,
            ("GET", "/api/deploy-info"): info.deploy_info,
            ("GET", "/medic/login"): info.login_page,
            ("GET", "/_session"): info.session,
        }
        self.on_unexpected: Callable[[str], None] = _ignore
        messaging.warn = self._warn

    def reset(self) -> None:
        """Reset the limit on failed logins."""
        self._limit.clear()

    def answer(self, environ: Environ) -> Reply:
        """The reply to a request; every error becomes a reply too."""
        request = Request(environ, negotiates=self._state.release.negotiates_errors)
        reply = self._answer(request)
        return Reply(reply.status, reply.headers) if request.method == "HEAD" else reply

    def _answer(self, request: Request) -> Reply:
        if self._state.starting_up:
            return _starting(request)
        now = self._state.clock.timestamp()
        if self._state.release.limits_logins and self._limit.refuses(request, now):
            return error_reply(request, HttpError(429, "Too Many Requests"))
        try:
            reply = self._handler(request)(request)
        except Forbidden:
            reply = json_reply(FORBIDDEN, 403)
        except HttpError as error:
            reply = error_reply(request, error)
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as fault:
            # Input of a shape that the handlers do not expect is a server error in the real CHT too.
            self.on_unexpected(f"{request.method} {request.path} failed with {type(fault).__name__}: {fault}")
            reply = error_reply(request, ServerError())
        if reply.status == 401:
            self._limit.failed(request, now)
        return reply

    def _warn(self, sentence: str) -> None:
        self.on_unexpected(sentence)

    def _handler(self, request: Request) -> Handler:
        path = request.path.lower()
        method = "GET" if request.method == "HEAD" else request.method
        known = path != RIGHT_PATH or self._state.release.right_path
        handler = self._routes.get((method, path)) if known else None
        if handler is not None:
            return handler
        name = path.removeprefix(credentials.PATH)
        if method == "PUT" and name and name != path and not name.endswith("/"):
            return self._write_credential
        if not path.startswith(DATABASE_PATHS) and path != "/medic":
            self.on_unexpected(f"no route for {request.method} {request.path}")
        return self._database


def _starting(request: Request) -> Reply:
    """The reply to every path while the server starts up: clients that do not prefer JSON get 200."""
    if request.prefers_json:
        return json_reply({"error": "Service unavailable"}, 503)
    body = WAITING_PAGE.encode()
    return Reply(200, (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))), body)


def _ignore(_sentence: str) -> None:
    """The default: ignore the sentence."""
