"""An error in place of the reply, although the service acted: as from a proxy that gave up waiting."""

from __future__ import annotations

from http import HTTPStatus

from fakes.faults.effect import Effect, Option, Options, Serve, ServiceContext
from fakes.serving.wsgi import Environ, Reply


def replace_reply(serve: Serve, options: Options, _context: ServiceContext) -> Serve:
    """The service acts; in place of its reply the caller gets a status and a body of your choice, as from a proxy."""

    def faulty(environ: Environ) -> Reply:
        serve(environ)
        body = options["body"] or page(options["status"])
        return Reply.of(options["status"], options["content_type"], body.encode())

    return faulty


def page(status: int) -> str:
    """A proxy's error page; without a reason for a status that has no name."""
    phrase = next((one.phrase for one in HTTPStatus if one == status), "")
    title = f"{status} {phrase}".rstrip()
    return f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>\n"


EFFECT = Effect(
    "replace_reply",
    replace_reply,
    acts="before",
    options={
        "status": Option("integer", 504, "HTTP status", at_least=200, at_most=599),
        "body": Option("text", "", "the body; if it is empty, a page that names the status"),
        "content_type": Option("text", "text/html", "its content type"),
    },
)
