"""A web page where the caller expects JSON."""

from __future__ import annotations

import html

from fakes.faults.effect import Effect, Option, Options, Serve, ServiceContext
from fakes.serving.wsgi import Environ, Reply


def html_page(_serve: Serve, options: Options, _context: ServiceContext) -> Serve:
    """A login page with status 200, as from a proxy or after a session expired; the service never sees the request."""
    title = html.escape(options["title"])
    page = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n".encode()

    def faulty(_environ: Environ) -> Reply:
        return Reply.of(options["status"], "text/html; charset=utf-8", page)

    return faulty


EFFECT = Effect(
    "html_page",
    html_page,
    acts="never",
    options={
        "status": Option("integer", 200, "HTTP status", at_least=200, at_most=599),
        "title": Option("text", "Sign In", "the title of the page"),
    },
)
