"""A quota that is used up."""

from __future__ import annotations

import json

from fakes.faults.effect import Effect, Option, Options, Serve, ServiceContext
from fakes.serving.wsgi import Environ, Reply


def throttle(serve: Serve, options: Options, context: ServiceContext) -> Serve:
    """Answers 429 as RapidPro does, with Retry-After.

    With `fill`, the quota is really used up: the service itself refuses requests until the window of its quota has
    moved on, and computes Retry-After. A service without a quota only answers this request with 429.
    """
    if options["fill"] and context.exhaust_quota is not None:
        exhaust = context.exhaust_quota

        def exhausted(environ: Environ) -> Reply:
            exhaust()
            return serve(environ)

        return exhausted
    return lambda _environ: throttled_reply(options["retry_after"])


def throttled_reply(seconds: int) -> Reply:
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
        "retry_after": Option("integer", 60, "seconds in the Retry-After header", at_least=0),
        "fill": Option("boolean", False, "really use up the quota of the service"),
    },
)
