"""What goes wrong around the relay, and its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pytest_bdd import given, parsers, then, when

from conformance.services.endpoints import GATEWAY, SEND
from conformance.world.vocabulary import CHT_TROUBLES, RAPIDPRO_TROUBLES, choose, cht, rapidpro, seconds_of
from conformance.world.world import World

NUMBERS: dict[str, Callable[[str], Any]] = {"times": int, "status": int}
BELIEVED = range(400, 500)
"""Statuses that say that nothing was done: who believes them tells CHT that the text failed."""


@given(
    parsers.re(
        r"RapidPro (?!delivers texts |is down for \d|.+ answers \d|answers the next \d+ texts with \d|takes \d|sends )"
        r"(?P<trouble>.+)"
    )
)
def rapidpro_trouble(world: World, trouble: str) -> None:
    for fault in choose("trouble of RapidPro", trouble, RAPIDPRO_TROUBLES)(world.timing.a_while):
        world.fault(fault)


@given(
    parsers.re(
        r"CHT (?!is down for \d|.+ answers \d|answers the next request with \d|answers \w+'s texts with \d)"
        r"(?P<trouble>.+)"
    )
)
def cht_trouble(world: World, trouble: str) -> None:
    for fault in choose("trouble of CHT", trouble, CHT_TROUBLES)(world.timing.a_while):
        world.fault(fault)


@given(parsers.re(r"(?P<service>CHT|RapidPro) is down for (?P<duration>\d+ \w+)"))
def is_down_for(world: World, service: str, duration: str) -> None:
    outage = (cht if service == "CHT" else rapidpro)("outage", for_seconds=seconds_of(duration))
    world.fault(outage)


@given(parsers.re(r"CHT answers the next request with (?P<status>\d+)"), converters=NUMBERS)
def cht_answers_with(world: World, status: int) -> None:
    world.fault(cht("refuse", {"status": status}))


@given(parsers.re(r"CHT answers (?P<name>\w+)'s texts with (?P<status>\d+) for a while"), converters=NUMBERS)
def cht_answers_texts_with(world: World, name: str, status: int) -> None:
    """Whatever else the relay asks of CHT meanwhile is answered as usual."""
    where = {**GATEWAY, "to": world.people[name].number}
    options = {"status": status, "body": ""}
    world.fault(cht("refuse", options, match=where, times=None, for_seconds=world.timing.a_while))


@given(parsers.re(r"CHT acts on the next (?P<times>\d+) requests? but answers (?P<status>\d+)"), converters=NUMBERS)
def cht_acts_but_answers(world: World, times: int, status: int) -> None:
    world.fault(cht("replace_reply", {"status": status}, times=times))


@given(parsers.re(r"CHT takes (?P<name>\w+)'s text but answers (?P<status>\d+)"), converters=NUMBERS)
def cht_takes_text_but_answers(world: World, name: str, status: int) -> None:
    where = {**GATEWAY, "to": world.people[name].number}
    world.fault(cht("replace_reply", {"status": status}, match=where))


@given(parsers.re(r"RapidPro answers the next (?P<times>\d+) texts with (?P<status>\d+)"), converters=NUMBERS)
def rapidpro_answers_with(world: World, times: int, status: int) -> None:
    world.fault(rapidpro("refuse", {"status": status, "body": ""}, match=SEND, times=times))


@given(parsers.re(r"RapidPro accepts the next text but answers (?P<status>\d+)"), converters=NUMBERS)
def rapidpro_accepts_but_answers(world: World, status: int) -> None:
    world.fault(rapidpro("replace_reply", {"status": status}, match=SEND))
    if status in BELIEVED:
        world.excused_checks |= {"state_wrong", "given_up_without_cause"}


@given(parsers.parse("RapidPro takes {seconds:d} seconds for each of the next {times:d} texts"))
def rapidpro_takes(world: World, seconds: int, times: int) -> None:
    world.fault(rapidpro("delay", {"seconds": seconds}, match=SEND, times=times))


@given(parsers.parse("RapidPro sends the next text after {seconds:d} seconds without an answer"))
def rapidpro_sends_late(world: World, seconds: int) -> None:
    world.fault(rapidpro("act_late", {"seconds": seconds}, match=SEND))


@then(parsers.parse("RapidPro received at most {count:d} requests a minute meanwhile"))
def few_while_throttled(world: World, count: int) -> None:
    """While it answered 429."""
    throttled = [call for call in world.history().calls if call.status == 429]
    world.expect_harness(bool(throttled), "RapidPro never answered 429")
    most = count * world.timing.a_while / 60
    surplus = [("call", call.seq) for call in throttled[int(most) :]]
    world.expect(not surplus, f"at most {most:.0f} requests, there were {len(throttled)}", lambda: surplus)


@given(parsers.re(r"(?P<duration>\d+ \w+) pass"))
@when(parsers.re(r"(?P<duration>\d+ \w+) pass"))
def time_passes(world: World, duration: str) -> None:
    world.pass_long_time(seconds_of(duration))


@when(parsers.parse("others in the workspace send {count:d} texts"))
def others_send(world: World, count: int) -> None:
    """To a phone that is nobody's in the scenario."""
    world.control.post("/rapidpro/broadcasts", {"count": count, "number": "+250788999999"})


@when("a moment passes")
def a_moment(world: World) -> None:
    world.pass_time(1)


@when("a while passes")
def a_while(world: World) -> None:
    world.pass_time(world.timing.a_while)


@when("all trouble ends")
def trouble_ends(world: World) -> None:
    world.await_faults()
    world.control.delete("/faults")


@then("RapidPro has answered 429")
def has_throttled(world: World) -> None:
    world.await_faults()
    throttled = [call for call in world.history().calls if call.status == 429]
    world.expect_harness(bool(throttled), "RapidPro never answered 429")
