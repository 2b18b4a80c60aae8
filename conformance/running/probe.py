"""The first look at a subject over sockets: does it take a text, does it call its neighbours? Else it is no relay."""

from __future__ import annotations

from conformance.evidence.words import cut
from conformance.history.model import GATEWAY_PATH, Call
from conformance.verdicts import HarnessBroken
from conformance.world.world import World

PROBE_SECONDS = 8.0
"""Real seconds within which a relay makes its first call, plus two poll intervals."""
ANSWER = 100
"""Characters of the answer that are shown: a web page says nothing more at its end."""
TEXT = "Is anybody there?"
HANDED_OVER = ("/api/v1/sms", "/api/v2/sms", "/api/v1/records", "/api/v2/records")
"""Beginnings of other paths at which CHT takes texts. The harness itself never calls them."""


def probe(world: World) -> bool:
    """Send a text to the relay; wait until it has polled CHT and CHT has the text. Returns whether it has polled.

    HarnessBroken if it has called neither CHT nor RapidPro in the time that the world gives it: then no scenario makes
    sense. A relay that does less than it should, but calls, is judged.
    """
    person = world.people["somebody"]
    world.person_texts(person, TEXT)
    response = world.last_response(person)
    stored = world.report_stored(person, TEXT)
    taken = 200 <= response.status < 300

    def calls() -> list[Call]:
        """Those since the fakes started: it may have called before anybody looked."""
        every = (Call.from_json(exchange) for exchange in world.control.exchanges())
        return [call for call in every if call.direction == "in" and is_relays(call)]

    def polled() -> bool:
        return any(call.path == GATEWAY_PATH for call in calls())

    world.timing.until(world, lambda: polled() and (not taken or stored()), within=0)
    if not calls():
        raise HarnessBroken(_never_called(world, str(response)))
    return polled()


def is_relays(call: Call) -> bool:
    """Whether the subject made this call, which may hand a text to CHT in another way than through `/api/sms`."""
    return call.by_relay or call.path.startswith(HANDED_OVER)


def _never_called(world: World, response: str) -> str:
    neighbours = world.services.neighbours
    return (
        f"{world.subject.webhook_url()} answered a text with {cut(response, ANSWER)}, "
        f"and in {world.timing.shown(0)} the subject called neither CHT at {neighbours.cht_url}{GATEWAY_PATH} "
        f"nor RapidPro at {neighbours.rapidpro_url}/api/v2/. "
        "Is it a relay, does it have these addresses, and does it poll CHT every RELAY_POLL_SECONDS?"
    )
