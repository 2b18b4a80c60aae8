"""A safe check of a live CHT: whether its gateway API still answers as recorded."""

from __future__ import annotations

import random
from base64 import b64encode
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import requests

from conformance.drift.comparison import Difference, DriftResult, differing_answer, differing_text, merged
from conformance.drift.questions import Answer, Headers, LiveService, Question, authorization, recorded_answers
from conformance.drift.schema import mismatches
from conformance.services.neighbours import CHT_ADMIN, CHT_GATEWAY
from conformance.verdicts import HarnessBroken
from fakes.cht import Cht
from fakes.clock import VirtualClock

RELEASE = "5.2"
"""The recorded release."""
NOTHING = "relay-harness-drift"
FIRST = Question("version", "/api/deploy-info")
GATEWAY = Question("gateway API", "/api/sms")
# Few wrong passwords: ten within ten seconds lock the account.
QUESTIONS = (
    FIRST,
    GATEWAY,
    Question("version of the package", "/api/info"),
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
}
"""What else the release tells about its build differs from CHT to CHT."""


def check_cht(session: requests.Session, url: str, user: str, password: str) -> DriftResult:
    """Put the questions to the CHT at `url` as a user of its gateway API, and compare. HarnessBroken if that fails."""
    live = LiveService(session, url, basic(user, password), "CHT")

    def check(question: Question, answer: Answer) -> bool:
        if question in (FIRST, GATEWAY):
            _check(answer, question, live, user)
        return True

    answers = live.ask_all(QUESTIONS, check)
    # The answer for an unknown path depends on the user: two kinds of users are recorded.
    found = min((differences(answers, *account) for account in (CHT_GATEWAY, CHT_ADMIN)), key=len)
    return DriftResult("cht", live.url, (RELEASE,), found, tuple(_notes(answers[FIRST.name])), live.asked)


def basic(user: str, password: str) -> Headers:
    """The headers of a user with the right password, with a wrong one, or with none."""
    right, wrong = (b64encode(f"{user}:{word}".encode()).decode() for word in (password, f"{NOTHING}-wrong"))
    return authorization(f"Basic {right}", f"Basic {wrong}")


def differences(answers: Mapping[str, Answer], user: str, password: str) -> tuple[Difference, ...]:
    """How the answers differ from those recorded for this user of the built-in seed."""
    fake = Cht(
        VirtualClock(datetime(2026, 1, 1, tzinfo=UTC)),
        session=requests.Session(),
        rng=random.Random(1),
        release=RELEASE,
    )
    known = recorded_answers(fake, QUESTIONS, basic(user, password))
    return merged(
        (name, sentence) for name, answer in answers.items() for sentence in _differing(name, answer, known[name])
    )


def _differing(name: str, got: Answer, known: Answer) -> Iterator[str]:
    def content() -> Iterator[str]:
        return mismatches(got.json(), VERSION) if name == FIRST.name else differing_text(got, known)

    return differing_answer(got, known, COMPARED, content)


def _check(got: Answer, question: Question, live: LiveService, user: str) -> None:
    """HarnessBroken unless the following answers say something about this CHT."""
    live.check_reached(got)
    if got.status == 429:
        raise HarnessBroken(f"{live.name} has received too many wrong passwords: wait a minute, then try again")
    if got.status == 503:
        raise HarnessBroken(f"{live.name} is starting up: wait until it is ready")
    if got.status == 401:
        raise HarnessBroken(f"{live.name} refuses {user}: check --cht-user and the password in CHT_PASSWORD")
    if got.status == 403:
        raise HarnessBroken(
            f"{user} may not use the gateway API of {live.name}: the permission can_access_gateway_api is missing"
        )
    if question is FIRST and _version(got) is None:
        raise HarnessBroken(f"{live.name} answers {FIRST.path} with status {got.status} and no version: is it a CHT?")


def _version(got: Answer) -> str | None:
    found = got.json_object() if got.status == 200 else None
    version = None if found is None else found.get("version")
    return None if version is None else str(version)


def _notes(first: Answer) -> Iterator[str]:
    version = _version(first) or ""
    if not version.startswith(f"{RELEASE}."):
        yield f"its version is {version[:40]}, recorded was {RELEASE}"
