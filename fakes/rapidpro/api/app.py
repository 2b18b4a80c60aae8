"""The API as a WSGI app, without a framework.

Order of checks, as recorded: path, kind of answer, token, method and role, quota, body.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from fakes.rapidpro.api.http import accept, auth, filters, html_pages
from fakes.rapidpro.api.http.bodies import read
from fakes.rapidpro.api.http.context import NO_CONTENT, Answer, Context
from fakes.rapidpro.api.http.endpoint import Endpoint
from fakes.rapidpro.api.http.throttle import Throttle
from fakes.rapidpro.api.http.wire import (
    HTML,
    JSON,
    ApiError,
    Call,
    ServerError,
    detail,
    parse_query,
    server_error,
    to_json,
)
from fakes.rapidpro.api.resources import workspace
from fakes.rapidpro.api.routes import PREFIX, ROOT, endpoints
from fakes.rapidpro.store.rows import Token
from fakes.serving.wsgi import Environ, Reply

Headers = tuple[tuple[str, str], ...]


class Api:
    """Answers requests. `lock` guards the store; `on_unexpected` is called with a sentence for each unknown path."""

    def __init__(self, context: Context, throttle: Throttle, lock: threading.RLock) -> None:
        self._context = context
        self._profile = context.profile
        self._throttle = throttle
        self._lock = lock
        self.on_unexpected: Callable[[str], None] = lambda _sentence: None
        known = {**endpoints(context.profile), "": ROOT}
        self._data = {
            f"{PREFIX}{name}.{end}": (one, accept.FORMATS[end])
            for name, one in known.items()
            for end in self._suffixes()
        }
        self._bare = {f"{PREFIX}{name}": one for name, one in known.items()}
        self._heads: dict[tuple[str, str, str | None], Headers] = {}

    def answer(self, environ: Environ) -> Reply:
        """The answer to a request."""
        path = environ["PATH_INFO"]
        found = self._data.get(path)
        if found is None:
            found = self._data.get(path[:-1]) if path.endswith("/") else None
        if found is not None:
            return self._answer_at(*found, environ)
        if path in self._bare:
            return self._answer_at(self._bare[path], None, environ)
        return self._not_an_endpoint(path, environ["REQUEST_METHOD"])

    def _suffixes(self) -> tuple[str, ...]:
        return ("json",) if self._profile.public_root else ("json", "api")

    def _not_an_endpoint(self, path: str, method: str) -> Reply:
        redirect = html_pages.redirect(path, method, self._profile)
        if redirect is not None:
            return redirect
        self.on_unexpected(f"RapidPro {self._profile.name} has no {path}")
        return html_pages.not_found(self._profile)

    def _answer_at(self, endpoint: Endpoint, kinds: Sequence[str] | None, environ: Environ) -> Reply:
        """The endpoint's answer; `kinds` are the media types that the path's suffix allows, None without a suffix."""
        call = Call(environ, environ["REQUEST_METHOD"], environ["PATH_INFO"], {})
        try:
            return self._try(endpoint, kinds, call)
        except (ServerError, RecursionError):
            return server_error(self._head(endpoint, call, HTML)[1:])

    def _try(self, endpoint: Endpoint, kinds: Sequence[str] | None, call: Call) -> Reply:
        kind = accept.JSON_ANSWER
        try:
            call.query = parse_query(call.environ.get("QUERY_STRING", ""))
            offered = accept.media_types_of(call.query.get("format")) if kinds is None else kinds
            kind = accept.choose(call.environ.get("HTTP_ACCEPT"), offered)
            self._authenticate(call)
            answer = self._handle(endpoint, call, bare=kinds is None)
        except accept.NotAcceptable as problem:
            return self._unacceptable(endpoint, call, problem.status)
        except ApiError as refused:
            return self._reply(endpoint, call, kind, refused.status, refused.payload, refused.headers)
        status, payload = (answer.status, answer.payload) if isinstance(answer, Answer) else (200, answer)
        return self._reply(endpoint, call, kind, status, payload)

    def _unacceptable(self, endpoint: Endpoint, call: Call, status: int) -> Reply:
        with suppress(ApiError):  # for the workspace header; a wrong token no longer matters
            self._authenticate(call)
        return self._page(endpoint, call, status)

    def _handle(self, endpoint: Endpoint, call: Call, *, bare: bool) -> Any:
        documented = bare and endpoint is not ROOT
        self._check_permission(endpoint, call, documented=documented)
        self._count_request(endpoint, call)
        handler = endpoint.methods.get("GET" if call.method == "HEAD" else call.method)
        if call.method == "OPTIONS" and (endpoint is ROOT or self._profile.checks_method_first):
            return workspace.describe_options(endpoint)
        if handler is None:
            raise _not_allowed(call)
        if documented and call.method in ("GET", "HEAD"):
            return workspace.documentation(endpoint, call, self._context)
        if call.method == "POST":
            call.read = read(call, self._profile)
        with self._lock:
            if call.method == "GET" and call.query:
                filters.refuse_combination(call, endpoint.exclusive)
                answer = handler(call, self._context)
                filters.refuse_nul(call, endpoint.text_parameters)  # the database sees them last, after all refusals
                return answer
            return handler(call, self._context)

    def _authenticate(self, call: Call) -> None:
        header = call.environ.get("HTTP_AUTHORIZATION")
        if not header:
            return
        with self._lock:  # tokens may change during a request
            call.token = auth.token_of(header, self._context.store, self._profile)
        if call.token is not None:
            call.workspace, call.user = call.token.workspace, call.token.user

    def _check_permission(self, endpoint: Endpoint, call: Call, *, documented: bool) -> None:
        """Refuse a caller without permission: temba/api/models.py, APIPermission."""
        profile, method = self._profile, call.method
        if documented and profile.public_documentation:
            if method != "GET":
                raise detail(403, auth.NO_PERMISSION if call.token else auth.NOT_GIVEN)
            return
        if endpoint is ROOT:
            if call.token is None and not profile.public_root:
                raise detail(403, auth.NOT_GIVEN)
            return
        if profile.checks_method_first and not endpoint.own_permission and method not in endpoint.methods:
            raise _not_allowed(call)
        if call.token is None:
            raise detail(403, auth.NOT_GIVEN)
        if not auth.may(call.token, profile, endpoint.name):
            raise detail(403, auth.NO_PERMISSION)

    def _count_request(self, endpoint: Endpoint, call: Call) -> None:
        """Count an admitted request, whatever its outcome; where the root needs a token, it has no quota."""
        if endpoint is ROOT and not self._profile.public_root:
            return
        with self._lock:
            if call.token is not None:
                self._throttle.grant(endpoint.scope, self.quota_key(call.token), self.rate_overrides(call.token))
            else:
                self._throttle.grant(endpoint.scope, f"address {_address(call.environ)}", {})

    def quota_key(self, token: Token) -> str:
        """The owner of the quota that a token's requests use: temba/api/support.py, OrgUserRateThrottle."""
        alone = self._profile.throttled_by_user or (token.user.staff and self._profile.staff_tokens)
        key = f"workspace {token.workspace.id}"
        return f"{key} {token.user.email}" if alone else key

    def rate_overrides(self, token: Token) -> Mapping[str, str]:
        """A workspace's own rates (v7.1.60): v6.4 has none."""
        return {} if self._profile.throttled_by_user else token.workspace.rate_overrides

    def _reply(
        self, endpoint: Endpoint, call: Call, kind: accept.Kind, status: int, payload: Any, headers: Headers = ()
    ) -> Reply:
        if kind.page:  # a page always has a body
            return self._page(endpoint, call, 200 if status == 204 else status, headers)
        if status == 204:
            head = self._head(endpoint, call, JSON)[0 if payload == NO_CONTENT else 1 :]
            return Reply(204, (*head, *headers, ("Content-Length", "0")))
        body = to_json(payload, ascii_only=self._profile.escapes_unicode, indent=kind.indent)
        head = (*self._head(endpoint, call, JSON), *headers, ("Content-Length", str(len(body))))
        return Reply(status, head, b"" if call.method == "HEAD" else body)

    def _page(self, endpoint: Endpoint, call: Call, status: int, headers: Headers = ()) -> Reply:
        body = b"" if call.method == "HEAD" else html_pages.page(endpoint.name or "RapidPro API v2", status)
        return Reply(status, (*self._head(endpoint, call, HTML), *headers)).with_body(body)

    def _head(self, endpoint: Endpoint, call: Call, kind: str) -> Headers:
        """Headers of an answer, the content type first. There are few different ones, so they are cached."""
        space = None
        if call.workspace is not None:
            number = str(call.workspace.id)
            space = call.workspace.uuid if self._profile.workspace_header == "X-Temba-Workspace" else number
        key = endpoint.name, kind, space
        found = self._heads.get(key)
        if found is None:
            name = self._profile.workspace_header
            own = ((name, space),) if name is not None and space is not None else ()
            found = self._heads[key] = (
                ("Content-Type", kind), ("Vary", "Accept, Cookie"), ("Allow", endpoint.allow), *own,
                *self._profile.common_headers,
            )  # fmt: skip
        return found


def _not_allowed(call: Call) -> ApiError:
    return detail(405, f'Method "{call.method}" not allowed.')


def _address(environ: Environ) -> str:
    """The address of a caller without a token: what proxies report, without blanks, else the remote address."""
    forwarded = environ.get("HTTP_X_FORWARDED_FOR")
    return "".join(forwarded.split()) if forwarded else str(environ.get("REMOTE_ADDR"))
