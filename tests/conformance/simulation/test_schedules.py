"""Schedules: generated from a seed, saved, loaded, shrunk."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from conformance.simulation.generate import generate
from conformance.simulation.schedule import TEXTS, TROUBLES, Event, Schedule, ScheduleError
from conformance.simulation.shrink import shrink
from conformance.world.texts import DIRECTIONS, Direction, drawable


def test_the_same_seed_gives_the_same_schedule() -> None:
    assert generate(7) == generate(7)
    assert generate(7) != generate(8)


@pytest.mark.parametrize("seed", range(1, 40))
def test_every_schedule_is_long_and_troubled_enough(seed: int) -> None:
    schedule = generate(seed)
    assert schedule.hours >= 6
    assert schedule.count(TEXTS) >= 20
    assert schedule.count(TROUBLES) >= 5
    assert [event.at for event in schedule.events] == sorted(event.at for event in schedule.events)


def test_a_saved_schedule_is_read_again_as_it_was(tmp_path: Path) -> None:
    schedule = generate(3)
    assert Schedule.load(schedule.save(tmp_path / "deep" / "3.json")) == schedule


def test_halves_of_surrogate_pairs_are_saved_and_read_again(tmp_path: Path) -> None:
    event = Event(1.0, "text_in", {"person": "P1", "text": "a\ud83d b\ude37 😷 \0"})
    schedule = generate(3).with_events([event])
    path = schedule.save(tmp_path / "halves.json")
    assert Schedule.load(path).events == (event,)
    assert "a\\ud83d b\\ude37 😷" in path.read_text("utf-8")


def texts(kind: str, seeds: int = 150) -> list[tuple[int, str, str]]:
    """(seed, person, text) of all texts of this kind in many schedules."""
    return [
        (seed, event.fields["person"], event.fields["text"])
        for seed in range(seeds)
        for event in generate(seed).events
        if event.kind == kind
    ]


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_the_texts_of_schedules_are_those_of_the_corpus(direction: Direction) -> None:
    drawn = [text for _, _, text in texts(f"text_{direction}")]
    unmarked = {sample.id for sample in drawable(direction) if sample.text in drawn}
    assert len(unmarked) > len(drawable(direction)) / 2, "also without a marker"
    for sample in drawable(direction):
        beginning = sample.text[:-2] if sample.counted else sample.text
        assert any(beginning in text for text in drawn), sample.id


@pytest.mark.parametrize("direction", DIRECTIONS)
def test_most_texts_differ_and_some_are_repeated_on_purpose(direction: Direction) -> None:
    drawn = Counter(texts(f"text_{direction}"))
    repeated = sum(count > 1 for count in drawn.values())
    assert len(drawn) / 20 < repeated < len(drawn) / 5


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("not json", "is not JSON"),
        ("[" * 100_000, "cannot be used: it is nested too deeply"),
        ("[" * 101 + "]" * 101, "cannot be used: it is nested too deeply"),
        ('{"a":' * 900 + "1" + "}" * 900, "cannot be used: it is nested too deeply"),
        ("[" * 50 + "]" * 50, "expected a schedule of version 1"),
        ("[]", "expected a schedule of version 1"),
        ('{"version": 2}', "expected a schedule of version 1"),
        ('{"version": 1, "events": []}', "lacks hours, poll_seconds, profile, seed, subject"),
    ],
)
def test_a_file_that_is_no_schedule_is_refused_with_a_reason(tmp_path: Path, text: str, complaint: str) -> None:
    path = tmp_path / "schedule.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ScheduleError, match=complaint):
        Schedule.load(path)


def test_an_unknown_kind_of_event_is_refused_with_the_known_ones() -> None:
    given = {**generate(1).as_json(), "events": [{"at": 1, "kind": "earthquake"}]}
    with pytest.raises(ScheduleError, match="text_in, text_out"):
        Schedule.from_json(json.loads(json.dumps(given)))


def test_an_event_with_a_missing_part_is_refused() -> None:
    given = {**generate(1).as_json(), "events": [{"at": 1, "kind": "text_in", "person": "P1"}]}
    with pytest.raises(ScheduleError, match="text_in must have exactly at, person, text"):
        Schedule.from_json(given)


def test_a_missing_file_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ScheduleError, match="cannot be read"):
        Schedule.load(tmp_path / "nowhere.json")


def test_shrinking_leaves_only_what_is_needed() -> None:
    needed = (
        Event(50.0, "text_out", {"person": "P1", "text": "needle 9"}),
        Event(60.0, "crash", {"point": None, "seconds": 5.0}),
    )
    whole = generate(5)
    schedule = whole.with_events(sorted([*whole.events, *needed], key=lambda event: event.at))

    def fails(candidate: Schedule) -> bool:
        return all(any(one.at == event.at and one.kind == event.kind for one in candidate.events) for event in needed)

    small = shrink(schedule, fails)
    assert [event.kind for event in small.events] == ["text_out", "crash"]
    assert small.events[0].fields["text"] == "hello", "the plainer text fails too"


def test_shrinking_keeps_to_its_budget() -> None:
    runs = 0

    def fails(_candidate: Schedule) -> bool:
        nonlocal runs
        runs += 1
        return True

    shrink(generate(5), fails, tries=12)
    assert runs <= 12


def test_a_schedule_that_needs_everything_stays_whole() -> None:
    schedule = generate(9)
    small = shrink(schedule, lambda candidate: len(candidate.events) == len(schedule.events))
    assert len(small.events) == len(schedule.events)


@pytest.mark.parametrize("name", ["seed", "hours", "poll_seconds", "subject", "profile", "events"])
@pytest.mark.parametrize("given", [None, True, {}, "", "9.9.9", 1e300, float("nan")], ids=str)
def test_a_value_of_another_kind_is_refused_with_its_name(name: str, given: Any) -> None:
    if name == "subject" and given == "9.9.9":
        return  # text; whether there is such a subject is not the schedule's to say
    with pytest.raises(ScheduleError, match=f"^{name} must be (text|a list|a whole number|a number from|one of)"):
        Schedule.from_json({**generate(1).as_json(), name: given})


@pytest.mark.parametrize(
    ("event", "complaint"),
    [
        ({"at": -1, "kind": "freeze", "seconds": 5}, r"at of event 1 \(freeze\) must be a number from 0 to .*; got -1"),
        ({"at": 1, "kind": "freeze", "seconds": "5"}, r"seconds of event 1 \(freeze\) must be a number"),
        ({"at": 1, "kind": "text_in", "person": ["P"], "text": "a"}, r"person of event 1 \(text_in\) must be text"),
        ({"at": 1, "kind": "text_in", "person": "P", "text": ""}, r"1 \(text_in\) must be text; got empty text"),
        ({"at": 1, "kind": "fault", "fault": None}, r"fault of event 1 \(fault\) must be an object; got None"),
        ({"at": 1, "kind": "crash", "point": "NOW", "seconds": 1}, r"1 \(crash\) must be one of .* or null; got NOW"),
    ],
)  # fmt: skip
def test_a_value_of_an_event_is_refused_with_its_place(event: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ScheduleError, match=complaint):
        Schedule.from_json({**generate(1).as_json(), "events": [event]})
