"""An Android channel: messages stay queued until the phone syncs; the phone reports in its own words."""

from typing import Any

import pytest

from tests.fakes.rapidpro.memory_records import Broadcast
from tests.fakes.rapidpro.worlds import AMINA, IncomingWorld
from tests.fakes.rapidpro.worlds import OutgoingWorld as World

DAY = 24 * 3600.0
BEN = "+250788123002"


def words(message: Any) -> list[str]:
    return [word for _, word in message.history]


def world(profile: str = "26", **channel: Any) -> World:
    return World(profile, aggregator="android", **channel)


@pytest.mark.parametrize("profile", ["6.4", "9.3", "26"])
def test_a_message_stays_queued_until_the_phone_syncs_and_is_never_wired(profile: str) -> None:
    phone = world(profile, sync_every=600)
    message = phone.one(wait=590)
    assert (message.status, phone.texts_on(AMINA), phone.mailroom.courier.waiting()) == ("queued", [], 1)
    phone.clock.advance(60)
    assert words(message) == ["sent", "delivered"]
    assert (phone.texts_on(AMINA), phone.mailroom.courier.waiting()) == (["Muraho"], 0)
    assert message.sent_on is not None
    assert not message.external_id


def test_a_phone_that_is_away_for_days_sends_everything_once_when_it_is_back() -> None:
    phone = world(down=True)
    messages = [phone.one(f"text {n}", wait=DAY) for n in range(3)]
    assert [one.status for one in messages] == ["queued"] * 3
    assert phone.texts_on(AMINA) == []
    phone.set_channel(down=False)
    phone.clock.advance(120)
    assert sorted(phone.texts_on(AMINA)) == ["text 0", "text 1", "text 2"]
    assert [one.status for one in messages] == ["delivered"] * 3


def test_one_sync_takes_more_than_a_channel_sends_in_a_second() -> None:
    phone = world(tps=1, delays={"wired": 0, "sent": 0, "delivered": 0})
    for n in range(50):
        phone.one(f"text {n}", wait=0.5)
    phone.clock.advance(60)
    assert len(phone.texts_on(AMINA)) == 50


def test_reports_wait_while_the_phone_is_away() -> None:
    phone = world(delays={"sent": 100})
    message = phone.one(wait=65)
    phone.set_channel(down=True)
    phone.clock.advance(3600)
    assert (message.status, phone.texts_on(AMINA)) == ("queued", ["Muraho"])
    phone.set_channel(down=False)
    phone.clock.advance(600)
    assert words(message) == ["sent", "delivered"]


@pytest.mark.parametrize("profile", ["8.0", "26"])
@pytest.mark.parametrize(
    ("trouble", "expected"),
    [("refused", ["failed"]), ("errored", ["errored"]), ("failed", ["sent", "failed"]), ("never_reports", [])],
)
def test_rapidpro_leaves_trouble_to_the_phone_and_sends_nothing_again(
    profile: str, trouble: str, expected: list[str]
) -> None:
    message = world(profile, aimed=[{"match": {}, "trouble": trouble}]).one(wait=DAY)
    assert words(message) == expected


def test_a_number_that_cannot_be_reached_is_failed_by_the_phone() -> None:
    phone = world(bad_numbers=[AMINA])
    assert (phone.one(wait=120).status, phone.one(urn=f"tel:{BEN}", wait=120).status) == ("failed", "delivered")


@pytest.mark.parametrize(("before", "after"), [("android", "plain"), ("plain", "android"), ("infobip", "android")])
def test_what_waits_is_sent_once_over_the_new_aggregator(before: str, after: str) -> None:
    changed = World(aggregator=before, sync_every=DAY, tps=0.0001)
    message = changed.one(wait=10)
    changed.one("second", wait=10)
    changed.set_channel(aggregator=after, tps=10, sync_every=60)
    changed.clock.advance(3 * 3600)
    assert message.status == "delivered"
    assert sorted(changed.texts_on(AMINA)) == ["Muraho", "second"]


def test_a_shorter_time_between_syncs_holds_at_once() -> None:
    phone = world(sync_every=1_000_000)
    message = phone.one()
    phone.set_channel(sync_every=10)
    phone.clock.advance(30)
    assert message.status == "delivered"


def test_other_settings_do_not_put_the_sync_off() -> None:
    phone = world(sync_every=60)
    message = phone.one(wait=1)
    for _ in range(10):
        phone.set_channel(tps=5)
        phone.clock.advance(10)
    assert message.status == "delivered"


def test_a_removed_channel_takes_its_waiting_messages_along() -> None:
    phone = world(sync_every=2)
    message = phone.one(wait=0.3)
    phone.mailroom.remove_channel("c-1")
    phone.clock.advance(600)
    assert (message.status, phone.texts_on(AMINA)) == ("failed", [])


def test_a_reset_empties_the_outbox() -> None:
    phone = world()
    message = phone.one(wait=10)
    phone.mailroom.reset()
    phone.clock.advance(DAY)
    assert (message.status, phone.mailroom.courier.waiting()) == ("queued", 0)


def test_the_phone_can_be_made_to_sync_and_its_words_reported_by_hand() -> None:
    desk = IncomingWorld()
    desk.put("channel", aggregator="android", sync_every=DAY)
    desk.mailroom.broadcast_created(Broadcast(id=9001, texts={"eng": "Muraho"}, urns=[f"tel:{AMINA}"]))
    desk.clock.advance(60)
    message = desk.records.messages[-1]
    assert message.status == "queued"
    assert desk.http.post("/rapidpro/channel/sync", json={}).get_json() == {"taken": 1}
    assert desk.http.post("/rapidpro/channel/sync", json={}).get_json() == {"taken": 0}
    desk.clock.advance(60)
    assert message.status == "delivered"
    for word, status in (("mt_error", "errored"), ("mt_fail", "failed"), ("mt_dlvd", "delivered")):
        answer = desk.http.post("/rapidpro/channel/reports", json={"message": message.id, "status": word})
        assert (answer.get_json()["taken"], message.status) == (True, status)
    desk.clock.advance(DAY)
    assert desk.phone() == [("received", "Muraho")]


@pytest.mark.parametrize("settings", [{"aggregator": "plain"}, {"aggregator": "android", "down": True}])
def test_without_a_connected_phone_there_is_no_sync(settings: dict[str, Any]) -> None:
    desk = IncomingWorld()
    desk.put("channel", **settings)
    answer = desk.http.post("/rapidpro/channel/sync", json={})
    assert (answer.status_code, "no phone can sync" in answer.get_json()["error"]) == (400, True)


def test_an_android_phone_never_calls_courier() -> None:
    answer = IncomingWorld().http.post("/rapidpro/c/a/c-1/status", json={"id": "1", "status": "mt_sent"})
    assert (answer.status_code, answer.get_json()["message"]) == (400, "Error")
