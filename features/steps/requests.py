"""How many requests the relay makes."""

from __future__ import annotations

from dataclasses import replace

from pytest_bdd import parsers, then

from conformance.checks.figures import calls_by_kind, calls_per_text, calls_to, most_calls_within
from conformance.world.world import AWAKE, World

MINUTE = 60.0
DAY = 86_400.0


def service_of(name: str) -> str:
    return name.lower()


@then(parsers.re(r"(?P<name>RapidPro|CHT) received at most (?P<share>[\d.]+) requests per text"))
def few_requests(world: World, name: str, share: str) -> None:
    world.settle()
    history, service = world.history(), service_of(name)
    figure, made = calls_per_text(history, service), calls_by_kind(history, service)
    world.expect(figure <= float(share), f"at most {share} requests per text, there were {figure:.2f}: {made}")


@then(parsers.parse("after a quiet day RapidPro is asked {asked:d} times an hour and CHT {polled:d} times, at most"))
def quiet_day(world: World, asked: int, polled: int) -> None:
    """Everything is done. Only the last hour of a long time is looked at: some may look twice before they are sure."""
    world.settle()
    world.pass_long_time(DAY)
    begin = world.now()
    world.pass_time(AWAKE)
    history = world.history()
    late = replace(history, calls=tuple(call for call in history.calls if call.at >= begin))
    for service, most in (("rapidpro", asked), ("cht", polled)):
        count = len(calls_to(late, service))
        world.expect(count <= most, f"at most {most} requests to {service} in a quiet hour, there were {count}")


@then(parsers.re(r"(?P<name>RapidPro|CHT) received at most (?P<most>\d+) requests in any minute"))
def no_storm(world: World, name: str, most: str) -> None:
    figure = most_calls_within(world.history(), service_of(name), MINUTE)
    world.expect(figure <= int(most), f"at most {most} requests to {name} in any minute, there were {figure}")
