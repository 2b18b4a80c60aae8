"""A refusal in place of the service's reply."""

from __future__ import annotations

from fakes.faults.effect import Effect, Option, Options, Serve, ServiceContext
from fakes.serving.wsgi import Environ, Reply


def refuse(_serve: Serve, options: Options, _context: ServiceContext) -> Serve:
    """Answers with a status and a body of your choice; the service never sees the request."""
    body = options["body"].encode()

    def faulty(_environ: Environ) -> Reply:
        return Reply.of(options["status"], options["content_type"], body)

    return faulty


EFFECT = Effect(
    "refuse",
    refuse,
    acts="never",
    options={
        "status": Option("integer", 503, "HTTP status", at_least=200, at_most=599),
        "body": Option("text", "Service Unavailable", "the body"),
        "content_type": Option("text", "text/plain", "its content type"),
    },
)
