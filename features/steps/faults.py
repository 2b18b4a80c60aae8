"""What goes wrong around the relay, and its end."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from conformance.world.vocabulary import CHT_TROUBLES, RAPIDPRO_TROUBLES, choose, cht, rapidpro, seconds_of
from conformance.world.world import World


@given(parsers.re(r"RapidPro (?!delivers texts |is down for \d)(?P<trouble>.+)"))
def rapidpro_trouble(world: World, trouble: str) -> None:
    for fault in choose("trouble of RapidPro", trouble, RAPIDPRO_TROUBLES)(world.timing.a_while):
        world.fault(fault)


@given(parsers.re(r"CHT (?!is down for \d|answers the next request with \d)(?P<trouble>.+)"))
def cht_trouble(world: World, trouble: str) -> None:
    for fault in choose("trouble of CHT", trouble, CHT_TROUBLES)(world.timing.a_while):
        world.fault(fault)


@given(parsers.re(r"(?P<service>CHT|RapidPro) is down for (?P<duration>\d+ \w+)"))
def is_down_for(world: World, service: str, duration: str) -> None:
    outage = (cht if service == "CHT" else rapidpro)("outage", for_seconds=seconds_of(duration))
    world.fault(outage)


@given(parsers.re(r"CHT answers the next request with (?P<status>\d+)"), converters={"status": int})
def cht_answers_with(world: World, status: int) -> None:
    world.fault(cht("refuse", {"status": status}))


@given(parsers.re(r"(?P<duration>\d+ \w+) pass"))
@when(parsers.re(r"(?P<duration>\d+ \w+) pass"))
def time_passes(world: World, duration: str) -> None:
    world.pass_long_time(seconds_of(duration))


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
