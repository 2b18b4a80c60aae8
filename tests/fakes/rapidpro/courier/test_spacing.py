"""Texts of one stretch of a flow leave one after the other. Source: courier utils/queue/lua/pop.lua."""

from __future__ import annotations

from typing import Any

import pytest

from fakes.rapidpro.courier import channel as channels
from tests.fakes.rapidpro.flow_bundles import bundle, catch_all, flow, say, uuid_of
from tests.fakes.rapidpro.flow_sites import Site
from tests.fakes.rapidpro.worlds import AMINA

BEN = "+250788123002"
POLL = 0.26
"""Seconds within which courier notices a message."""
COUNT = flow("Count", say("a", "one", "b"), say("b", "two", "c"), say("c", "three"))


def _site(profile: str = "26", **settings: Any) -> Site:
    site = Site(bundle(COUNT, triggers=[catch_all("Count")]), profile=profile)
    _change(site, delays={"wired": 0, "sent": 0, "delivered": 0}, **settings)
    return site


def _change(site: Site, **settings: Any) -> None:
    courier = site.rapidpro.mailroom.courier
    courier.channel = channels.changed(courier.channel, settings)


def _arrived(site: Site, number: str = AMINA) -> list[tuple[str, float]]:
    """The texts that arrived, each with the seconds since the person's own last text."""
    texts = site.rapidpro.mailroom.phones.texts(number)
    begin = next(one.at for one in reversed(texts) if one.direction == "sent")
    return [(one.text, (one.at - begin).total_seconds()) for one in texts if one.direction == "received"]


@pytest.mark.parametrize("profile", ["9.0", "26"])
@pytest.mark.parametrize("spacing", [3.0, 7.5])
def test_the_texts_of_one_stretch_arrive_in_order_with_the_spacing_between(profile: str, spacing: float) -> None:
    site = _site(profile, spacing=spacing)
    site.text("x")
    assert site.rapidpro.mailroom.courier.waiting() == 3
    site.clock.advance(60)
    (one, first), (two, second), (three, third) = _arrived(site)
    assert (one, two, three) == ("one", "two", "three")
    assert first <= POLL
    assert spacing <= second - first <= spacing + POLL
    assert spacing <= third - second <= spacing + POLL
    assert site.rapidpro.mailroom.courier.waiting() == 0


def test_the_default_is_the_three_seconds_of_courier_and_another_persons_texts_do_not_wait() -> None:
    site = _site()
    assert site.rapidpro.mailroom.courier.channel.spacing == 3.0
    site.text("x")
    site.clock.advance(1)
    site.rapidpro.mailroom.incoming.receive(BEN, "y")
    site.clock.advance(1)
    assert [len(_arrived(site, number)) for number in (AMINA, BEN)] == [1, 1]


@pytest.mark.parametrize("settings", [{"spacing": 0}, {"aggregator": "android", "sync_every": 1}])
def test_without_spacing_and_on_android_the_texts_of_a_stretch_leave_together(settings: Any) -> None:
    site = _site(**settings)
    site.text("x")
    site.clock.advance(1)
    assert sorted(text for text, _ in _arrived(site)) == ["one", "three", "two"]


def test_the_later_texts_of_a_start_go_before_broadcasts() -> None:
    site = _site(tps=1)
    site.api("flow_starts.json", {"flow": uuid_of("Count"), "urns": [f"tel:{AMINA}"]})
    site.clock.advance(2)
    site.api("broadcasts.json", {"text": "to all", "urns": [f"tel:+2507881231{n:02}" for n in range(30)]})
    site.clock.advance(12)
    numbers = site.rapidpro.mailroom.phones.numbers()
    reached = [number for number in numbers if number != AMINA]
    assert [one.text for one in site.rapidpro.mailroom.phones.texts(AMINA)] == ["one", "two", "three"]
    assert 0 < len(reached) < 30


def test_texts_that_wait_for_the_one_before_fail_when_the_channel_is_removed() -> None:
    site = _site()
    site.text("x")
    site.clock.advance(1)
    mailroom = site.rapidpro.mailroom
    (channel,) = site.api("channels.json")["results"]
    mailroom.remove_channel(channel["uuid"])
    assert mailroom.courier.waiting() == 0
    site.clock.advance(60)
    statuses = [one.status for one in site.rapidpro.store.all_messages() if one.direction == "out"]
    assert (statuses, len(_arrived(site))) == (["delivered", "failed", "failed"], 1)


def test_a_reset_forgets_what_waits() -> None:
    site = _site()
    site.text("x")
    site.rapidpro.reset()
    assert site.rapidpro.mailroom.courier.waiting() == 0
    site.clock.advance(60)
    assert site.rapidpro.mailroom.phones.numbers() == []
