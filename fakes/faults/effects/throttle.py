"""A request too many."""

from __future__ import annotations

import json

from fakes.faults.effect import Around, Effect, Given, Option, Serve
from fakes.serving.wsgi import Environ, Reply


def throttle(serve: Serve, given: Given, around: Around) -> Serve:
    """Answers 429 as RapidPro does, with Retry-After.

    With `fill` the quota is really used up, so that the service goes on refusing by itself until its window has moved
    on (and it says itself how long that takes). A service without a quota can only pretend.
    """
    if given["fill"] and around.exhaust_quota is not None:
        exhaust = around.exhaust_quota

        def filled(environ: Environ) -> Reply:
            exhaust()
            return serve(environ)

        return filled
    return lambda _environ: pretended(given["retry_after"])


def pretended(seconds: int) -> Reply:
    """Django REST framework's 429, word for word."""
    unit = "second" if seconds == 1 else "seconds"
    body = json.dumps(
        {"detail": f"Request was throttled. Expected available in {seconds} {unit}."}, separators=(",", ":")
    ).encode()
    headers = (("Content-Type", "application/json"), ("Retry-After", str(seconds)), ("Content-Length", str(len(body))))
    return Reply(429, headers, body)


EFFECT = Effect(
    "throttle",
    throttle,
    acts="never",
    options={
        "retry_after": Option("integer", 60, "seconds that the caller is told to wait", at_least=0),
        "fill": Option("boolean", False, "really use up the quota of the service"),
    },
)
