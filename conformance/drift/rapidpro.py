"""A safe check of a live RapidPro: which recorded version it is closest to, and how it differs from that."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import requests

from conformance.drift.comparison import (
    Difference,
    DriftResult,
    differing_answer,
    differing_text,
    media_type,
    merged,
)  # fmt: skip
from conformance.drift.questions import Answer, LiveService, Question, authorization, recorded_answers
from conformance.drift.schema import kind_of, mismatches
from conformance.services.neighbours import RAPIDPRO_TOKEN
from conformance.verdicts import HarnessBroken
from fakes.clock import VirtualClock
from fakes.rapidpro import RapidPro
from fakes.rapidpro.api.openapi.document import document
from fakes.rapidpro.api.openapi.types import by_language, page
from fakes.rapidpro.versions.profile import Profile
from fakes.rapidpro.versions.profiles import PROFILES

API = "/api/v2"
UNRELEASED = "next"
"""The version that nobody runs yet: named only if no recorded version is as close."""
WRONG_TOKEN = "relay-harness-drift-no-such-token"
NOTHING = "relay-harness-drift"
FIRST = Question("workspace", f"{API}/workspace.json")
RESOURCES = Question("list of resources", f"{API}/")
ROWS = tuple(Question(name, f"{API}/{name}.json") for name in ("broadcasts", "messages", "runs"))
QUESTIONS = (
    FIRST,
    RESOURCES,
    *ROWS,
    Question("unknown path", f"{API}/{NOTHING}.json"),
    Question("wrong token", f"{API}/workspace.json", credential="wrong"),
    Question("no token", f"{API}/", credential="none"),
    Question("documentation without a token", f"{API}/broadcasts", credential="none"),
    Question("unknown folder", f"{API}/messages.json", f"folder={NOTHING}"),
    Question("invalid uuid", f"{API}/flows.json", "uuid=abc"),
    Question("two filters at once", f"{API}/messages.json", "broadcast=1&folder=inbox"),
)
STORED_MESSAGE = ("initializing", "handled", "queued", "wired", "sent", "delivered", "read", "errored", "failed")
STORED_BROADCAST = ("pending", "queued", "started", "completed", "interrupted", "failed")
WORKSPACE_HEADERS = MappingProxyType({"x-temba-org": r"\d+", "x-temba-workspace": r"[0-9a-f-]{36}"})
COMPARED = ("content-type", "allow", "vary")
THROTTLED = re.compile(r"Request was throttled\. Expected available in (\d+) seconds?\.")
ESCAPED = re.compile(rb"(?<!\\)\\u(?!00[0-7])[0-9a-f]{4}")


def check_rapidpro(session: requests.Session, url: str, token: str) -> DriftResult:
    """Put the questions to the RapidPro at `url` (/api/v2 is optional), and compare. HarnessBroken if that fails."""
    headers = authorization(f"Token {token}", f"Token {WRONG_TOKEN}")
    live = LiveService(session, url.rstrip("/").removesuffix(API), headers, "RapidPro")

    def check(question: Question, answer: Answer) -> bool:
        if question is FIRST:
            _check_first(answer, live)
        return answer.status != 429  # stop when throttled

    answers = live.ask_all(QUESTIONS, check)
    by_version = {profile.name: differences(answers, profile) for profile in PROFILES.values()}
    nearest = min(map(distance, by_version.values()))
    closest = tuple(name for name, found in by_version.items() if distance(found) == nearest)
    fits = tuple(name for name in closest if name != UNRELEASED) or closest
    if len(answers) == 1 and not by_version[fits[-1]]:  # throttled at once, in the recorded way
        seconds = answers[FIRST.name].headers.get("retry-after")
        raise HarnessBroken(f"{live.name} is throttling this workspace: try again in {seconds} seconds")
    return DriftResult("rapidpro", live.url, fits, by_version[fits[-1]], tuple(_notes(answers, fits)), live.asked)


def distance(found: tuple[Difference, ...]) -> tuple[int, int]:
    """How far from a version: first the questions with differences, since one odd answer may differ in many ways."""
    return len({name for one in found for name in one.seen_at}), len(found)


def differences(answers: Mapping[str, Answer], profile: Profile) -> tuple[Difference, ...]:
    """How the answers differ from those recorded for this version."""
    fake = RapidPro(
        VirtualClock(datetime(2026, 1, 1, tzinfo=UTC)),
        profile=profile.name,
        session=requests.Session(),
        rng=random.Random(1),
    )
    headers = authorization(f"Token {RAPIDPRO_TOKEN}", f"Token {WRONG_TOKEN}")
    known = recorded_answers(fake, QUESTIONS, headers)
    schemas = _schemas(profile)
    return merged(
        (name, sentence)
        for name, answer in answers.items()
        for sentence in _differing(name, answer, known[name], profile, schemas)
    )


def _differing(
    name: str, got: Answer, known: Answer, profile: Profile, schemas: Mapping[str, Any]
) -> Iterator[str]:  # fmt: skip
    def content() -> Iterator[str]:
        yield from _workspace_header(got, known)
        if media_type(known) != "text/html":
            yield from _differing_json(name, got, known, profile, schemas)
        elif _is_page(got) != _is_page(known):
            yield f"{_page_word(got)}, recorded: {_page_word(known)}"

    if got.status == 429:
        return throttled_otherwise(got)
    ambient = dict.fromkeys(key.lower() for one in PROFILES.values() for key, _ in one.common_headers)
    return differing_answer(got, known, (*COMPARED, *ambient), content)


def _differing_json(
    name: str, got: Answer, known: Answer, profile: Profile, schemas: Mapping[str, Any]
) -> Iterator[str]:  # fmt: skip
    try:
        value = got.json()
    except ValueError:
        yield "the body is not JSON"
        return
    if name == RESOURCES.name and kind_of(value) == "object":
        for key in sorted(value.keys() ^ known.json().keys()):
            yield f"{key}: {'never recorded' if key in value else 'missing'}"
    elif name in schemas:
        yield from dict.fromkeys(mismatches(value, schemas[name]))
        escaped = ESCAPED.search(got.body) is not None
        if escaped != profile.escapes_unicode and (escaped or not got.body.isascii()):
            yield f"other letters than ASCII are {'escaped' if escaped else 'not escaped'}, recorded otherwise"
    elif isinstance(value, dict) and "results" in value:  # rows contain people's texts: never shown
        recorded_value = known.json()
        if not isinstance(recorded_value, dict) or value["results"] != recorded_value.get("results"):
            yield "returns rows, recorded: none"
    elif name != "no token" or known.status != 200:
        yield from differing_text(got, known)


def _schemas(profile: Profile) -> dict[str, Any]:
    """The schemas of the answers by question: rows as the fake describes them, with the words of this version."""
    rows = document(profile)["components"]["schemas"]
    words = profile.broadcast_statuses or {}
    statuses = {profile.message_statuses.get(word, word) for word in STORED_MESSAGE} | set(
        profile.message_statuses.values()
    )
    types = ("text", "voice", "optin") if profile.message_types else ("inbox", "flow", "ivr")
    value = {
        "type": "object", "properties": {key: {} for key in profile.run_value_fields},
        "required": list(profile.run_value_fields), "additionalProperties": False,
    }  # fmt: skip
    narrower: Mapping[str, Mapping[str, Any]] = {
        "broadcasts": {"status": {"enum": sorted({words.get(word, word) for word in STORED_BROADCAST})}},
        "messages": {"status": {"enum": sorted(statuses)}, "type": {"enum": [*types, None]}},
        "runs": {"values": by_language(value)},
    }
    lists = {
        name: page({**rows[name], "properties": {**rows[name]["properties"], **changes}})
        for name, changes in narrower.items()
    }
    return {"workspace": rows["workspace"], **lists}


def throttled_otherwise(got: Answer) -> Iterator[str]:
    """Sentences if a 429 does not give the seconds as recorded: whole seconds, both in the header and in the body."""
    seconds = got.headers.get("retry-after")
    if seconds is None or not (seconds.isascii() and seconds.isdigit()):
        shown = "missing" if seconds is None else repr(seconds)
        yield f"header retry-after of a 429: {shown}, recorded: whole seconds"
    try:
        detail = str(got.json()["detail"])
    except (ValueError, LookupError, TypeError):
        detail = ""
    sentence = THROTTLED.fullmatch(detail)
    if sentence is None or sentence[1] != seconds:
        yield "the body of a 429 does not give the seconds of its retry-after in the recorded sentence"


def _check_first(got: Answer, live: LiveService) -> None:
    """HarnessBroken unless the following answers say something about this RapidPro."""
    live.check_reached(got)
    if got.status in (401, 403):
        raise HarnessBroken(f"{live.name} refuses the token: check RAPIDPRO_TOKEN")
    if got.status not in (200, 429):
        raise HarnessBroken(
            f"{live.name} answers the workspace request with status {got.status}: is it a RapidPro, and is it up?"
        )
    if got.status == 200 and got.json_object() is None:
        raise HarnessBroken(f"{live.name} answers the workspace request without a JSON object: is it a RapidPro?")


def _workspace_header(got: Answer, known: Answer) -> Iterator[str]:
    """Sentences about the headers whose value depends on the workspace: only name and form can be compared."""
    for name, form in WORKSPACE_HEADERS.items():
        expected, live = known.headers.get(name), got.headers.get(name)
        if (expected is None) != (live is None):
            yield f"header {name}: {'missing' if live is None else 'present'}, recorded otherwise"
        elif live is not None and not re.fullmatch(form, live):
            yield f"header {name}: not of the recorded form"


def _is_page(answer: Answer) -> bool:
    return answer.body.lstrip()[:9].lower() == b"<!doctype"


def _page_word(answer: Answer) -> str:
    return "a whole HTML page" if _is_page(answer) else "no whole HTML page"


def _notes(answers: Mapping[str, Answer], fits: tuple[str, ...]) -> Iterator[str]:
    for question in ROWS:
        answer = answers.get(question.name)
        if answer is not None and answer.status == 200 and b'"results":[]' in answer.body.replace(b" ", b""):
            yield f"this workspace has no {question.name}: their fields could not be checked"
    if len(answers) < len(QUESTIONS):
        unasked = [question.name for question in QUESTIONS if question.name not in answers]
        yield f"throttled, so these questions were not asked: {', '.join(unasked)}"
    if len(fits) > 1:
        yield f"these answers do not distinguish the versions {' and '.join(fits)}"
