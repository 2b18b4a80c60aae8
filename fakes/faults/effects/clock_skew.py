"""A service whose clock is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qsl, urlencode

from fakes.faults.effect import Effect, Option, Options, Serve, ServiceContext
from fakes.serving.wsgi import Environ, Reply

DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)")


def clock_skew(serve: Serve, options: Options, context: ServiceContext) -> Serve:
    """The service's clock is wrong: its `Date` header and the dates in its replies are off by so many seconds, and it
    understands the dates in queries by that clock.
    """
    skew = timedelta(seconds=options["seconds"])

    def faulty(environ: Environ) -> Reply:
        query = environ.get("QUERY_STRING", "")
        pairs = [(name, _shifted(value, -skew)) for name, value in parse_qsl(query, keep_blank_values=True)]
        environ["QUERY_STRING"] = urlencode(pairs)
        reply = serve(environ)
        environ["QUERY_STRING"] = query  # the ledger shows what was asked
        body = _shifted(reply.body.decode("latin-1"), skew).encode("latin-1")
        return reply.with_body(body).with_header("Date", format_datetime(context.now() + skew, usegmt=True))

    return faulty


def _shifted(text: str, by: timedelta) -> str:
    return DATE.sub(lambda found: _moved(found[0], lambda moment: moment + by), text)


def _moved(text: str, change: Callable[[datetime], datetime]) -> str:
    """The date in the same form. One that cannot be moved stays as it is."""
    try:
        moment = change(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        return text
    digits = len(text.partition(".")[2].rstrip("Z").partition("+")[0].partition("-")[0])
    written = moment.isoformat(timespec="microseconds" if digits > 3 else "milliseconds" if digits else "seconds")
    return written.replace("+00:00", "Z") if text.endswith("Z") else written


EFFECT = Effect(
    "clock_skew",
    clock_skew,
    acts="before",
    options={
        "seconds": Option(
            "number", 3600, "how far the clock is ahead; below 0: behind", at_least=-3.2e9, at_most=3.2e9
        ),
    },
    lasting=True,
)
