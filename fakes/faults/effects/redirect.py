"""A redirect in place of the service's reply."""

from __future__ import annotations

from fakes.faults.effect import Effect, Option, Options, Serve, ServiceContext
from fakes.serving.other_origin import moved
from fakes.serving.wsgi import Environ, Reply


def redirect(_serve: Serve, options: Options, _context: ServiceContext) -> Serve:
    """Answers with a redirect, to the same address or to another origin; the service never sees the request.

    The other origin is at another name of this server. It answers 503; the ledger shows what was sent to it, under the
    service `elsewhere`.
    """

    def faulty(environ: Environ) -> Reply:
        url = moved(environ, elsewhere=options["to"] == "another origin")
        return Reply.of(options["status"], "text/plain", b"Moved").with_header("Location", url)

    return faulty


EFFECT = Effect(
    "redirect",
    redirect,
    acts="never",
    options={
        "status": Option("integer", 307, "HTTP status", at_least=300, at_most=399),
        "to": Option("text", "another origin", "where to", choices=("the same origin", "another origin")),
    },
)
