"""A conversation as evidence: the ladder between phone, RapidPro and the endpoint."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from conformance.evidence.model import Arrivals, Event, Evidence, Part, Party
from conformance.flows.outcomes.conversation import NAME, NUMBER, Conversation, Line
from conformance.flows.outcomes.ways import GOOD, Unreliable, Way
from fakes.rapidpro.flows.engine import Answer, Request

SHOWN = 2000
"""Characters of a body that are kept."""
_SECRET = frozenset({"authorization", "cookie", "set-cookie"})


def evidence_of(
    conversation: Conversation, send: Unreliable, holds: Sequence[str], way: Way, *, decisive: bool
) -> Evidence:
    """What happened in a conversation whose calls were answered in a way."""
    events = list(_events(conversation.lines, send, way, decisive=decisive))
    at = events[-1].at if events else ""
    stored = [Event(at, Party.CHT, Party.CHT, f"holds: {json.dumps(one, ensure_ascii=False)}") for one in holds]
    sent = [line.text for line in conversation.lines if line.kind == "in"]
    arrived = Arrivals("in", max(len(sent), len(holds)), len(holds))
    return Evidence(people={NUMBER: NAME}, arrivals=(arrived,), events=(*events, *stored))


def _events(lines: Sequence[Line], send: Unreliable, way: Way, *, decisive: bool) -> Iterator[Event]:
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
                yield _call(at, request, answer, way, changed=changed, acted=acted)


def _call(at: str, request: Request, answer: Answer | None, way: Way, *, changed: bool, acted: bool) -> Event:
    fault = f"{way.name}: {way.about}" if changed and way is not GOOD else None
    return Event(
        at,
        Party.RAPIDPRO,
        Party.CHT,
        f"{request.method} {urlsplit(request.url).path}",
        status=None if answer is None else answer.status,
        request=Part(_plain(request.headers), request.body[:SHOWN]),
        reply=None if answer is None else Part(_plain(answer.headers), answer.body[:SHOWN].decode("utf-8", "replace")),
        fault=fault,
        acted=acted,
    )


def _plain(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: "(hidden)" if name.lower() in _SECRET else value for name, value in headers.items()}
