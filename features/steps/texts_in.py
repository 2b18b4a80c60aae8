"""Incoming texts, and the reports that CHT has from them."""

from __future__ import annotations

from functools import partial

from pytest_bdd import given, parsers, then, when

from conformance.evidence.entries import Ref
from conformance.history.model import Outcome
from conformance.world.vocabulary import DELIVERIES, choose, listed
from conformance.world.world import World

SHOWS_A_SECRET = frozenset({"with RapidPro's own token", "with the password of CHT's gateway"})
"""Ways of delivery in which the flow itself sends a secret to the wrong service."""


@given(parsers.parse("RapidPro delivers texts {how}"))
@when(parsers.parse("RapidPro delivers texts {how}"))
def delivers_texts(world: World, how: str) -> None:
    """From now on; the last such step counts."""
    if how in SHOWS_A_SECRET:
        world.excused_checks.add("secret_leaked")
    world.configure_webhook(**choose("way of delivery", how, DELIVERIES))


@given(parsers.parse("{name}'s number is a short code"))
def has_short_code(world: World, name: str) -> None:
    world.people.give_short_code(name)


@when(parsers.parse('{name} texts "{text}"'))
def texts(world: World, name: str, text: str) -> None:
    world.person_texts(world.people[name], text)


@when(parsers.parse('{name} texts "{text}" in {count:d} lines'))
def texts_lines(world: World, name: str, text: str, count: int) -> None:
    world.person_texts(world.people[name], "\n".join([text] * count))


@when(parsers.parse("RapidPro redelivers {name}'s text"))
def redelivers(world: World, name: str) -> None:
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


@when(parsers.parse("{count:d} people text in, whatever is answered"))
def many_text_in_anyhow(world: World, count: int) -> None:
    for position in range(count):
        world.person_texts(world.people[f"Person {position}"], f"I am number {position}")


@then("CHT has a report of each text that was accepted")
def has_each_accepted(world: World) -> None:
    def all_stored() -> bool:
        stored = {(report.number, report.text) for report in world.history().reports}
        return all((text.number, text.text) in stored for text in accepted)

    accepted = [text for text in world.incoming_texts if text.outcome is Outcome.OK]
    world.eventually(f"CHT has reports of {len(accepted)} accepted texts", all_stored, within=world.report_within)


@then(parsers.re(r"CHT has (?P<names>.+)'s report \"(?P<text>[^\"]*)\"$"))
def has_report(world: World, names: str, text: str) -> None:
    for name in listed(names):
        person = world.people[name]
        world.expect_accepted(person)
        world.eventually(
            f"CHT has {text!r} from {name}",
            world.report_stored(person, text),
            within=world.report_within,
            rests_on=partial(world.answer_to, person),
        )
        world.expect(len(world.reports(person)) == 1, f"one report from {name}, there are {len(world.reports(person))}")


@then(parsers.parse('CHT has {name}\'s report "{text}" by now'))
def has_report_by_now(world: World, name: str, text: str) -> None:
    person = world.people[name]
    world.expect_accepted(person)
    world.expect(world.report_stored(person, text)(), f"CHT to have {text!r} from {name} by now")


def reports(count: int) -> str:
    return f"{count} {'report' if count == 1 else 'reports'}"


@then(parsers.re(r"CHT has (?P<count>\d+) reports? from (?P<name>.+)"), converters={"count": int})
def has_reports(world: World, count: int, name: str) -> None:
    person = world.people[name]
    world.expect_accepted(person, count)
    world.eventually(
        f"CHT has {reports(count)} from {name}",
        lambda: len(world.reports(person)) >= count,
        within=world.report_within,
        rests_on=lambda: world.answer_to(person),
    )
    world.settle()
    world.expect(len(world.reports(person)) == count, f"{reports(count)} from {name}, not {len(world.reports(person))}")


@then(parsers.parse("CHT has reports from all {count:d}"))
def has_all(world: World, count: int) -> None:
    world.eventually(
        f"CHT has {count} reports", lambda: len(world.history().reports) >= count, within=world.report_within
    )


@then(parsers.parse("CHT has a {form} report from {name} whose {field} is {value:g}"))
def has_form(world: World, form: str, name: str, field: str, value: float) -> None:
    person = world.people[name]
    world.expect_accepted(person)
    world.eventually(
        f"CHT has a {form} report from {name} with {field} {value:g}",
        lambda: any(one.get("fields", {}).get(field) == value for one in world.parsed(person, form)),
        within=world.report_within,
        rests_on=lambda: world.answer_to(person),
    )


@then(parsers.parse('CHT has {name}\'s report "{text}", or the text was refused'))
def has_report_or_refused(world: World, name: str, text: str) -> None:
    """Who is refused knows that the text was not received: nothing is lost, if CHT does not have it either."""
    person = world.people[name]
    answer = world.last_response(person)
    if Outcome.of_status(answer.status) is not Outcome.REFUSED:
        world.eventually(
            f"CHT has {text!r} from {name}, since the relay answered {answer}",
            world.report_stored(person, text),
            within=world.report_within,
        )


@then(parsers.parse("{name}'s text is refused with {status:d}"))
def refused_with(world: World, name: str, status: int) -> None:
    person = world.people[name]
    answer = world.last_response(person)
    what = f"the text to be refused with {status}, the relay answered {answer}"
    world.expect(answer.status == status, what, lambda: world.answer_to(person))


@then(parsers.parse("{name}'s text is refused"))
def refused(world: World, name: str) -> None:
    person = world.people[name]
    answer = world.last_response(person)
    is_refused = Outcome.of_status(answer.status) is Outcome.REFUSED
    world.expect(is_refused, f"the text to be refused, the relay answered {answer}", lambda: world.answer_to(person))


@then(parsers.parse("{names} are refused for different reasons"))
def refused_for_reasons(world: World, names: str) -> None:
    answers = [world.last_response(world.people[name]) for name in listed(names)]
    shown = "; ".join(map(str, answers))

    def given() -> list[Ref]:
        return [ref for name in listed(names) for ref in world.answer_to(world.people[name])]

    for answer in answers:
        is_refused = Outcome.of_status(answer.status) is Outcome.REFUSED
        what = f"a refusal with a reason, the relay answered {answer}"
        world.expect(is_refused and bool(answer.body.strip()), what, given)
    world.expect(len({one.body for one in answers}) == len(answers), f"a reason for each cause, got {shown}", given)


@then(parsers.parse("{name}'s text is accepted"))
def is_accepted(world: World, name: str) -> None:
    person = world.people[name]
    answer = world.last_response(person)
    accepted = Outcome.of_status(answer.status) is Outcome.OK
    world.expect(accepted, f"the text to be accepted, the relay answered {answer}", lambda: world.answer_to(person))


@then(parsers.parse("{name} learns that the text was not received"))
def learns_of_failure(world: World, name: str) -> None:
    person = world.people[name]
    world.eventually(
        f"{name} learns that the text was not received",
        lambda: any(number == person.number for number, _ in world.history().flow_replies),
        within=world.report_within,
    )
