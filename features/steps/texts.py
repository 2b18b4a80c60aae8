"""People who text in, and the reports that CHT holds of them."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from conformance.history.model import Outcome
from conformance.world.vocabulary import DELIVERIES, choose, listed
from conformance.world.world import World


@given(parsers.parse("RapidPro hands texts over {how}"))
def hands_over_so(world: World, how: str) -> None:
    world.configure_webhook(**choose("way of handing over", how, DELIVERIES))


@when(parsers.parse('{name} texts "{text}"'))
def texts(world: World, name: str, text: str) -> None:
    world.person_texts(world.people[name], text)


@when(parsers.parse('{name} texts "{text}" in {count:d} lines'))
def texts_lines(world: World, name: str, text: str, count: int) -> None:
    world.person_texts(world.people[name], "\n".join([text] * count))


@when(parsers.parse("RapidPro hands {name}'s text over again"))
def again(world: World, name: str) -> None:
    world.redeliver(world.people[name])


@when(parsers.parse("{count:d} people text in"))
def many_text_in(world: World, count: int) -> None:
    for position in range(count):
        person = world.people[f"Person {position}"]
        world.person_texts(person, f"I am number {position}")
        world.expect_accepted(person)
        world.expect(
            bool(world.last_response(person).status), f"an answer to text {position + 1} of {count}, none came"
        )


@then(parsers.parse('CHT holds {names}\'s report "{text}"'))
def holds_report(world: World, names: str, text: str) -> None:
    for name in listed(names):
        person = world.people[name]
        world.expect_accepted(person)
        world.eventually(
            f"CHT holds {text!r} of {name}",
            world.report_stored(person, text),
            within=world.soon,
        )
        world.expect(len(world.reports(person)) == 1, f"one report of {name}, there are {len(world.reports(person))}")


@then(parsers.parse("CHT holds {count:d} reports of {name}"))
def holds_reports(world: World, count: int, name: str) -> None:
    person = world.people[name]
    world.expect_accepted(person, count)
    world.eventually(
        f"CHT holds {count} reports of {name}", lambda: len(world.reports(person)) >= count, within=world.soon
    )
    world.settle()
    world.expect(len(world.reports(person)) == count, f"{count} reports of {name}, not {len(world.reports(person))}")


@then(parsers.parse("CHT holds reports of all {count:d}"))
def holds_all(world: World, count: int) -> None:
    world.eventually(f"CHT holds {count} reports", lambda: len(world.history().reports) >= count, within=world.soon)


@then(parsers.parse("CHT holds a {form} report of {name} whose {field} is {value:g}"))
def holds_form(world: World, form: str, name: str, field: str, value: float) -> None:
    person = world.people[name]
    world.expect_accepted(person)
    world.eventually(
        f"CHT holds a {form} report of {name} with {field} {value:g}",
        lambda: any(one.get("fields", {}).get(field) == value for one in world.parsed(person, form)),
        within=world.soon,
    )


@then(parsers.parse("{name}'s text is refused with {status:d}, naming the {part}"))
def refused_naming(world: World, name: str, status: int, part: str) -> None:
    answer = world.last_response(world.people[name])
    world.expect(answer.status == status, f"the text to be refused with {status}, the relay answered {answer}")
    world.expect(part in answer.body, f"the reason to name {part!r}, the relay answered {answer}")


@then(parsers.parse("{name}'s text is refused with {status:d}"))
def refused(world: World, name: str, status: int) -> None:
    answer = world.last_response(world.people[name])
    world.expect(answer.status == status, f"the text to be refused with {status}, the relay answered {answer}")
    world.expect(bool(answer.body.strip()), "a reason, the relay gave none")


@then(parsers.parse("{name}'s text is acknowledged"))
def acknowledged(world: World, name: str) -> None:
    answer = world.last_response(world.people[name])
    taken = Outcome.of_status(answer.status) is Outcome.OK
    world.expect(taken, f"the text to be acknowledged, the relay answered {answer}")


@then(parsers.parse("{name} is told that the text was not received"))
def told(world: World, name: str) -> None:
    person = world.people[name]
    world.eventually(
        f"{name} is told that the text was not received",
        lambda: any(number == person.number for number, _ in world.history().flow_replies),
        within=world.soon,
    )
