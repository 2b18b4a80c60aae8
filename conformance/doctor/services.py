"""Findings about a live RapidPro or CHT: whether it can be reached, whose clock differs, what `drift` would ask."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from email.utils import parsedate_to_datetime

import requests

from conformance.doctor.finding import Finding, bad, ok, warning
from conformance.drift import cht as drift_cht
from conformance.drift import rapidpro as drift_rapidpro
from conformance.drift.questions import Question

TIMEOUT = 10.0
MOST_SKEW = 60.0
"""Seconds by which two clocks may differ: quotas and searches by date tolerate that."""
RAPIDPRO = ("RapidPro", "/api/v2/workspace.json", "detail")
CHT = ("CHT", "/api/sms", "error")
"""Name, path that is asked for without credentials, and the key of the JSON with which the service refuses it."""


def rapidpro(session: requests.Session, url: str, now: datetime, *, token: bool) -> Iterator[Finding]:
    """Findings about the RapidPro at `url`; `token`: whether there is one for `drift`."""
    base = url.rstrip("/").removesuffix("/api/v2")
    yield from _reached(RAPIDPRO, session, base, now)
    yield _drift("RapidPro", drift_rapidpro.QUESTIONS, f"relay-harness drift --rapidpro {base}")
    if not token:
        yield warning("RapidPro token", "RAPIDPRO_TOKEN is not set", "set it to an API token before you run `drift`")


def cht(session: requests.Session, url: str, now: datetime, *, password: bool) -> Iterator[Finding]:
    """Findings about the CHT at `url`; `password`: whether there is one for `drift`."""
    base = url.rstrip("/")
    yield from _reached(CHT, session, base, now)
    yield _drift("CHT", drift_cht.QUESTIONS, f"relay-harness drift --cht {base} --cht-user USER")
    if not password:
        yield warning(
            "CHT password", "CHT_PASSWORD is not set", "set it to that user's password before you run `drift`"
        )


def _drift(service: str, questions: Sequence[Question], command: str) -> Finding:
    asked = ", ".join(dict.fromkeys(one.path + (f"?{one.query}" if one.query else "") for one in questions))
    return ok(f"{service} drift", f"`{command}` would send {len(questions)} requests, GET only: {asked}")


def _reached(asked: tuple[str, str, str], session: requests.Session, base: str, now: datetime) -> Iterator[Finding]:
    service, path, key = asked
    try:
        got = session.get(base + path, timeout=TIMEOUT, allow_redirects=False, headers={"Accept": "application/json"})
    except requests.RequestException as failure:
        why = type(failure).__name__
        yield bad(service, f"{base} cannot be reached ({why})", "check the address, and that the service runs")
        return
    if got.status_code not in (401, 403) or not _has(got, key):
        sentence = (
            f"{base} answers {path} without credentials with {got.status_code}, and not as a {service} refuses it"
        )
        yield bad(service, sentence, f"check that it is the address of a {service}, without the path of its API")
        return
    yield ok(service, f"{base} can be reached, and asks for credentials ({got.status_code})")
    yield from _clock(service, got.headers.get("Date"), now)


def _has(got: requests.Response, key: str) -> bool:
    try:
        body = got.json()
    except ValueError:
        return False
    return isinstance(body, dict) and key in body


def _clock(service: str, date: str | None, now: datetime) -> Iterator[Finding]:
    try:
        theirs = None if date is None else parsedate_to_datetime(date)
    except ValueError:
        theirs = None
    if theirs is None or theirs.tzinfo is None:
        yield warning(f"{service} clock", f"the answer has no usable Date: {date!r}", "compare the clocks by hand")
        return
    skew = (theirs - now).total_seconds()
    if abs(skew) > MOST_SKEW:
        sentence = f"its clock is {abs(skew):.0f} s {'ahead of' if skew > 0 else 'behind'} this machine's"
        yield warning(f"{service} clock", sentence, "set both by NTP: a relay may search messages by date")
    else:
        yield ok(f"{service} clock", f"its clock differs from this machine's by {abs(skew):.0f} s")
