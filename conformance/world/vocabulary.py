"""The vocabulary of the scenarios: what each phrase means. An unknown phrase is a fault of the suite."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from conformance.services.endpoints import GATEWAY, LOOK_UP, READ, SEND
from conformance.services.neighbours import CHT_GATEWAY, INCOMING_TOKEN, RAPIDPRO_TOKEN
from conformance.subjects.base import CrashPoint
from conformance.verdicts import HarnessBroken

Meaning = TypeVar("Meaning")
Faults = Callable[[float], Sequence[Mapping[str, Any]]]
"""Faults for a scenario in which "a while" lasts this many seconds."""

FOREVER = 1_000_000.0
"""Seconds: longer than any scenario that needs it, and the longest delay of the channel."""


def choose(what: str, phrase: str, known: Mapping[str, Meaning]) -> Meaning:
    """The meaning of a phrase. HarnessBroken lists the known phrases."""
    if phrase not in known:
        raise HarnessBroken(f"unknown {what} {phrase!r}; known: {'; '.join(known)}")
    return known[phrase]


UNITS: Mapping[str, float] = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


def seconds_of(duration: str) -> float:
    """`3 days` in seconds. HarnessBroken for another unit."""
    number, _, unit = duration.partition(" ")
    return float(number) * choose("unit of time", unit.removesuffix("s"), UNITS)


def listed(names: str) -> list[str]:
    """`Amina, Yusuf and Grace` as three names."""
    return [name.strip() for name in names.replace(" and ", ", ").split(",") if name.strip()]


DELIVERIES: Mapping[str, Mapping[str, Any]] = {
    "as CHT's documentation says": {},
    "with the sender without its scheme": {
        "body": '@(json(object("id", run.uuid, "from", replace(urns.tel, "tel:", ""), "content", input.text)))'
    },
    "without a token": {"token": None},
    "with a wrong token": {"token": "not-the-right-token"},
    "with the beginning of the token only": {"token": "relay-incoming"},
    "with the end of the token only": {"token": "incoming-token"},
    "with something behind the token": {"token": f"{INCOMING_TOKEN}-2"},
    "with something before the token": {"token": f"my-{INCOMING_TOKEN}"},
    "with the token in another case": {"token": INCOMING_TOKEN.upper()},
    "with RapidPro's own token": {"token": RAPIDPRO_TOKEN},
    "with the password of CHT's gateway": {"token": CHT_GATEWAY[1]},
    "with an accent in the token": {"token": INCOMING_TOKEN.replace("e", "é")},
    "with an empty token": {"token": None, "headers": {"Authorization": "Token "}},
    "with a blank in the token": {"token": INCOMING_TOKEN.replace("-", " ")},
    "with the scheme twice": {"token": None, "headers": {"Authorization": f"Token Token {INCOMING_TOKEN}"}},
    "with a wrong token and the token": {
        "token": None,
        "headers": {"Authorization": f"Token not-the-right-token, Token {INCOMING_TOKEN}"},
    },
    "with the token under another scheme": {"token": None, "headers": {"Authorization": "Bearer relay-incoming-token"}},
    "with the bare token": {"token": None, "headers": {"Authorization": "relay-incoming-token"}},
    "with the scheme alone": {"token": None, "headers": {"Authorization": "Token"}},
    "without the id": {"omit": ["id"]},
    "without the sender": {"omit": ["from"]},
    "without the content": {"omit": ["content"]},
    "with a result that is not configured": {
        "body": '@(json(object("id", run.uuid, "from", urns.tel, "content", default(results.report, ""))))'
    },
    "with the same id for all texts of a person": {
        "body": '@(json(object("id", contact.uuid, "from", replace(urns.tel, "tel:+", "+"), "content", input.text)))'
    },
    "as something that is not JSON": {"body": "I am no JSON"},
    "as plain text": {"headers": {"Content-Type": "text/plain"}},
}

STATES: Mapping[str, str] = {
    "received by the gateway": "received-by-gateway",
    "forwarded by the gateway": "forwarded-by-gateway",
    "sent": "sent",
    "delivered": "delivered",
    "failed": "failed",
}

FURTHEST_STATUS: Mapping[str, Mapping[str, Any]] = {
    "queued": {"delays": {"wired": FOREVER}},
    "wired": {"delays": {"sent": FOREVER}},
    "sent": {"delays": {"delivered": FOREVER}},
}

CHANNEL: Mapping[str, Mapping[str, Any]] = {
    "fails every text": {"shares": {"failed": 1.0}},
    "cannot be reached": {"preset": "aggregator-down"},
    "reports that texts are read": {"aggregator": "plain", "shares": {"read": 1.0}},
    "reports each delivery twice": {"preset": "duplicate-reports"},
    "reports out of order": {"preset": "reports-out-of-order"},
    "reports deliveries hours late": {"preset": "late-reports"},
    "takes a moment to report": {"delays": {"wired": 0.02, "sent": 1.5, "delivered": 1.5}},
}


def rapidpro(effect: str, options: Mapping[str, Any] | None = None, **fields: Any) -> Mapping[str, Any]:
    """A fault of RapidPro."""
    return {"service": "rapidpro", "effect": effect, "with": dict(options or {}), **fields}


def cht(effect: str, options: Mapping[str, Any] | None = None, **fields: Any) -> Mapping[str, Any]:
    """A fault of CHT's gateway API."""
    return {"service": "cht", "effect": effect, "with": dict(options or {}), "match": GATEWAY, **fields}


def once(*faults: Mapping[str, Any]) -> Faults:
    """The same faults, however long "a while" is."""
    return lambda _a_while: faults


RAPIDPRO_TROUBLES: Mapping[str, Faults] = {
    "answers the next text without its status": once({"preset": "missing-status"}),
    "answers the next text without its id": once({"preset": "missing-id"}),
    "accepts the next text but its answer is lost": once({"preset": "lost-reply"}),
    "accepts the next 3 texts but the answers are lost": once({"preset": "lost-reply", "times": 3}),
    "answers with a login page instead of sending": once({"preset": "html-login-page", "match": SEND}),
    "answers the next text with nothing": once({"preset": "empty-200", "match": SEND}),
    "answers the next text with half a document": once({"preset": "malformed-json", "match": SEND}),
    "breaks off in the middle of the next answer": once(rapidpro("truncate", match=SEND)),
    "resets the next connection": once(rapidpro("reset", match=SEND)),
    "fails the next 3 times": once(rapidpro("refuse", {"status": 503}, match=SEND, times=3)),
    "accepts the next 3 texts but a proxy gives up waiting": once({"preset": "gateway-timeout", "times": 3}),
    "is down for a while": lambda a_while: [{"preset": "outage", "for_seconds": a_while}],
    "answers 500 to everything for a while": lambda a_while: [
        rapidpro("refuse", {"status": 500}, times=None, for_seconds=a_while)
    ],
    "cannot be reached for a while": lambda a_while: [rapidpro("outage", {"how": "close"}, for_seconds=a_while)],
    "refuses the relay's token for a while": lambda a_while: [
        {"preset": "revoked-for-an-hour", "for_seconds": a_while}
    ],
    "accepts no token any more": once({"preset": "bad-token"}),
    "has replaced the relay's token": once({"preset": "rotated-token"}),
    "is throttled for a moment": once({"preset": "throttled", "with": {"retry_after": 1}}),
    "throttles sending for a while": lambda a_while: [rapidpro("throttle", {"retry_after": int(a_while)}, match=SEND)],
    "throttles looking up messages for a while": lambda a_while: [
        rapidpro("throttle", {"retry_after": int(a_while)}, match=LOOK_UP)
    ],
    "answers 429 without Retry-After for a while": lambda a_while: [
        rapidpro("refuse", {"status": 429, "body": "Too Many Requests"}, times=None, for_seconds=a_while)
    ],
    "shows nothing for a while": lambda a_while: [
        rapidpro("refuse", {"status": 503}, match=READ, times=None, for_seconds=a_while)
    ],
    "has used up the hour's quota": once({"preset": "slow-throttled"}),
    "returns an unknown status": once({"preset": "unknown-status", "times": 2}),
    "calls messages resent": once(
        rapidpro("set_field", {"path": "results[*].status", "value": "resent"}, match=LOOK_UP, times=None)
    ),
    "redirects the next text to the same address": once(rapidpro("redirect", {"to": "the same origin"}, match=SEND)),
    "redirects the next text to a stranger": once(rapidpro("redirect", match=SEND)),
    "redirects the next look-up to a stranger": once(rapidpro("redirect", {"status": 302}, match=LOOK_UP)),
    "is slow": lambda a_while: [{"preset": "slow", "with": {"seconds": min(3.0, a_while / 8)}}],
    "is behind a flaky network": once({"preset": "flaky-network"}),
    "drips its next answer": lambda a_while: [
        {"preset": "dripping-reply", "with": {"seconds": 2 * a_while}, "match": SEND}
    ],
    "drips the headers of its next answer": lambda a_while: [
        {"preset": "dripping-headers", "with": {"seconds": 2 * a_while}, "match": SEND}
    ],
    "says for a while that it is processing": lambda a_while: [
        {"preset": "endless-interim", "with": {"seconds": 2 * a_while}, "match": SEND}
    ],
    "has a list of messages without end": once({"preset": "endless-pages"}),
    "has a list of broadcasts without end for a while": lambda a_while: [
        rapidpro("endless_pages", match={"method": "GET", "path": SEND["path"]}, times=None, for_seconds=a_while)
    ],
    "says that all broadcasts were made in the year 9999": once({"preset": "absurd-dates"}),
    "sets large cookies with each answer": once({"preset": "cookies"}),
    "has a clock that is two hours ahead": once({"preset": "clock-ahead"}),
    "has a clock that is two hours behind": once({"preset": "clock-behind"}),
    "says that everything was made in the year 9999": once({"preset": "absurd-dates", "match": LOOK_UP}),
}
"""What RapidPro does wrong, by phrase."""

CHT_TROUBLES: Mapping[str, Faults] = {
    "is down for a while": lambda a_while: [cht("outage", for_seconds=a_while)],
    "answers 500 to everything for a while": lambda a_while: [
        cht("refuse", {"status": 500}, times=None, for_seconds=a_while)
    ],
    "cannot be reached for a while": lambda a_while: [cht("outage", {"how": "close"}, for_seconds=a_while)],
    "is starting up for a while": lambda a_while: [cht("html_page", {"status": 200}, times=None, for_seconds=a_while)],
    "fails the next 3 times": once(cht("refuse", {"status": 500}, times=3)),
    "loses its next answer": once(cht("lose_reply")),
    "loses its next 3 answers": once(cht("lose_reply", times=3)),
    "redirects the next request to the same address": once(cht("redirect", {"to": "the same origin"})),
    "redirects the next request to a stranger": once(cht("redirect", {"status": 308})),
    "answers the next request with half a document": once(cht("garble", {"how": "cut"})),
    "drips its next answer": lambda a_while: [cht("drip", {"seconds": 2 * a_while})],
    "drips the headers of its next answer": lambda a_while: [cht("drip", {"seconds": 2 * a_while, "part": "headers"})],
    "says for a while that it is processing": lambda a_while: [
        cht("drip", {"seconds": 2 * a_while, "part": "interim"})
    ],
    "sets large cookies with each answer": once(cht("set_cookies", {"count": 30, "size": 1000}, times=None)),
    "refuses the relay's password for a while": lambda a_while: [
        cht("refuse", {"status": 401}, times=None, for_seconds=a_while)
    ],
    "changes the relay's password for a while": lambda a_while: [cht("reject_token", times=None, for_seconds=a_while)],
    "changes the relay's password for a while, right after the next request": lambda a_while: [
        cht("reject_token", times=None, skip=1, for_seconds=a_while)
    ],
}
"""What CHT does wrong, by phrase."""

CRASHES: Mapping[str, CrashPoint] = {point.value: point for point in CrashPoint}
