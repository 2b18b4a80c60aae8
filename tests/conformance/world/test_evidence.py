"""Evidence of a world: no secret is in it, whatever its disguise; the end of the subject's log is."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.evidence.model import Arrivals, Event, Evidence, Part, Party
from conformance.services.in_process import InProcessFakes
from conformance.services.neighbours import RAPIDPRO_TOKEN
from conformance.subjects.built_in import POLL_SECONDS, named
from conformance.world.evidence import LOG_LINES, gather, summary, without_secrets
from conformance.world.timing import VirtualTiming
from conformance.world.world import World
from fakes.redaction import Redaction

DISGUISES = {
    "plain": RAPIDPRO_TOKEN,
    "base64": base64.b64encode(RAPIDPRO_TOKEN.encode()).decode(),
    "hex": RAPIDPRO_TOKEN.encode().hex(),
    "percent": RAPIDPRO_TOKEN.replace("-", "%2D"),
}
PLACES = ("people", "missing", "title", "header", "request", "reply", "log", "path")


def evidence(values: dict[str, str]) -> Evidence:
    """Evidence with these values in their places."""
    text = {place: values.get(place, "nothing") for place in PLACES}
    event = Event(
        "2026-03-02T12:00:00+00:00", Party.RELAY, Party.CHT, text["title"], 200,
        Part({"authorization": text["header"]}, text["request"]), Part({}, text["reply"]), seq=1,
    )  # fmt: skip
    return Evidence(
        (), {"+250788200001": text["people"]}, (Arrivals("in", 1, 0, (text["missing"],)),), (event,), (text["log"],),
        text["path"],
    )  # fmt: skip


@given(st.dictionaries(st.sampled_from(PLACES), st.sampled_from(sorted(DISGUISES)), min_size=1), st.text(max_size=5))
def test_a_secret_is_hidden_wherever_it_is(places: dict[str, str], around: str) -> None:
    hide = Redaction({"rapidpro:relay": RAPIDPRO_TOKEN})
    with_secrets = evidence({place: f"{around} {DISGUISES[disguise]} {around}" for place, disguise in places.items()})
    shown = json.dumps(without_secrets(with_secrets, hide).as_json())
    assert not any(disguise in shown for disguise in DISGUISES.values())
    assert shown.count("[hidden:rapidpro:relay]") == len(places)


def test_what_holds_no_secret_is_left_as_it_is() -> None:
    plain = evidence({})
    assert without_secrets(plain, Redaction({"rapidpro:relay": RAPIDPRO_TOKEN})) is plain


@pytest.fixture
def world() -> World:
    fakes = InProcessFakes("26", 1)
    subject = named("reference").make(fakes, POLL_SECONDS)
    subject.start(fakes.neighbours)
    return World(fakes, subject, VirtualTiming())


class WithLog:
    """What a subject with a log offers."""

    log_path: Path | None = Path("/tmp/relay.log")
    kept = False

    def log_tail(self, lines: int) -> Sequence[str]:
        return [f"line {number} with {RAPIDPRO_TOKEN}" for number in range(lines)]

    def keep_log(self) -> None:
        self.kept = True


def test_the_end_of_a_subjects_log_is_kept_with_its_path(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    log = WithLog()
    for name in ("log_path", "log_tail", "keep_log"):
        monkeypatch.setattr(world.subject, name, getattr(log, name), raising=False)
    found = gather(world, world.history())
    assert found.log_path == "/tmp/relay.log"
    assert list(found.log) == [f"line {number} with [hidden:rapidpro:relay]" for number in range(LOG_LINES)]
    assert log.kept


def test_a_subject_that_was_not_started_here_has_no_log(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("log_path", "log_tail", "keep_log"):
        monkeypatch.setattr(world.subject, name, None, raising=False)
    assert gather(world, world.history()).log_path is None


def test_delivery_reports_stand_between_the_request_and_the_arrival(world: World) -> None:
    world.cht_sends([(world.people["Amina"], "Visit")])
    world.pass_time(600)
    titles = [event.title for event in gather(world, world.history()).events]
    way = [f'"Visit" to Amina is {status}' for status in ("wired", "sent", "delivered")]
    assert [title for title in titles if title in way] == way
    assert titles.index("POST /api/v2/broadcasts.json") < titles.index(way[0])


def test_a_summary_says_how_many_texts_arrived_and_what_happened(world: World) -> None:
    world.cht_sends([(world.people["Amina"], "Visit")])
    world.pass_time(600)
    lines = summary(world, world.history(), ()).splitlines()
    assert lines[0] == "1 of 1 text arrived on phones"
    assert any('RapidPro > phone "Visit" to Amina' in line for line in lines)
