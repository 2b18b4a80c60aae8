"""A page for people where a program waits for JSON."""

from __future__ import annotations

import html

from fakes.faults.effect import Around, Effect, Given, Option, Serve
from fakes.serving.wsgi import Environ, Reply


def html_page(_serve: Serve, given: Given, _around: Around) -> Serve:
    """A login page with status 200, as a proxy or an expired session shows it; the service never learns."""
    title = html.escape(given["title"])
    page = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n".encode()
    headers = (("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(page))))

    def faulty(_environ: Environ) -> Reply:
        return Reply(given["status"], headers, page)

    return faulty


EFFECT = Effect(
    "html_page",
    html_page,
    acts="never",
    options={
        "status": Option("integer", 200, "HTTP status", at_least=200, at_most=599),
        "title": Option("text", "Sign In", "what the page says"),
    },
)
