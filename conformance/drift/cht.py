"""A safe look at a live CHT: whether its API for gateways still answers as it was recorded to."""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import requests

from conformance.drift.comparison import (
    Answer,
    Credential,
    Difference,
    Live,
    Look,
    Question,
    differing_headers,
    differing_kind,
    differing_text,
    gathered,
    recorded,
)
from conformance.drift.schema import misfits
from conformance.services.neighbours import CHT_ADMIN, CHT_GATEWAY
from conformance.verdicts import HarnessBroken
from fakes.cht import Cht
from fakes.clock import VirtualClock

RELEASE = "5.2"
"""What was recorded."""
NOTHING = "relay-harness-drift"
FIRST = Question("version", "/api/info")
GATEWAY = Question("gateway API", "/api/sms")
# Few wrong passwords: ten within ten seconds lock the account out.
QUESTIONS = (
    FIRST,
    GATEWAY,
    Question("gateway API in capitals", "/API/SMS"),
    Question("wrong password", "/api/sms", credential="wrong"),
    Question("no password", "/api/sms", credential="none"),
    Question("no password, answered as text", "/api/sms", credential="none", accept="text/plain"),
    Question("unknown path", f"/api/{NOTHING}"),
    Question("unknown path without a password", f"/api/{NOTHING}", credential="none"),
)
COMPARED = ("content-type", "logout-authorization", "www-authenticate")
VERSION = {
    "type": "object",
    "properties": {"version": {"type": "string"}},
    "required": ["version"],
    "additionalProperties": False,
}


def look_at_cht(session: requests.Session, url: str, user: str, password: str) -> Look:
    """Ask the CHT at `url` as a user of its gateway API, and compare. HarnessBroken if it could not be looked at."""
    live = Live(session, url, lambda credential: authorization(credential, user, password))
    answers: dict[str, Answer] = {}
    for question in QUESTIONS:
        answer = answers[question.name] = live(question)
        if question in (FIRST, GATEWAY):
            _check(answer, question, live.url, user)
    # What an unknown path is answered depends on who asks: two kinds of users are on record.
    found = min((differences(answers, *who) for who in (CHT_GATEWAY, CHT_ADMIN)), key=len)
    return Look("cht", live.url, (RELEASE,), found, tuple(_notes(answers[FIRST.name])), live.asked)


def authorization(credential: Credential, user: str, password: str) -> Mapping[str, str]:
    """The header for a right password, a wrong one, or none."""
    if credential == "none":
        return {}
    given = password if credential == "right" else f"{NOTHING}-wrong"
    return {"Authorization": f"Basic {b64encode(f'{user}:{given}'.encode()).decode()}"}


def differences(answers: Mapping[str, Answer], user: str, password: str) -> tuple[Difference, ...]:
    """What in the answers is not as recorded for this user of the built-in seed."""
    site = Cht(
        VirtualClock(datetime(2026, 1, 1, tzinfo=UTC)),
        session=requests.Session(),
        rng=random.Random(1),
        release=RELEASE,
    )
    known = recorded(site, QUESTIONS, lambda credential: authorization(credential, user, password))
    return gathered(
        (name, sentence) for name, answer in answers.items() for sentence in _differing(name, answer, known[name])
    )


def _differing(name: str, got: Answer, known: Answer) -> Iterator[str]:
    if other := next(differing_kind(got, known), None):
        yield other
    else:
        yield from differing_headers(got, known, COMPARED)
        if name == FIRST.name:
            yield from misfits(got.json(), VERSION)
        else:
            yield from differing_text(got, known)


def _check(got: Answer, question: Question, url: str, user: str) -> None:
    """HarnessBroken unless the answers to come say something about this CHT."""
    where = f"the CHT at {url}"
    if got.failure is not None:
        raise HarnessBroken(f"{where} cannot be reached ({got.failure})")
    if 300 <= got.status < 400:
        raise HarnessBroken(f"{where} sends callers on to {got.headers.get('location')}: give the address it wants")
    if got.status == 429:
        raise HarnessBroken(f"{where} has seen too many wrong passwords: wait a minute, then try again")
    if got.status == 503:
        raise HarnessBroken(f"{where} is starting up: wait until it is ready")
    if got.status == 401:
        raise HarnessBroken(f"{where} refuses {user}: look at --cht-user and the password in CHT_PASSWORD")
    if got.status == 403:
        raise HarnessBroken(f"{user} may not use the gateway API of {where}: it takes can_access_gateway_api")
    if question is FIRST and _version(got) is None:
        raise HarnessBroken(f"{where} answers {FIRST.path} with status {got.status} and no version: is it a CHT?")


def _version(got: Answer) -> str | None:
    try:
        found = got.json()
    except ValueError:
        return None
    version = found.get("version") if isinstance(found, dict) and got.status == 200 else None
    return None if version is None else str(version)


def _notes(first: Answer) -> Iterator[str]:
    version = _version(first) or ""
    if not version.startswith(f"{RELEASE}."):
        yield f"it calls itself {version[:40]}, recorded was {RELEASE}"
