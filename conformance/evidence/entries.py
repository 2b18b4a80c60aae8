"""What happened in a world, one entry for each event, in order of time: still unfolded, with what folding must know."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from conformance.evidence.model import Event, Part, Party
from conformance.evidence.words import quoted, shortened
from conformance.history.causes import REPORTED_AS
from conformance.history.model import GATEWAY_PATH, Call, History
from conformance.history.others import SURE_DIGITS, by_others, entries, parsed
from fakes.serving.other_origin import ELSEWHERE

Ref = tuple[str | int, ...]
"""Names an event: `("call", seq)`, `("state", uuid, position)`, `("arrival", position)`, `("text", position)`,
`("status", id of the message, position)`."""

REQUEST_HEADERS = ("authorization", "content-type")
REPLY_HEADERS = ("content-type", "location", "retry-after", "set-cookie", "www-authenticate")
"""The headers that matter between a relay and its neighbours."""
LONGEST_HEADER = 200
PARTIES = {"rapidpro": Party.RAPIDPRO, "cht": Party.CHT}
LAST = float("inf")
HANDED_OUT = "forwarded-to-gateway"
BY_GATEWAYS = frozenset({HANDED_OUT, *REPORTED_AS.values()})
"""States that CHT does not set by itself."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One event with its name. `same`: events with the same value carry the same; `quiet`: it carries nothing new.

    `order` is its place among events of the same moment.
    """

    at: datetime
    order: float
    ref: Ref
    event: Event
    same: tuple[object, ...]
    poll: bool = False
    quiet: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """A history with what is needed to show it.

    `names` of people by number; `statuses` of RapidPro's messages by id, with times; `relay` is CHT if CHT itself is
    the relay; `decisive` are the events on which the verdict rests; `longest`: characters of a body (None: all).
    """

    history: History
    names: Mapping[str, str]
    statuses: Mapping[int | str, tuple[tuple[str, datetime], ...]] = field(default_factory=dict)
    relay: Party = Party.RELAY
    decisive: frozenset[Ref] = frozenset()
    longest: int | None = 2_000

    def name(self, number: str) -> str:
        """The person with this number, or the number."""
        return self.names.get(number, number)


def all_entries(scene: Scene) -> list[Entry]:
    """Everything that happened, in order of time."""
    found = [*_calls(scene), *_texts_in(scene), *_states(scene), *_statuses(scene), *_arrivals(scene)]
    return sorted(found, key=lambda one: (one.at, one.order))


def shown_calls(scene: Scene) -> Iterator[Call]:
    """The calls of the relay and to it; not the harness's own, nor those of others in the workspace.

    If CHT is the relay, both services saw each call: RapidPro's side is shown.
    """
    for call in scene.history.calls:
        twice = scene.relay is Party.CHT and call.service == "cht"
        if not twice and not (call.direction == "in" and by_others(call)):
            yield call


def _calls(scene: Scene) -> Iterator[Entry]:
    seen: dict[tuple[object, ...], tuple[object, ...]] = {}
    for call in shown_calls(scene):
        asked = (call.service, call.direction, call.method, call.path, call.query, call.body)
        answered = (call.status, call.fault, call.acted, call.reply_body)
        poll = is_empty_poll(call)
        sends = call.service == "rapidpro" and call.direction == "in" and call.method != "GET" and call.acted
        again = seen.get(asked) == answered and not sends
        seen[asked] = answered
        same = (*asked[:4], call.status) if poll else (*asked, *answered)
        ref: Ref = ("call", call.seq)
        yield Entry(call.at, call.seq, ref, _call_event(scene, call, ref), same, poll, poll or again)


def is_empty_poll(call: Call) -> bool:
    """Whether a call asked for news, got none, and brought none."""
    if call.status != 200 or call.fault or call.direction != "in":
        return False
    if call.service == "cht" and call.path == GATEWAY_PATH:
        return not _carries(call.body, "messages", "updates") and _is_empty(call.reply_body, "messages")
    return call.service == "rapidpro" and call.method == "GET" and _is_empty(call.reply_body, "results")


def _carries(body: str, *names: str) -> bool:
    found = parsed(body) if body.strip() else {}
    return not isinstance(found, dict) or any(found.get(name) for name in names)


def _is_empty(body: str, name: str) -> bool:
    found = parsed(body)
    return isinstance(found, dict) and found.get(name) == []


def _call_event(scene: Scene, call: Call, ref: Ref) -> Event:
    service = PARTIES.get(call.service)
    if service is None:  # the other origin, to which a redirect led
        service = Party.CHT if call.path.endswith(GATEWAY_PATH) else Party.RAPIDPRO
    source, target = (scene.relay, service) if call.direction == "in" else (service, scene.relay)
    where = " (another origin)" if call.service == ELSEWHERE else ""
    replied = call.status is not None
    return Event(
        at=call.at.isoformat(),
        source=source,
        target=target,
        title=f"{call.method} {call.path}{'?' if call.query else ''}{call.query}{where}",
        status=call.status,
        request=_part(scene, call.headers, REQUEST_HEADERS, call.body),
        reply=_part(scene, call.reply_headers, REPLY_HEADERS, call.reply_body) if replied else None,
        fault=call.fault.partition("#")[0] if call.fault else None,
        acted=call.acted,
        decisive=ref in scene.decisive,
        seq=call.seq,
    )


def _part(scene: Scene, headers: Mapping[str, str], names: tuple[str, ...], body: str) -> Part:
    shown = {name: shortened(headers[name], LONGEST_HEADER) for name in names if name in headers}
    return Part(shown, shortened(body, scene.longest))


def _texts_in(scene: Scene) -> Iterator[Entry]:
    """What people sent; RapidPro redelivers a text without its sender."""
    seen: set[str] = set()
    for position, text in enumerate(scene.history.incoming_texts):
        if text.id not in seen:
            seen.add(text.id)
            title = f"{quoted(text.text)} from {scene.name(text.number)}"
            order = (
                min((call.seq for call in webhook_calls(scene.history, text.id, text.number, text.text)), default=0)
                - 0.5
            )
            yield _plain(scene, ("text", position), text.at, order, (Party.PHONE, Party.RAPIDPRO), title, "text")


def webhook_calls(history: History, id_: str, number: str, words: str) -> list[Call]:
    """RapidPro's calls of the relay with the text of this id; if the flow sends another id, with these words."""
    calls = [call for call in history.calls if call.direction == "out"]
    by_id = [call for call in calls if id_ and id_ in call.body]
    return by_id or [call for call in calls if carries(call.body, number, words)]


def carries(body: str, number: str, words: str) -> bool:
    """Whether a request carries these words, with or without RapidPro's doubled @, for or from this number. A request
    that names contacts in another way than by numbers shows no number."""
    written = (words, words.replace("@", "@@"))
    spellings = [json.dumps(one, ensure_ascii=ascii_only)[1:-1] for one in written for ascii_only in (True, False)]
    return any(one in body for one in spellings) and (number[-SURE_DIGITS:] in body or "tel:" not in body)


def _states(scene: Scene) -> Iterator[Entry]:
    """Each behind the call of the same moment that brought it about; before all of them if CHT set it by itself."""
    causes = _causes(scene.history)
    for text in scene.history.outgoing_texts:
        for position, (state, at) in enumerate(text.states):
            title = f"{quoted(text.text)} for {scene.name(text.number)} is {state}"
            calls = causes.get((at, text.uuid, state), [])
            earlier = sum(one == (state, at) for one in text.states[:position])
            order = calls[min(earlier, len(calls) - 1)] + 0.5 if calls else LAST if state in BY_GATEWAYS else 0
            ref: Ref = ("state", text.uuid, position)
            yield _plain(scene, ref, at, order, (Party.CHT, Party.CHT), title, state)


def _causes(history: History) -> Mapping[tuple[datetime, str, str], list[int]]:
    """The calls that brought a state about, by moment, text and state."""
    found: dict[tuple[datetime, str, str], list[int]] = {}
    for call in history.calls:
        if call.path == GATEWAY_PATH and call.direction == "in":
            told = [
                (str(row.get("id")), REPORTED_AS.get(str(row.get("status")))) for row in entries(call.body, "updates")
            ]
            out = [(str(row.get("id")), HANDED_OUT) for row in entries(call.reply_body, "messages")]
            for id_, state in (*told, *out):
                if state is not None:
                    found.setdefault((call.at, id_, state), []).append(call.seq)
    return found


def _statuses(scene: Scene) -> Iterator[Entry]:
    for message in scene.history.messages:
        for position, (status, at) in enumerate(scene.statuses.get(message.id, ())):
            title = f"{quoted(message.text)} to {scene.name(message.number)} is {status}"
            ref: Ref = ("status", message.id, position)
            yield _plain(scene, ref, at, LAST, (Party.RAPIDPRO, Party.RAPIDPRO), title, status)


def _arrivals(scene: Scene) -> Iterator[Entry]:
    for position, arrival in enumerate(scene.history.arrivals):
        title = f"{quoted(arrival.text)} to {scene.name(arrival.number)}"
        ref: Ref = ("arrival", position)
        yield _plain(scene, ref, arrival.at, LAST, (Party.RAPIDPRO, Party.PHONE), title, "arrival")


def _plain(
    scene: Scene, ref: Ref, at: datetime, order: float, between: tuple[Party, Party], title: str, kind: str
) -> Entry:
    event = Event(at.isoformat(), *between, title, decisive=ref in scene.decisive)
    return Entry(at, order, ref, event, (*between, kind))
