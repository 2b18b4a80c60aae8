"""How mailroom and courier behave in each version: every field of the table is observed in every profile."""

from collections.abc import Callable
from dataclasses import fields
from types import MappingProxyType
from typing import Any

import pytest

from fakes.field_meanings import meanings
from fakes.rapidpro.courier.aggregators import AGGREGATORS
from fakes.rapidpro.versions.habits import HABITS, Habits
from fakes.rapidpro.versions.profiles import PROFILES, version_of
from tests.fakes.rapidpro.flow_bundles import act, ask, bundle, flow, keyword, say
from tests.fakes.rapidpro.memory_records import T0
from tests.fakes.rapidpro.worlds import AMINA, IncomingWorld, OutgoingWorld

BEN = "tel:+250788123002"
URN = f"tel:{AMINA}"
ABROAD = "tel:+256700123011"
DAY = 86_400.0


def called(profile: str) -> IncomingWorld:
    """A world in which an incoming text was posted."""
    world = IncomingWorld(profile)
    world.text()
    return world


def user_agent(profile: str) -> Any:
    ((_, _, headers, _),) = called(profile).relay.requests
    return headers["HTTP_USER_AGENT"]


def generation(profile: str) -> Any:
    return {"1.4142135623730951": "9", "1.4142136": "new"}[OutgoingWorld(profile).one("@(2 ^ 0.5)").text]


def sends_to_requested_urn(profile: str) -> Any:
    world = OutgoingWorld(profile)
    world.records.contact("Amina", BEN, URN)
    return world.one(urn=URN).urn == URN


def sends_to_both(profile: str) -> Any:
    world = OutgoingWorld(profile)
    amina = world.records.contact("Amina", BEN, URN)
    world.broadcast("Muraho", URN, contacts=[amina])
    world.clock.advance(60)
    urns = [one.urn for one in world.records.messages]
    assert urns in ([URN, BEN], [BEN])
    return len(urns) == 2


def stores_unreachable(profile: str) -> Any:
    world = OutgoingWorld(profile)
    world.broadcast("Muraho", ABROAD)
    world.clock.advance(60)
    return len(world.records.messages) == 1


def merges_translations(profile: str) -> Any:
    world = OutgoingWorld(profile)
    world.records.contact("Amina", URN, language="kin")
    replies = [{"type": "text", "text": "Yego"}]
    message = world.one({"eng": {"text": "Hello"}, "kin": {"text": "", "quick_replies": replies}})
    assert message.quick_replies == replies
    return message.text == "Hello"


def sends_empty_texts(profile: str) -> Any:
    world = OutgoingWorld(profile)
    broadcast = world.broadcast("@fields.edd", URN)
    world.clock.advance(60)
    assert broadcast.status == "completed"
    return [one.text for one in world.records.messages] == [""]


def loop_limit(profile: str) -> Any:
    world = OutgoingWorld(profile, tps=1000)
    for _ in range(25):
        world.broadcast("Same", URN)
    world.clock.advance(60)
    reasons = [one.failed_reason for one in world.records.messages]
    return reasons.index("looping") + 1 if "looping" in reasons else None


def retries_refusals(profile: str) -> Any:
    return {"errored": True, "failed": False}[OutgoingWorld(profile, bad_numbers=[AMINA]).one().status]


def clears_sent_on(profile: str) -> Any:
    return OutgoingWorld(profile, shares={"failed": 1}).one().sent_on is None


def accepts_read_reports(profile: str) -> Any:
    return OutgoingWorld(profile, shares={"read": 1}).one().status == "read"


def unknown_words(profile: str) -> Any:
    """What is refused although some version takes it; read reports have a field of their own."""
    refused = set()
    for aggregator in AGGREGATORS.values():
        world = OutgoingWorld(profile, aggregator=aggregator.name, shares={"no_report": 1})
        message = world.one()
        for word, found in aggregator.statuses.items():
            taken = world.mailroom.courier.report(message, word)
            if not taken and found.status not in (None, "read"):
                refused.add(f"{aggregator.channel_type}:{word}")
    return refused


def statuses_only_advance(profile: str) -> Any:
    world = OutgoingWorld(profile)
    message = world.one()
    assert message.status == "delivered"
    world.mailroom.courier.report(message, "sent")
    return {"delivered": True, "sent": False}[message.status]


def too_old_statuses(profile: str) -> Any:
    found = set()
    for status in ("pending", "initializing", "queued", "wired", "sent", "delivered", "read", "errored", "failed"):
        world = OutgoingWorld(profile)
        message = world.one()
        message.status, message.failed_reason = status, None
        world.clock.advance(9 * DAY)
        if message.failed_reason == "too old":
            assert message.status == "failed"
            found.add(status)
    return found


def delays_removal_failures(profile: str) -> Any:
    world = OutgoingWorld(profile, tps=1)
    world.broadcast("Muraho", *(f"tel:+2507881{n:05d}" for n in range(30)))
    world.clock.advance(2)
    last = max(world.records.messages, key=lambda one: (one.status == "queued", one.id))
    world.mailroom.remove_channel("c-1")
    before = last.status
    world.clock.advance(5)
    reported = last.failed_reason == "channel removed" and last.modified_on > last.created_on
    assert (before, last.status, reported) in (("queued", "failed", True), ("failed", "failed", False))
    return reported


def duplicates_by_external_id(profile: str) -> Any:
    world = IncomingWorld(profile)
    first, other, again = world.text(external_id="1"), world.text(external_id="2"), None
    world.clock.advance(60)
    again = world.text(external_id="1")
    assert not first["duplicate"]
    assert other["duplicate"] != again["duplicate"]
    return bool(again["duplicate"])


def strips_control_characters(profile: str) -> Any:
    world = IncomingWorld(profile)
    world.text("a\x00\x01\x1fb\tc\ud800")
    return {"ab\tc": True, "a\x01\x1fb\tc": False}[world.records.incoming[0].text]


def seen_after_flow(profile: str) -> Any:
    world = IncomingWorld(profile)
    amina = world.records.contact("Amina", URN)
    seen = []
    world.relay.before = lambda: seen.append(amina.last_seen_on)
    world.text()
    assert amina.last_seen_on == T0
    blocked = world.records.contact("Ben", BEN, status="blocked")
    world.mailroom.incoming.receive(BEN.removeprefix("tel:"), "Muraho")
    assert seen in ([None], [T0])
    assert (blocked.last_seen_on is None) == (seen == [T0])
    return seen == [None]


def repeats_webhook_calls(profile: str) -> Any:
    world = IncomingWorld(profile, headers={"Idempotency-Key": "@run.uuid"})
    world.relay.answers = [503]
    happened = world.text()
    assert len(world.relay.requests) == 1
    assert world.relay.requests[0][2]["HTTP_IDEMPOTENCY_KEY"] == happened["run"]
    return {0: True, 503: False}[happened["webhook"]["status"]]


WAITS = bundle(
    flow("Waits", act("first", then="ask"), ask("ask", None, timeout=1, late="late"), say("late", "too late")),
    triggers=[keyword("Waits", "wait")],
)


def checks_waits_every(profile: str) -> Any:
    """The waits begin at second 1 and last a second: the next look is at the next full multiple."""
    world = IncomingWorld(profile)
    world.http.post("/rapidpro/flows", json=WAITS)
    world.clock.advance(1)
    world.text("wait")
    world.clock.advance(120)
    return int((world.records.messages[0].created_on - T0).total_seconds())


def takes_all_digits(profile: str) -> Any:
    return IncomingWorld(profile).http.post("/rapidpro/phones/12/texts", json={"text": "x"}).status_code == 200


OBSERVED = MappingProxyType({
    one.__name__: one
    for one in (
        user_agent, generation, sends_to_requested_urn, sends_to_both, stores_unreachable, merges_translations,
        sends_empty_texts, loop_limit, retries_refusals, clears_sent_on, accepts_read_reports, delays_removal_failures,
        unknown_words, statuses_only_advance, too_old_statuses,
        duplicates_by_external_id, strips_control_characters, seen_after_flow, repeats_webhook_calls,
        checks_waits_every,
        takes_all_digits,
    )
})  # fmt: skip


@pytest.mark.parametrize("profile", HABITS)
@pytest.mark.parametrize("observe", OBSERVED.values(), ids=OBSERVED)
def test_a_version_does_what_the_table_says(observe: Callable[[str], Any], profile: str) -> None:
    assert observe(profile) == getattr(HABITS[profile], observe.__name__)


def test_every_habit_is_observed_and_has_a_meaning() -> None:
    names = {one.name for one in fields(Habits)}
    assert names == set(OBSERVED)
    assert names == set(meanings(Habits))


def test_each_profile_has_its_habits() -> None:
    assert list(HABITS) == list(PROFILES)


def test_an_unknown_version_is_refused_with_the_list_of_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown profile of RapidPro '5': expected one of 6\.4, 7\.4, .*26, next"):
        version_of(HABITS, "5")
