"""The relay is killed and restarted."""

from __future__ import annotations

from pytest_bdd import given, parsers, when

from conformance.world.vocabulary import CRASHES, choose, seconds_of
from conformance.world.world import World


@given(parsers.parse("the relay is killed right after {point}"))
def killed_after(world: World, point: str) -> None:
    world.kill_when(choose("moment", point, CRASHES))


@when("the relay is restarted")
def is_restarted(world: World) -> None:
    world.restart_after_kill()


@when(parsers.parse("the relay is restarted after {duration}"))
def is_restarted_after(world: World, duration: str) -> None:
    world.restart_after_kill(seconds_of(duration))
