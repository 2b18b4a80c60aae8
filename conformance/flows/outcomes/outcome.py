"""Each way once: what the person is told, what CHT holds, and whether the two agree."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from conformance.evidence.model import Evidence, Party
from conformance.flows.bundle import Bundle
from conformance.flows.checking.posts import posts_in
from conformance.flows.checking.reading import Reading, read
from conformance.flows.outcomes.conversation import Conversation, Talk, converse
from conformance.flows.outcomes.endpoints import Endpoint, shown
from conformance.flows.outcomes.ladder import evidence_of
from conformance.flows.outcomes.settings import fitting_globals, written_token
from conformance.flows.outcomes.ways import GOOD, WAYS, Times, Unreliable, Way
from fakes.rapidpro.flows.engine import FlowStore, Refused, TooMuch
from fakes.rapidpro.versions.engines import ENGINES
from fakes.rapidpro.versions.generation import Generation

Open = Callable[[str], Endpoint]
"""A new endpoint with an empty CHT. The argument is the token that the flow has written in it, or ""."""


class NotPossible(ValueError):
    """The flow cannot be judged so; the text says why."""


class Agreement(StrEnum):
    """Whether what the person is told agrees with what CHT holds."""

    AGREES = "agrees"
    RISK = "risk"
    DISAGREES = "disagrees"


@dataclass(frozen=True, slots=True)
class Row:
    """The outcome of one way. `told`: the texts to the person behind the call; `noted`: what operators get."""

    way: Way
    times: Times
    generations: tuple[str, ...]
    calls: int
    told: tuple[str, ...]
    noted: tuple[str, ...]
    holds: tuple[str, ...]
    agreement: Agreement
    reason: str
    evidence: Evidence

    @property
    def name(self) -> str:
        """The way, and whether only the first call is answered so."""
        return self.way.name if self.times == "always" else f"{self.way.name}, once"

    def as_json(self) -> dict[str, Any]:
        """The shape of `--json`."""
        return {
            "way": self.way.name, "about": self.way.about, "times": self.times, "generations": list(self.generations),
            "calls": self.calls, "told": list(self.told), "noted": list(self.noted), "cht_holds": list(self.holds),
            "agreement": str(self.agreement), "reason": self.reason, "evidence": self.evidence.as_json(),
        }  # fmt: skip

    @property
    def seen(self) -> tuple[object, ...]:
        """What makes it another row than that of the other generation."""
        return self.way.name, self.times, self.calls, self.told, self.noted, self.holds, self.agreement


@dataclass(frozen=True, slots=True)
class _Tried:
    conversation: Conversation
    send: Unreliable
    holds: tuple[str, ...]
    called: Party

    @property
    def told(self) -> tuple[str, ...]:
        return tuple(self.conversation.after_call("out"))

    @property
    def noted(self) -> tuple[str, ...]:
        return tuple(self.conversation.after_call("note"))


def chosen_flow(bundle: Bundle, generation: Generation, name: str | None) -> str:
    """The UUID of the flow with that name, or else of the first that posts something. NotPossible if there is none."""
    flows = FlowStore(bundle.flows, ENGINES[generation])
    if name is not None:
        found = [uuid for uuid in flows.uuids() if name in (bundle.name_of(uuid), uuid)]
        if not found:
            names = ", ".join(repr(bundle.name_of(uuid)) for uuid in flows.uuids())
            raise NotPossible(f"there is no flow {name!r}; the export has {names}")
        return found[0]
    readings = [read(bundle, flows, uuid, None) for uuid in flows.uuids()]
    posting = [one.uuid for one in readings if not one.refusal and any(posts_in(one))]
    if not posting:
        refusals = [f"{bundle.name_of(one.uuid)!r} is refused because {one.refusal}" for one in readings if one.refusal]
        raise NotPossible("no flow posts anything to CHT" + "".join(f"; {one}" for one in refusals))
    return posting[0]


def outcomes(
    bundle: Bundle, flow: str, generations: Sequence[Generation], open_: Open, known: Mapping[str, str] | None,
    chance: random.Random, texts: Sequence[str] = (),
) -> list[Row]:  # fmt: skip
    """The outcomes of all ways; rows that are the same in both generations are one. NotPossible, HarnessBroken.

    `chance` makes UUIDs: each conversation has its own, since CHT and relays know texts by them.
    """
    found: dict[tuple[object, ...], Row] = {}
    for generation in generations:
        for row in _in_generation(bundle, flow, generation, open_, known, chance, texts):
            earlier = found.get(row.seen)
            found[row.seen] = row if earlier is None else _also(earlier, generation)
    order = [way.name for way in WAYS]
    return sorted(found.values(), key=lambda row: (order.index(row.way.name), row.times))


def _also(row: Row, generation: str) -> Row:
    return replace(row, generations=(*row.generations, generation))


def _in_generation(
    bundle: Bundle, flow: str, generation: Generation, open_: Open, known: Mapping[str, str] | None,
    chance: random.Random, texts: Sequence[str],
) -> Iterator[Row]:  # fmt: skip
    flows = FlowStore(bundle.flows, ENGINES[generation])
    reading = read(bundle, flows, flow, known)
    if reading.refusal:
        raise NotPossible(f"flow {bundle.name_of(flow)!r} is refused by {generation} because {reading.refusal}")

    def tried(way: Way, times: Times) -> _Tried:
        return _try(reading, way, times, open_, chance, texts)

    good = tried(GOOD, "always")
    if not good.send.calls:
        raise NotPossible("the flow made no call in this conversation: say with --text what the person writes")
    for way in WAYS:
        always = good if way is GOOD else tried(way, "always")
        yield _row(way, "always", generation, always, good)
        if way is not GOOD and len(always.send.calls) > 1 and way.name != "redirect":
            yield _row(way, "once", generation, tried(way, "once"), good)


def _try(reading: Reading, way: Way, times: Times, open_: Open, chance: random.Random, texts: Sequence[str]) -> _Tried:
    endpoint = open_(written_token(reading))
    others = {post.endpoint for post in posts_in(reading)} - endpoint.kinds
    if others:
        raise NotPossible(f"{endpoint.name} takes texts only, and the flow posts to CHT's endpoint for {others.pop()}")
    send = Unreliable(way, times, endpoint.send)
    talk = Talk(reading.bundle, reading.flows, reading.uuid, fitting_globals(reading, endpoint), chance, texts)
    try:
        conversation = converse(talk, send.send, endpoint.now())
    except (Refused, TooMuch) as problem:
        raise NotPossible(f"flow {reading.bundle.name_of(reading.uuid)!r} does not run: {problem}") from None
    return _Tried(conversation, send, tuple(shown(endpoint.held())), endpoint.party)


def _row(way: Way, times: Times, generation: str, tried: _Tried, good: _Tried) -> Row:
    agreement, reason = judged(tried.told, tried.noted, tried.holds, good.told, good.noted, good.holds)
    return Row(
        way, times, (generation,), len(tried.send.calls), tried.told, tried.noted, tried.holds, agreement, reason,
        evidence_of(
            tried.conversation, tried.send, tried.holds, way, tried.called, decisive=agreement is not Agreement.AGREES
        ),
    )  # fmt: skip


def judged(
    told: Sequence[str], noted: Sequence[str], holds: Sequence[str], good_told: Sequence[str],
    good_noted: Sequence[str], good_holds: Sequence[str],
) -> tuple[Agreement, str]:  # fmt: skip
    """The judgement: what happened, beside what happens when all is well."""
    as_if_good = list(told) == list(good_told)
    if not good_holds:
        return Agreement.DISAGREES, "CHT does not hold it even when all is well"
    if len(holds) > len(good_holds):
        return Agreement.DISAGREES, "CHT holds it more than once"
    if len(holds) == len(good_holds):
        if as_if_good and list(noted) == list(good_noted):
            return Agreement.AGREES, "CHT holds it"
        if as_if_good:
            return Agreement.RISK, "CHT holds it, and operators are told something else: it may come twice"
        return Agreement.RISK, "CHT holds it, and the person is told something else: it may come twice"
    if not as_if_good:
        return Agreement.AGREES, "CHT does not hold it, and the person learns that something is wrong"
    if told:
        return Agreement.DISAGREES, "the person is told that all is well, and CHT does not hold it"
    if list(noted) != list(good_noted):
        return Agreement.AGREES, "CHT does not hold it, and operators learn of it; the person is told nothing"
    return Agreement.DISAGREES, "CHT does not hold it, and nobody learns of it"
