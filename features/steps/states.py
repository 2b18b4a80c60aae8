"""What happens to a text on its way, and the state of its task in CHT."""

from __future__ import annotations

from functools import partial

from pytest_bdd import given, parsers, then, when

from conformance.world.vocabulary import CHANNEL, FURTHEST_STATUS, STATES, choose, listed
from conformance.world.world import World


@given(parsers.parse("texts get no further than {status}"))
def no_further(world: World, status: str) -> None:
    world.channel(**choose("status of a text", status, FURTHEST_STATUS))
    world.excused_checks.add("outgoing_lost")  # it is not meant to arrive


@given(parsers.parse("the aggregator {trouble}"))
def aggregator(world: World, trouble: str) -> None:
    changes = choose("trouble of the aggregator", trouble, CHANNEL)
    if "preset" in changes:
        world.fault(changes)
    else:
        world.channel(**changes)


@given(parsers.parse("{name}'s number cannot be reached"))
def bad_number(world: World, name: str) -> None:
    world.channel(bad_numbers=[world.people[name].number])


@when("the aggregator recovers in time")
def recovers(world: World) -> None:
    """After the first try has failed, before RapidPro gives up."""
    world.eventually(
        "a text is errored",
        lambda: any(one.status == "errored" for one in world.history().messages),
        within=world.arrival_within,
    )
    world.channel(down=False)


@then(parsers.parse("CHT shows the text to {names} as {state}"))
def has_state(world: World, names: str, state: str) -> None:
    expected = choose("state", state, STATES)
    for name in listed(names):
        world.eventually(
            f"CHT shows the text to {name} as {state}",
            world.task_in_state(world.people[name], expected),
            within=world.state_within,
            rests_on=partial(world.state_told, world.people[name]),
        )


@then(parsers.parse("CHT shows all {count:d} texts as {state}"))
def all_have_state(world: World, count: int, state: str) -> None:
    expected = [choose("state", state, STATES)] * count
    world.eventually(
        f"CHT shows all {count} texts as {state}",
        lambda: [one.state for one in world.history().outgoing_texts] == expected,
        within=world.state_within,
    )


@then(parsers.parse("CHT shows all {count:d} texts for bad numbers as failed"))
def all_bad_failed(world: World, count: int) -> None:
    bad = {world.people[f"Nobody {n}"].number for n in range(count)}

    def all_failed() -> bool:
        states = [one.state for one in world.history().outgoing_texts if one.number in bad]
        return states == ["failed"] * count

    world.eventually(f"CHT shows all {count} texts for bad numbers as failed", all_failed, within=world.state_within)


@then(parsers.parse("CHT shows why the text to {name} failed"))
def reason(world: World, name: str) -> None:
    """Any reason will do: the words and the language are free."""
    person = world.people[name]
    has_reason = bool(world.task(person).details.strip())
    world.expect(has_reason, f"a reason why the text to {name} failed", lambda: world.failure_told(person))


@then(parsers.parse("CHT shows different reasons for {names}"))
def different_reasons(world: World, names: str) -> None:
    reasons = {name: world.task(world.people[name]).details.strip() for name in listed(names)}
    world.expect(
        len({*reasons.values(), ""}) > len(reasons),
        f"a reason for each cause, CHT has {reasons}",
        lambda: [ref for name in reasons for ref in world.failure_told(world.people[name])],
    )


@then(parsers.parse("RapidPro has one message for {name}"))
def one_message(world: World, name: str) -> None:
    world.settle()
    sent = [one for one in world.history().messages if one.number == world.people[name].number]
    world.expect(len(sent) == 1, f"one message for {name} in RapidPro, there are {len(sent)}")


@then(parsers.parse("RapidPro received at most {count:d} requests to send"))
def at_most_sends(world: World, count: int) -> None:
    world.settle()
    calls = [one for one in world.history().calls if one.method == "POST" and one.path == world.subject.send_path]
    surplus = [("call", call.seq) for call in calls[count:]]
    world.expect(not surplus, f"at most {count} requests to send, there were {len(calls)}", lambda: surplus)
