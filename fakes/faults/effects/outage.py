"""Nobody there."""

from __future__ import annotations

from fakes.faults.effect import Around, Effect, Given, Option, Serve
from fakes.serving.connection import HOWS, end
from fakes.serving.wsgi import Environ, Reply


def outage(_serve: Serve, given: Given, _around: Around) -> Serve:
    """Every request fails until it heals: 503 by the proxy in front, or no answer at all; the service never learns."""
    page = b"<html><body><h1>503 Service Temporarily Unavailable</h1></body></html>\n"
    headers = (("Content-Type", "text/html"), ("Content-Length", str(len(page))))

    def faulty(environ: Environ) -> Reply:
        if given["how"] == "refuse":
            return Reply(503, headers, page)
        return end(environ, given["how"], given["seconds"])

    return faulty


EFFECT = Effect(
    "outage",
    outage,
    acts="never",
    options={
        "how": Option("text", "refuse", "what the caller sees", choices=("refuse", *HOWS)),
        "seconds": Option(
            "number", 3600, "how long a hang lasts, then the connection closes", at_least=0, at_most=86400
        ),
    },
    lasting=True,
)
