"""A conversation as evidence: the ladder between phone, RapidPro and the endpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from conformance.evidence.model import Event, Evidence, Part, Party
from conformance.flows.outcomes.conversation import NAME, NUMBER, Conversation, Line
from conformance.flows.outcomes.ways import GOOD, Unreliable, Way
from fakes.rapidpro.flows.engine import Answer, Request

SHOWN = 2000
"""Characters of a body that are kept."""
_SECRET = frozenset({"authorization", "cookie", "set-cookie"})


def evidence_of(
    conversation: Conversation, send: Unreliable, holds: Sequence[str], way: Way, called: Party, *, decisive: bool
) -> Evidence:
    """What happened in a conversation whose calls were answered in a way. `called`: whom the flow calls."""
    events = list(_events(conversation.lines, send, way, called, decisive=decisive))
    at = events[-1].at if events else ""
    stored = [Event(at, Party.CHT, Party.CHT, f"holds: {json.dumps(one, ensure_ascii=False)}") for one in holds]
    return Evidence(people={NUMBER: NAME}, events=(*events, *stored))


def _events(lines: Sequence[Line], send: Unreliable, way: Way, called: Party, *, decisive: bool) -> Iterator[Event]:
    calls = iter(send.calls)
    for line in lines:
        at = line.at.isoformat()
        if line.kind == "in":
            yield Event(at, Party.PHONE, Party.RAPIDPRO, line.text)
        elif line.kind == "out":
            yield Event(at, Party.RAPIDPRO, Party.PHONE, line.text, decisive=decisive)
        elif line.kind == "note":
            yield Event(at, Party.RAPIDPRO, Party.RAPIDPRO, line.text)
        else:
            for _, (request, answer, changed, acted) in zip(range(line.count), calls, strict=False):
                made = _call(at, request, answer, called, acted=acted)
                fault = f"{way.name}: {way.about}" if changed and way is not GOOD else None
                yield replace(made, fault=fault, decisive=decisive and changed)


def _call(at: str, request: Request, answer: Answer | None, called: Party, *, acted: bool) -> Event:
    return Event(
        at,
        Party.RAPIDPRO,
        called,
        f"{request.method} {urlsplit(request.url).path}",
        status=None if answer is None else answer.status,
        request=Part(_plain(request.headers), request.body[:SHOWN]),
        reply=None if answer is None else Part(_plain(answer.headers), answer.body[:SHOWN].decode("utf-8", "replace")),
        acted=acted,
    )


def _plain(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: "(hidden)" if name.lower() in _SECRET else value for name, value in headers.items()}
