"""What goes wrong around the relay, and its end."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from conformance.world.vocabulary import CHT_TROUBLES, RAPIDPRO_TROUBLES, choose
from conformance.world.world import World


@given(parsers.re(r"RapidPro (?!delivers texts )(?P<trouble>.+)"))
def rapidpro_trouble(world: World, trouble: str) -> None:
    for fault in choose("trouble of RapidPro", trouble, RAPIDPRO_TROUBLES)(world.timing.a_while):
        world.fault(fault)


@given(parsers.parse("CHT {trouble}"))
def cht_trouble(world: World, trouble: str) -> None:
    for fault in choose("trouble of CHT", trouble, CHT_TROUBLES)(world.timing.a_while):
        world.fault(fault)


@when("a while passes")
def a_while(world: World) -> None:
    world.pass_time(world.timing.a_while)


@when("all trouble ends")
def trouble_ends(world: World) -> None:
    world.await_faults()
    world.control.delete("/faults")


@then("RapidPro is left alone until the time is up")
def left_alone(world: World) -> None:
    world.await_faults()
    throttled = [call for call in world.history().calls if call.status == 429]
    world.expect_harness(bool(throttled), "RapidPro never answered 429")
    world.settle()
    found = [one for one in world.violations() if one.check == "called_while_throttled"]
    world.expect(not found, f"no request before the time is up; {'; '.join(map(str, found[:3]))}")
