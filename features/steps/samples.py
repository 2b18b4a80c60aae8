"""Texts that real gateways get wrong, all of a group at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from pytest_bdd import parsers, then, when

from conformance.world.texts import Sample, samples
from conformance.world.world import World


@when(parsers.parse('{name} texts each of "{group}"'), target_fixture="sent")
def texts_each(world: World, name: str, group: str) -> tuple[Sample, ...]:
    person = world.people[name]
    delivered: list[Sample] = []
    for sample in samples(group):
        result = world.person_texts(person, sample.text)
        world.expect_accepted(person, len(delivered) + 1)
        delivered.append(Sample(sample.id, str(result["text"])))
    return tuple(delivered)


@then(parsers.parse("CHT has each of them from {name} once, unchanged"))
def has_each(world: World, sent: tuple[Sample, ...], name: str) -> None:
    person = world.people[name]

    def texts() -> list[str]:
        return [report.text for report in world.reports(person)]

    expect_each(world, sent, f"CHT has {len(sent)} texts from {name}", texts, world.report_within)


@when(parsers.parse('CHT sends each of "{group}" to {name}'), target_fixture="sent")
def sends_each(world: World, group: str, name: str) -> tuple[Sample, ...]:
    found = samples(group)
    world.cht_sends_each([(world.people[name], sample.text) for sample in found])
    return tuple(Sample(sample.id, sample.text.strip()) for sample in found)  # RapidPro strips broadcasts


@then(parsers.parse("{name} receives each of them once, unchanged"))
def receives_each(world: World, sent: tuple[Sample, ...], name: str) -> None:
    person = world.people[name]

    def texts() -> list[str]:
        return [arrival.text for arrival in world.received(person)]

    expect_each(world, sent, f"{name} receives {len(sent)} texts", texts, world.arrival_within)


@then(parsers.parse("each of them reaches {name} unchanged, or CHT shows it as failed"))
def reaches_or_fails(world: World, sent: tuple[Sample, ...], name: str) -> None:
    """A relay may send a text that RapidPro refuses without the characters that it refuses: history/unsendable.py."""
    person = world.people[name]

    def left() -> list[str]:
        arrived = {arrival.text for arrival in world.received(person)}
        return [
            sample.id
            for sample in sent
            if sample.text not in arrived and world.task(person, sample.text).state != "failed"
        ]

    world.eventually(f"each text reaches {name} or has failed", lambda: not left(), within=world.arrival_within)


def expect_each(
    world: World, sent: tuple[Sample, ...], what: str, texts: Callable[[], list[str]], within: float
) -> None:
    """Wait for as many `texts` as were `sent`, then expect them to be the same."""
    world.eventually(what, lambda: len(texts()) >= len(sent), within=within)
    expect_unchanged(world, sent, texts())


def expect_unchanged(world: World, sent: tuple[Sample, ...], found: list[str]) -> None:
    """SubjectFailed if a text that was sent is not found, or one is found that was not sent."""
    missing = Counter(sample.text for sample in sent) - Counter(found)
    extra = Counter(found) - Counter(sample.text for sample in sent)
    names = ", ".join(sample.id for sample in sent if sample.text in missing)
    world.expect(
        not missing and not extra, f"each text unchanged; changed: {names}: {list(missing)} became {list(extra)}"
    )
