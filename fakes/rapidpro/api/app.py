"""The API as a WSGI app, without a framework between the request and its answer.

Order of checks, as recorded: path, kind of answer, token, method and role, quota, body.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from fakes.rapidpro.api import accept, auth, documents
from fakes.rapidpro.api.bodies import read
from fakes.rapidpro.api.context import Answer, Context
from fakes.rapidpro.api.routes import PREFIX, ROOT, Endpoint, endpoints
from fakes.rapidpro.api.throttle import Throttle
from fakes.rapidpro.api.wire import HTML, JSON, Broken, Call, Refused, detail, parse_query, server_error, to_json
from fakes.rapidpro.api.workspace import described
from fakes.rapidpro.rows import Token
from fakes.wsgi import Environ, Reply

Headers = tuple[tuple[str, str], ...]
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class Api:
    """Answers requests. `lock` guards the store; `unexpected` is told of what a real one would not know."""

    def __init__(self, context: Context, throttle: Throttle, lock: threading.RLock) -> None:
        self._context = context
        self._profile = context.profile
        self._throttle = throttle
        self._lock = lock
        self.unexpected: Callable[[str], None] = lambda _sentence: None
        known = endpoints(context.profile)
        self._data = {f"{PREFIX}{name}.json": one for name, one in known.items()}
        self._documents = {f"{PREFIX}{name}": one for name, one in known.items()}
        self._heads: dict[tuple[str, str, str | None], Headers] = {}

    def answer(self, environ: Environ) -> Reply:
        """The answer to a request."""
        path = environ["PATH_INFO"]
        endpoint = self._data.get(path)
        if endpoint is None:
            endpoint = self._data.get(path.removesuffix("/")) if path.endswith(".json/") else None
        if endpoint is not None:
            return self._serve(endpoint, environ, documented=False)
        if path in (PREFIX, f"{PREFIX}.json"):
            return self._serve(ROOT, environ, documented=False)
        if path in self._documents:
            return self._serve(self._documents[path], environ, documented=True)
        return self._elsewhere(path)

    def _elsewhere(self, path: str) -> Reply:
        moved = documents.moved(path)
        if moved is not None:
            return documents.redirect(*moved, self._profile)
        self.unexpected(f"RapidPro {self._profile.name} has no {path}")
        return documents.not_found(self._profile)

    def _serve(self, endpoint: Endpoint, environ: Environ, *, documented: bool) -> Reply:
        call = Call(environ, environ["REQUEST_METHOD"], environ["PATH_INFO"], {})
        try:
            return self._answered(endpoint, call, documented=documented)
        except (Broken, RecursionError):
            return server_error(self._head(endpoint, call, HTML)[1:])

    def _answered(self, endpoint: Endpoint, call: Call, *, documented: bool) -> Reply:
        try:
            call.query = parse_query(call.environ.get("QUERY_STRING", ""))
            if documented and (self._profile.documents_without_token or call.method in SAFE):
                answer, kind = self._document(endpoint, call)
            else:
                answer, kind = self._handled(endpoint, call, documented=documented)
        except Refused as refused:
            return self._rendered(endpoint, call, refused.status, refused.payload, refused.headers)
        if isinstance(answer, documents.Page):
            body = b"" if call.method == "HEAD" else answer.body
            return Reply(answer.status, self._head(endpoint, call, HTML)).with_body(body)
        status, payload = (answer.status, answer.payload) if isinstance(answer, Answer) else (200, answer)
        return self._rendered(endpoint, call, status, payload, kind)

    def _handled(self, endpoint: Endpoint, call: Call, *, documented: bool) -> tuple[Any, Headers]:
        problem = self._kind_problem(call) if not documented else None
        self._authenticate(call, tolerant=problem is not None)
        if problem is not None:
            return problem, ()
        self._permit(endpoint, call)
        self._count(endpoint, call)
        if call.method == "OPTIONS":
            return described("RapidPro API v2" if endpoint is ROOT else endpoint.name.title()), ()
        if call.method in ("POST", "DELETE"):
            call.body = read(call, self._profile)
        with self._lock:
            return endpoint.methods["GET" if call.method == "HEAD" else call.method](call, self._context), ()

    def _kind_problem(self, call: Call) -> documents.Page | None:
        ok, call.indent = accept.takes_json(call.environ.get("HTTP_ACCEPT"))
        return None if ok else documents.not_acceptable()

    def _document(self, endpoint: Endpoint, call: Call) -> tuple[Any, Headers]:
        """A path without suffix: documentation, never data."""
        as_json = self._wants_json(call)
        self._authenticate(call, tolerant=as_json is None)
        if as_json is None:
            return documents.not_acceptable(), ()
        if not self._profile.documents_without_token:
            self._permit(endpoint, call)
        if call.method not in SAFE:
            if as_json:
                raise detail(403, auth.NO_PERMISSION if call.token else auth.NOT_GIVEN)
            return documents.Page(403, documents.page(endpoint.name, "Not allowed here.")), ()
        self._count(endpoint, call)
        return ([], ()) if as_json else (documents.Page(200, documents.page(endpoint.name, "See the real one.")), ())

    def _wants_json(self, call: Call) -> bool | None:
        return accept.prefers_json(call.environ.get("HTTP_ACCEPT"), call.query.get("format"))

    def _authenticate(self, call: Call, *, tolerant: bool) -> None:
        header = call.environ.get("HTTP_AUTHORIZATION")
        if not header:
            return
        try:
            with self._lock:  # tokens are changed while requests come in
                call.token = auth.token_of(header, self._context.store, self._profile)
        except Refused:
            if not tolerant:
                raise
        if call.token is not None:
            call.workspace, call.user = call.token.workspace, call.token.user

    def _permit(self, endpoint: Endpoint, call: Call) -> None:
        method = call.method
        known = method in endpoint.methods or (endpoint.single and method in ("HEAD", "OPTIONS"))
        if not known and self._profile.wrong_method_first:
            raise detail(405, f'Method "{method}" not allowed.')
        if endpoint is not ROOT or not self._profile.root_open:
            if call.token is None:
                raise detail(403, auth.NOT_GIVEN)
            if not auth.may(call.token, self._profile, endpoint.name):
                raise detail(403, auth.NO_PERMISSION)
        if not known and not (method == "HEAD" and "GET" in endpoint.methods):
            if self._profile.wrong_methods_count:
                self._count(endpoint, call)
            raise detail(405, f'Method "{method}" not allowed.')

    def _count(self, endpoint: Endpoint, call: Call) -> None:
        with self._lock:
            if call.token is not None:
                overrides = call.token.workspace.rate_overrides
                self._throttle.grant(endpoint.scope, self.quota_key(call.token), overrides)
            elif endpoint is not ROOT:
                self._throttle.grant(endpoint.scope, f"address {call.environ.get('REMOTE_ADDR')}", {})

    def quota_key(self, token: Token) -> str:
        """Whose quota a token's requests use up."""
        if token.user.staff:
            return f"staff {token.user.email}"
        key = f"workspace {token.workspace.id}"
        return f"{key} {token.user.email}" if self._profile.throttled_by_user else key

    def _rendered(self, endpoint: Endpoint, call: Call, status: int, payload: Any, headers: Headers) -> Reply:
        if payload is None and status == 204:
            return Reply(204, (*self._head(endpoint, call, JSON)[1:], *headers, ("Content-Length", "0")))
        body = to_json(payload, ascii_only=self._profile.escapes_unicode, indent=call.indent)
        head = (*self._head(endpoint, call, JSON), *headers, ("Content-Length", str(len(body))))
        return Reply(status, head, b"" if call.method == "HEAD" else body)

    def _head(self, endpoint: Endpoint, call: Call, kind: str) -> Headers:
        """Headers of an answer, the content type first; few different ones, so they are kept."""
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
                *self._profile.ambient,
            )  # fmt: skip
        return found
