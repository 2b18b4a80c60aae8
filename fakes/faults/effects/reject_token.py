"""A token that is no longer valid."""

from __future__ import annotations

import base64

from fakes.faults.effect import Effect, Options, Serve, ServiceContext
from fakes.serving.wsgi import Environ, Reply


def reject_token(serve: Serve, _options: Options, _context: ServiceContext) -> Serve:
    """The service answers as if the token (or password) were unknown."""

    def faulty(environ: Environ) -> Reply:
        header = environ.get("HTTP_AUTHORIZATION")
        if header is None:
            return serve(environ)  # refused in any case
        # A copy: the ledger records what the caller really sent.
        return serve({**environ, "HTTP_AUTHORIZATION": invalid_credential(header)})

    return faulty


def invalid_credential(header: str) -> str:
    """The Authorization header with the same scheme (and user) but an unknown credential."""
    scheme, _, credential = header.partition(" ")
    if scheme.lower() != "basic":
        return f"{scheme} no-longer-valid-{len(credential)}"
    try:
        user = base64.b64decode(credential).partition(b":")[0]
    except ValueError:  # not base64
        user = b""
    return "Basic " + base64.b64encode(user + b":no-longer-valid").decode()


EFFECT = Effect(
    "reject_token",
    reject_token,
    acts="never",
)
