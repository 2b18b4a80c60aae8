"""Outgoing texts, and the phones at which they arrive."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from conformance.world.vocabulary import listed
from conformance.world.world import World

MINUTE = 60


@given(parsers.parse("{name}'s number is too short"))
def too_short(world: World, name: str) -> None:
    world.people.give_short_number(name)


@given(parsers.parse("{name}'s number has {digits:d} digits"))
def too_long(world: World, name: str, digits: int) -> None:
    world.people.give_long_number(name, digits)


@when(parsers.parse('CHT sends "{text}" to {names} in one document'))
def sends_in_one(world: World, text: str, names: str) -> None:
    world.cht_sends([(world.people[name], text) for name in listed(names)])


@when(parsers.re(r'CHT sends "(?P<text>[^"]+)" to (?P<names>(?:(?! in one document).)+)$'))
def sends(world: World, text: str, names: str) -> None:
    for name in listed(names):
        world.cht_sends([(world.people[name], text)])


@when(parsers.parse('CHT sends "{first}" and then "{second}" to {name}'))
def sends_two(world: World, first: str, second: str, name: str) -> None:
    world.cht_sends([(world.people[name], first)])
    world.pass_time(1)
    world.cht_sends([(world.people[name], second)])


@when(parsers.parse('CHT\'s reminder "{text}" for {name} becomes due'))
def reminder(world: World, text: str, name: str) -> None:
    world.cht_sends([(world.people[name], text)], scheduled=True)


@when(parsers.parse("CHT has {count:d} texts to send"))
def has_many(world: World, count: int) -> None:
    world.cht_sends_each([(world.people[f"Person {n}"], f"You are number {n}") for n in range(count)])


@when(parsers.parse("CHT has {count:d} texts for numbers that are too short"))
def has_bad(world: World, count: int) -> None:
    for n in range(count):
        world.people.give_short_number(f"Nobody {n}")
    world.cht_sends_each([(world.people[f"Nobody {n}"], f"You are number {n}") for n in range(count)])
    world.pass_time(1)  # CHT hands out the oldest first, so later texts queue behind these


@when(parsers.parse("CHT sends {name} a text of {count:d} characters"))
def sends_long(world: World, name: str, count: int) -> None:
    world.cht_sends([(world.people[name], "0123456789" * (count // 10))])


@then(parsers.re(r'(?P<names>.+) receives? "(?P<text>(?s:.+))" once$'))
def receives(world: World, names: str, text: str) -> None:
    for name in listed(names):
        world.eventually(
            f"{name} receives {text!r}",
            world.text_arrived(world.people[name], text),
            within=world.arrival_within,
        )
    world.settle()
    for name in listed(names):
        texts = [one.text for one in world.received(world.people[name])]
        world.expect(texts.count(text) == 1, f"{name} to receive {text!r} once, the phone shows {texts}")


@then(parsers.re(r'(?P<name>.+) receives "(?P<text>[^"]+)" (?P<count>\d+) times'), converters={"count": int})
def receives_times(world: World, name: str, text: str, count: int) -> None:
    person = world.people[name]
    world.eventually(
        f"{name} receives {text!r} {count} times", lambda: len(world.received(person)) >= count, world.arrival_within
    )
    world.settle()
    texts = [one.text for one in world.received(person)]
    world.expect(texts == [text] * count, f"{name} to receive {text!r} {count} times, the phone shows {texts}")


@then(parsers.parse("{name} receives nothing"))
def receives_nothing(world: World, name: str) -> None:
    world.settle()
    received = [one.text for one in world.received(world.people[name])]
    world.expect(not received, f"{name} to receive nothing, the phone shows {received}")


@then(parsers.parse("all {count:d} arrive within {minutes:d} minutes"))
def all_arrive(world: World, count: int, minutes: int) -> None:
    world.eventually(f"{count} texts arrive", lambda: len(world.history().arrivals) >= count, within=minutes * MINUTE)


@then(parsers.parse('{name} receives "{first}" before "{second}"'))
def in_order(world: World, name: str, first: str, second: str) -> None:
    def order() -> list[str]:
        sent = sorted(world.history().messages, key=lambda one: (one.created, str(one.id).zfill(20)))
        return [one.text for one in sent if one.number == world.people[name].number]

    world.eventually("both texts are sent", lambda: {first, second} <= set(order()), within=world.arrival_within)
    world.expect(order() == [first, second], f"{first!r} before {second!r}, RapidPro got {order()}")
