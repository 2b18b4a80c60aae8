"""A token that is valid no longer."""

from __future__ import annotations

import base64

from fakes.faults.effect import Around, Effect, Given, Serve
from fakes.serving.wsgi import Environ, Reply


def reject_token(serve: Serve, _given: Given, _around: Around) -> Serve:
    """The service takes the token (or password) for an unknown one, and answers as it does then."""

    def faulty(environ: Environ) -> Reply:
        header = environ.get("HTTP_AUTHORIZATION")
        if header is None:
            return serve(environ)  # refused anyway
        # A copy: the ledger above records what the caller really sent.
        return serve({**environ, "HTTP_AUTHORIZATION": spoiled(header)})

    return faulty


def spoiled(header: str) -> str:
    """The same scheme (and user) with a credential that nobody has."""
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
