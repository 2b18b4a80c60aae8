"""A refusal in the service's stead."""

from __future__ import annotations

from fakes.faults.effect import Around, Effect, Given, Option, Serve
from fakes.serving.wsgi import Environ, Reply


def refuse(_serve: Serve, given: Given, _around: Around) -> Serve:
    """Answers with a status and a body of your choice; the service never learns of the request."""
    body = given["body"].encode()
    headers = (("Content-Type", given["content_type"]), ("Content-Length", str(len(body))))

    def faulty(_environ: Environ) -> Reply:
        return Reply(given["status"], headers, body)

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
