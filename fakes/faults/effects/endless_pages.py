"""A list that never ends."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from fakes.faults.effect import Effect, Options, Serve, ServiceContext
from fakes.faults.json_fields import with_changed_json
from fakes.serving.wsgi import Environ, Reply


def endless_pages(serve: Serve, _options: Options, _context: ServiceContext) -> Serve:
    """The service acts; the `next` of a list points to the page itself, so that a client that follows it never ends.
    Replies that have no `next` are left unchanged.
    """

    def faulty(environ: Environ) -> Reply:
        query = f"?{environ['QUERY_STRING']}" if environ.get("QUERY_STRING") else ""
        path = quote(environ["PATH_INFO"].encode("latin-1"))
        itself = f"http://{environ.get('HTTP_HOST', 'localhost')}{path}{query}"

        def point_to_itself(document: Any) -> bool:
            if not isinstance(document, dict) or "next" not in document:
                return False
            document["next"] = itself
            return True

        return with_changed_json(serve(environ), point_to_itself)

    return faulty


EFFECT = Effect("endless_pages", endless_pages, acts="before")
