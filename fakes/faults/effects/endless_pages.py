"""A list that never ends."""

from __future__ import annotations

import json
from urllib.parse import quote

from fakes.faults.effect import Effect, NotApplicable, Options, Serve, ServiceContext
from fakes.serving.wsgi import Environ, Reply


def endless_pages(serve: Serve, _options: Options, _context: ServiceContext) -> Serve:
    """The service acts; the `next` of a list points to the page itself, so that a client that follows it never ends.
    Replies that have no `next` are left unchanged.
    """

    def faulty(environ: Environ) -> Reply:
        reply = serve(environ)
        try:
            document = json.loads(reply.body)
        except (ValueError, RecursionError):
            raise NotApplicable(reply) from None
        if not isinstance(document, dict) or "next" not in document:
            raise NotApplicable(reply)
        query = f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""
        path = quote(environ["PATH_INFO"].encode("latin-1"))
        document["next"] = f"http://{environ.get('HTTP_HOST', 'localhost')}{path}{query}"
        return reply.with_body(json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode())

    return faulty


EFFECT = Effect("endless_pages", endless_pages, acts="before")
