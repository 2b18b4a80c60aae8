"""A safe look at a live RapidPro: which recorded version it is closest to, and what differs from that."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

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
    media_type,
    recorded,
)  # fmt: skip
from conformance.drift.schema import kind_of, misfits
from conformance.services.neighbours import RAPIDPRO_TOKEN
from conformance.verdicts import HarnessBroken
from fakes.clock import VirtualClock
from fakes.rapidpro import RapidPro
from fakes.rapidpro.api.openapi.document import document
from fakes.rapidpro.api.openapi.types import by_language, page
from fakes.rapidpro.versions.profile import Profile
from fakes.rapidpro.versions.profiles import PROFILES

API = "/api/v2"
TO_COME = "next"
"""The version that nobody runs yet: named only where nothing recorded is as close."""
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
    Question("uuid that is none", f"{API}/flows.json", "uuid=abc"),
    Question("two filters at once", f"{API}/messages.json", "broadcast=1&folder=inbox"),
)
STORED_MESSAGE = ("initializing", "handled", "queued", "wired", "sent", "delivered", "read", "errored", "failed")
STORED_BROADCAST = ("pending", "queued", "started", "completed", "interrupted", "failed")
WORKSPACE_HEADERS = MappingProxyType({"x-temba-org": r"\d+", "x-temba-workspace": r"[0-9a-f-]{36}"})
COMPARED = ("content-type", "allow", "vary")
THROTTLED = re.compile(r"Request was throttled\. Expected available in (\d+) seconds?\.")
ESCAPED = re.compile(rb"(?<!\\)\\u(?!00[0-7])[0-9a-f]{4}")


def look_at_rapidpro(session: requests.Session, url: str, token: str) -> Look:
    """Ask the RapidPro at `url` (with or without /api/v2) and compare. HarnessBroken if it could not be looked at."""
    live = Live(session, url.rstrip("/").removesuffix(API), lambda credential: authorization(credential, token))
    answers: dict[str, Answer] = {}
    for question in QUESTIONS:
        answer = answers[question.name] = live(question)
        if question is FIRST:
            _check_first(answer, live.url)
        if answer.status == 429:
            break  # whoever is throttled does not go on asking
    by_version = {profile.name: differences(answers, profile) for profile in PROFILES.values()}
    nearest = min(map(distance, by_version.values()))
    closest = tuple(name for name, found in by_version.items() if distance(found) == nearest)
    fits = tuple(name for name in closest if name != TO_COME) or closest
    if len(answers) == 1 and not by_version[fits[-1]]:  # throttled at once, in the recorded way
        seconds = answers[FIRST.name].headers.get("retry-after")
        raise HarnessBroken(f"the RapidPro at {live.url} is throttling this workspace: try again in {seconds} seconds")
    return Look("rapidpro", live.url, fits, by_version[fits[-1]], tuple(_notes(answers, fits)), live.asked)


def distance(found: tuple[Difference, ...]) -> tuple[int, int]:
    """How far from a version: questions answered otherwise first, for one strange answer may differ in many ways."""
    return len({name for one in found for name in one.seen_at}), len(found)


def authorization(credential: Credential, token: str) -> Mapping[str, str]:
    """The header for a right token, a wrong one, or none."""
    keys = {"right": token, "wrong": WRONG_TOKEN}
    return {"Authorization": f"Token {keys[credential]}"} if credential in keys else {}


def differences(answers: Mapping[str, Answer], profile: Profile) -> tuple[Difference, ...]:
    """What in the answers is not as recorded of this version."""
    site = RapidPro(
        VirtualClock(datetime(2026, 1, 1, tzinfo=UTC)),
        profile=profile.name,
        session=requests.Session(),
        rng=random.Random(1),
    )
    known = recorded(site, QUESTIONS, lambda credential: authorization(credential, RAPIDPRO_TOKEN))
    schemas = _schemas(profile)
    return gathered(
        (name, sentence)
        for name, answer in answers.items()
        for sentence in _differing(name, answer, known[name], profile, schemas)
    )


def _differing(
    name: str, got: Answer, known: Answer, profile: Profile, schemas: Mapping[str, Any]
) -> Iterator[str]:  # fmt: skip
    if got.status == 429:
        yield from throttled_otherwise(got)
    elif other := next(differing_kind(got, known), None):
        yield other
    else:
        ambient = dict.fromkeys(key.lower() for one in PROFILES.values() for key, _ in one.common_headers)
        yield from differing_headers(got, known, (*COMPARED, *ambient))
        yield from _workspace_header(got, known)
        if media_type(known) == "text/html":
            if _is_page(got) != _is_page(known):
                yield f"{_page_word(got)}, recorded: {_page_word(known)}"
        else:
            yield from _differing_json(name, got, known, profile, schemas)


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
        yield from dict.fromkeys(misfits(value, schemas[name]))
        escaped = ESCAPED.search(got.body) is not None
        if escaped != profile.escapes_unicode and (escaped or not got.body.isascii()):
            yield f"other letters than ASCII are {'escaped' if escaped else 'not escaped'}, recorded otherwise"
    elif isinstance(value, dict) and "results" in value:  # rows are people's texts: never shown
        recorded_value = known.json()
        if not isinstance(recorded_value, dict) or value["results"] != recorded_value.get("results"):
            yield "gives rows, recorded: none"
    elif name != "no token" or known.status != 200:
        yield from differing_text(got, known)


def _schemas(profile: Profile) -> dict[str, Any]:
    """What the answers hold, by question: rows as the fake describes them, with the words of this version."""
    rows = document(profile)["components"]["schemas"]
    words = profile.broadcast_statuses or {}
    seen = {profile.message_statuses.get(word, word) for word in STORED_MESSAGE} | set(
        profile.message_statuses.values()
    )
    types = ("text", "voice", "optin") if profile.message_types else ("inbox", "flow", "ivr")
    value = {
        "type": "object", "properties": {key: {} for key in profile.run_value_fields},
        "required": list(profile.run_value_fields), "additionalProperties": False,
    }  # fmt: skip
    narrower: Mapping[str, Mapping[str, Any]] = {
        "broadcasts": {"status": {"enum": sorted({words.get(word, word) for word in STORED_BROADCAST})}},
        "messages": {"status": {"enum": sorted(seen)}, "type": {"enum": [*types, None]}},
        "runs": {"values": by_language(value)},
    }
    lists = {
        name: page({**rows[name], "properties": {**rows[name]["properties"], **changes}})
        for name, changes in narrower.items()
    }
    return {"workspace": rows["workspace"], **lists}


def throttled_otherwise(got: Answer) -> Iterator[str]:
    """Sentences on what a 429 does not tell in the recorded way: whole seconds, in the header and in the body."""
    seconds = got.headers.get("retry-after")
    if seconds is None or not (seconds.isascii() and seconds.isdigit()):
        shown = "missing" if seconds is None else repr(seconds)
        yield f"header retry-after of a 429: {shown}, recorded: whole seconds"
    try:
        detail = str(got.json()["detail"])
    except (ValueError, LookupError, TypeError):
        detail = ""
    told = THROTTLED.fullmatch(detail)
    if told is None or told[1] != seconds:
        yield "the body of a 429 does not tell the seconds of its retry-after in the recorded sentence"


def _check_first(got: Answer, url: str) -> None:
    where = f"the RapidPro at {url}"
    if got.failure is not None:
        raise HarnessBroken(f"{where} cannot be reached ({got.failure})")
    if 300 <= got.status < 400:
        raise HarnessBroken(f"{where} sends callers on to {got.headers.get('location')}: give the address it wants")
    if got.status in (401, 403):
        raise HarnessBroken(f"{where} refuses the token: look at RAPIDPRO_TOKEN")
    if got.status not in (200, 429):
        raise HarnessBroken(f"{where} answers its workspace with status {got.status}: is it a RapidPro, and is it up?")
    try:
        found = got.json() if got.status == 200 else {}
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise HarnessBroken(f"{where} answers its workspace with something else than a JSON object: is it a RapidPro?")


def _workspace_header(got: Answer, known: Answer) -> Iterator[str]:
    """Its value is the workspace's own: only name and form can be compared."""
    for name, form in WORKSPACE_HEADERS.items():
        mine, theirs = known.headers.get(name), got.headers.get(name)
        if (mine is None) != (theirs is None):
            yield f"header {name}: {'missing' if theirs is None else 'there'}, recorded otherwise"
        elif theirs is not None and not re.fullmatch(form, theirs):
            yield f"header {name}: not of the recorded form"


def _is_page(answer: Answer) -> bool:
    return answer.body.lstrip()[:9].lower() == b"<!doctype"


def _page_word(answer: Answer) -> str:
    return "a whole HTML page" if _is_page(answer) else "no whole HTML page"


def _notes(answers: Mapping[str, Answer], fits: tuple[str, ...]) -> Iterator[str]:
    for question in ROWS:
        answer = answers.get(question.name)
        if answer is not None and answer.status == 200 and b'"results":[]' in answer.body.replace(b" ", b""):
            yield f"this workspace has no {question.name}: their fields were not seen"
    if len(answers) < len(QUESTIONS):
        unasked = [question.name for question in QUESTIONS if question.name not in answers]
        yield f"throttled, so these were not asked: {', '.join(unasked)}"
    if len(fits) > 1:
        yield f"from what was seen the versions {' and '.join(fits)} cannot be told apart"
