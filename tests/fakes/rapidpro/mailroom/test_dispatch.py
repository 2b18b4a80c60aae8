"""From broadcasts to handsets: mailroom and courier in virtual time."""

from datetime import timedelta
from typing import Any

import pytest

from fakes.rapidpro.courier import channel as channel_settings
from fakes.rapidpro.courier.delivery import number_of
from fakes.rapidpro.store.records import Content
from tests.fakes.rapidpro.memory_records import T0, Broadcast, Channel, Row
from tests.fakes.rapidpro.worlds import OutgoingWorld as World

AMINA = "tel:+250788123001"
BEN = "tel:+250788123002"


def words(message: Any) -> Any:
    return [status for _, status in message.history]


def test_nothing_happens_before_time_passes() -> None:
    world = World()
    broadcast = world.broadcast("Muraho", AMINA)
    assert broadcast.status == "pending"
    assert world.records.messages == []


def test_a_broadcast_reaches_the_phone_through_every_status() -> None:
    world = World()
    message = world.one()
    assert words(message) == ["wired", "sent", "delivered"]
    assert world.texts_on(AMINA) == ["Muraho"]
    assert message.sent_on is not None
    assert T0 < message.created_on < message.sent_on < message.modified_on


def test_a_broadcast_is_queued_with_its_count_then_completed() -> None:
    world = World()
    broadcast = world.broadcast("Muraho", AMINA, BEN)
    world.clock.advance(1)
    assert broadcast.history == [("queued", 2), ("completed", 2)]


def test_batches_have_a_hundred_contacts_and_the_last_one_completes_the_broadcast() -> None:
    world = World()
    contacts = [world.records.contact(None, f"tel:+2507881{n:05d}") for n in range(205)]
    broadcast = world.broadcast("Muraho", contacts=contacts)
    world.clock.advance(2)
    assert broadcast.history == [("queued", 205), ("started", 205), ("started", 205), ("completed", 205)]
    assert len(world.records.messages) == 205


def test_an_unknown_number_becomes_a_contact_without_a_name() -> None:
    world = World()
    world.one()
    assert [(one.name, one.urns) for one in world.records.contacts] == [(None, [AMINA])]


def test_one_contact_named_twice_gets_one_message() -> None:
    world = World()
    amina = world.records.contact("Amina", AMINA)
    broadcast = world.broadcast("Muraho", AMINA, AMINA, contacts=[amina], members=[amina], by_group=True)
    world.clock.advance(1)
    assert broadcast.contact_count == 1
    assert len(world.records.messages) == 1


def test_a_message_goes_to_the_contacts_first_urn_with_a_channel_not_the_requested_one() -> None:
    world = World()
    world.records.contact("Amina", "mailto:amina@clinic.example", BEN, AMINA)
    assert world.one(urn=AMINA).urn == BEN


def test_old_versions_send_to_the_requested_urn() -> None:
    world = World(profile="8.0")
    world.records.contact("Amina", BEN, AMINA)
    assert world.one(urn=AMINA).urn == AMINA


@pytest.mark.parametrize("profile", ["9.0", "9.3", "10", "26", "next"])
def test_a_contact_that_no_channel_reaches_gets_a_failed_message_without_a_urn(profile: Any) -> None:
    message = World(profile=profile).one(urn="tel:+256700123011")
    assert (message.status, message.failed_reason, message.urn, message.channel) == (
        "failed",
        "no destination",
        None,
        None,
    )


@pytest.mark.parametrize("profile", ["6.4", "7.4", "8.0"])
def test_old_versions_make_no_message_for_a_contact_that_cannot_be_reached(profile: Any) -> None:
    world = World(profile=profile)
    broadcast = world.broadcast("Muraho", "tel:+256700123011")
    world.clock.advance(60)
    assert world.records.messages == []
    assert broadcast.status == "completed"


def test_a_blocked_contact_gets_a_failed_message() -> None:
    world = World()
    world.records.contact("Amina", AMINA, status="blocked")
    message = world.one()
    assert (message.status, message.failed_reason) == ("failed", "contact")
    assert world.texts_on(AMINA) == []


def test_a_broadcast_to_a_group_skips_contacts_that_are_not_active() -> None:
    world = World()
    amina = world.records.contact("Amina", AMINA, status="stopped")
    ben = world.records.contact("Ben", BEN)
    broadcast = world.broadcast("Muraho", AMINA, members=[amina, ben], by_group=True)
    world.clock.advance(60)
    assert [one.contact for one in world.records.messages] == [ben]
    assert broadcast.contact_count == 1


def test_a_broadcast_without_recipients_completes_with_no_messages() -> None:
    world = World()
    broadcast = world.broadcast("Muraho", by_group=True)
    world.clock.advance(60)
    assert broadcast.history == [("completed", 0)]


def test_an_invalid_address_fails_the_whole_broadcast() -> None:
    world = World()
    broadcast = world.broadcast("Muraho", AMINA, "tel:")
    world.clock.advance(60)
    assert broadcast.history == [("failed", None)]
    assert world.records.messages == []


def test_a_suspended_workspace_sends_nothing() -> None:
    world = World()
    world.records.workspace.suspended = True
    assert world.one().failed_reason == "suspended"


@pytest.mark.parametrize(
    ("language", "expected"), [("kin", "Muraho"), ("eng", "Hello"), ("fra", "Hello"), (None, "Hello")]
)
def test_the_text_is_in_the_contacts_language_if_the_workspace_has_it(language: Any, expected: Any) -> None:
    world = World()
    world.records.contact("Amina", AMINA, language=language)
    assert world.one({"eng": "Hello", "kin": "Muraho", "fra": "Bonjour"}).text == expected


def test_without_a_text_in_these_languages_the_base_language_is_used() -> None:
    world = World()
    world.broadcast({"fra": "Bonjour", "swa": "Habari"}, AMINA, base_language="swa")
    world.clock.advance(1)
    assert world.records.messages[0].text == "Habari"


def test_expressions_in_the_text_are_evaluated_for_each_contact() -> None:
    world = World()
    world.records.contact("Amina Otieno", AMINA, fields={"village": "Nyamirambo"}, groups=[Row(1, "g-1", "Nurses")])
    text = (
        "@contact.first_name of @fields.village [@fields.edd] (@contact.groups.0.name), @globals.clinic_name, "
        "@urns.tel, a@b.org, x@@y, @(1 + 1)@nothing"
    )
    assert world.one(text).text == (
        "Amina of Nyamirambo [] (Nurses), Kigali Clinic, tel:+250788123001, a@b.org, x@y, 2@nothing"
    )


def test_an_anonymous_workspace_hides_addresses_from_expressions() -> None:
    world = World()
    world.records.workspace.anonymous = True
    assert world.one("[@urns.tel @contact.urn @contact]").text == "[tel:******** tel:******** ********]"


@pytest.mark.parametrize(("profile", "passes"), [("6.4", 25), ("9.3", 19), ("26", 20)])
def test_equal_texts_to_one_contact_within_five_minutes_are_treated_as_a_loop(profile: Any, passes: Any) -> None:
    world = World(profile=profile, tps=1000)
    for n in range(25):
        world.broadcast("Same " * 26 + str(n) if n else ("same " * 26), AMINA)
    world.clock.advance(60)
    reasons = [one.failed_reason for one in world.records.messages]
    assert reasons == [None] * passes + ["looping"] * (25 - passes)
    world.broadcast("Same " * 26, BEN)
    world.clock.advance(300)
    world.broadcast("Same " * 26, AMINA)
    world.clock.advance(60)
    assert [one.failed_reason for one in world.records.messages[25:]] == [None, None]


def test_among_several_channels_the_one_with_the_most_similar_number_is_used() -> None:
    world = World()
    world.records.channels += [
        Channel(2, "c-2", "Ward", "+250788123900"),
        Channel(3, "c-3", "UG", "+256788123001", "UG"),
    ]
    assert world.one().channel.uuid == "c-2"
    world.records.channels.append(Channel(4, "c-4", "Ward, too", "250788123001"))
    assert world.one("Muraho!").channel.uuid == "c-4"
    world.records.channels.append(Channel(5, "c-5", "Short", "8500"))
    assert world.one("Muraho?").channel.uuid == "c-4"


def test_a_number_of_an_unknown_country_uses_any_channel() -> None:
    assert World().one(urn="tel:+1200555").channel.uuid == "c-1"
    assert World().one(urn="tel:+80012345678").channel.uuid == "c-1"


def test_a_contact_who_has_texted_in_is_answered_over_that_channel_from_any_country() -> None:
    world = World()
    kampala = "+256700123011"
    world.mailroom.incoming.receive(kampala, "Muraho")
    message = world.one(urn=f"tel:{kampala}")
    assert (message.status, message.channel.uuid) == ("delivered", "c-1")


def test_a_broadcast_to_one_contact_waits_for_earlier_broadcasts_and_for_replies() -> None:
    world = World(tps=1)
    world.broadcast("slow", *(f"tel:+2507881{n:05d}" for n in range(10)))
    world.clock.advance(1)
    world.broadcast("also slow", BEN)
    world.mailroom.flow_started(Broadcast(id=990, urns=[AMINA]))
    world.clock.advance(8)
    assert world.records.messages[10].text == "also slow"
    assert world.records.messages[10].status == "queued"
    assert not any(one.high_priority for one in world.records.messages)


def test_a_retried_reply_still_goes_first() -> None:
    world = World(tps=1, down=True, delays={"retries": [5, 5]})
    ben = world.records.contact("Ben", BEN)
    reply = world.mailroom.dispatcher.send(world.records.workspace, ben, Content("quick"))
    world.clock.advance(2)
    world.set_channel(down=False)
    world.broadcast("slow", *(f"tel:+2507881{n:05d}" for n in range(30)))
    world.clock.advance(12)
    assert reply.status == "delivered"
    assert sum(one.status == "queued" for one in world.records.messages) > 10


def test_equal_texts_are_counted_in_five_minute_windows_of_the_clock() -> None:
    world = World(tps=1000)
    world.clock.advance(140)  # ten seconds before the next slot begins
    for _ in range(20):
        world.broadcast("Same", AMINA)
    world.clock.advance(15)
    world.broadcast("Same", AMINA)
    world.clock.advance(60)
    assert {one.failed_reason for one in world.records.messages} == {None}


def test_equal_texts_are_compared_by_128_bytes_and_only_ascii_letters_without_case() -> None:
    world = World(tps=1000)
    for n in range(21):
        world.broadcast("ሰላም" * 15 + str(n), AMINA)
    for n in range(21):
        world.broadcast("É" if n % 2 else "é", BEN)
    world.clock.advance(60)
    assert [one.failed_reason for one in world.records.messages] == [None] * 20 + ["looping"] + [None] * 21


def test_an_unreachable_contact_is_reported_before_the_suspended_workspace() -> None:
    world = World()
    world.records.workspace.suspended = True
    world.records.contact("Amina", AMINA, status="blocked")
    assert world.one().failed_reason == "contact"
    assert world.one(urn="tel:+256700123011").failed_reason == "no destination"


def test_quick_replies_are_sent_with_their_expressions_evaluated() -> None:
    world = World()
    replies = [{"type": "text", "text": "Yes, @contact.name", "extra": None}, {"type": "location", "text": None}]
    world.records.contact("Amina", AMINA)
    message = world.one({"eng": {"text": "Coming?", "quick_replies": replies}})
    assert message.quick_replies == [{"type": "text", "text": "Yes, Amina"}, {"type": "location"}]


def test_an_error_on_a_failed_message_is_still_recorded() -> None:
    world = World(shares={"failed": 1})
    message = world.one()
    world.clock.advance(60)
    world.mailroom.courier.set_status(message, "errored")
    assert (message.status, message.errors) == ("failed", 1)
    assert message.modified_on == T0 + timedelta(seconds=120)


def test_an_errored_message_is_retried_after_five_and_ten_minutes_and_then_failed() -> None:
    world = World(down=True)
    message = world.one(wait=3600)
    assert words(message) == ["errored", "queued", "errored", "queued", "failed"]
    (first, _), (again, _), (second, _), (third, _), (last, _) = message.history
    assert 300 <= again - first <= 361
    assert 600 <= third - second <= 661
    assert again % 60 == third % 60 == 0
    assert 15 * 60 <= last - first <= 18 * 60
    assert (message.failed_reason, message.sent_on) == ("error limit", None)


def test_the_intervals_between_attempts_can_be_set() -> None:
    world = World(down=True, delays={"retries": [0.5, 2]})
    message = world.one(wait=10)
    (first, _), (again, _), (second, _), (third, _), (_, last) = message.history
    assert (round(again - first, 3), round(third - second, 3), last) == (0.5, 2.0, "failed")


def test_requeueing_an_errored_message_leaves_modified_on_unchanged() -> None:
    world = World(down=True)
    message = world.one()
    modified = message.modified_on
    assert message.status == "errored"
    world.set_channel(delays={"wired": 100})
    world.clock.advance_to(T0 + timedelta(minutes=6, seconds=5))
    assert message.status == "queued"
    assert message.modified_on == modified


def test_an_aggregator_that_recovers_gets_the_message_at_the_next_attempt() -> None:
    world = World(down=True)
    message = world.one()
    world.set_channel(down=False)
    world.clock.advance(600)
    assert words(message) == ["errored", "queued", "wired", "sent", "delivered"]
    assert world.texts_on(AMINA) == ["Muraho"]


def test_a_bad_number_fails_at_once_and_is_not_retried() -> None:
    world = World(bad_numbers=["+250788123001"])
    message = world.one(wait=3600)
    assert words(message) == ["failed"]
    assert world.texts_on(AMINA) == []


def test_old_versions_attempt_a_refused_message_three_times() -> None:
    message = World(profile="9.0", bad_numbers=["+250788123001"]).one(wait=3600)
    assert words(message) == ["errored", "queued", "errored", "queued", "failed"]


def test_infobip_accepts_a_bad_number_and_reports_it_as_failed_later() -> None:
    world = World(aggregator="infobip", bad_numbers=["+250788123001"])
    message = world.one(wait=3600)
    assert words(message) == ["wired", "sent", "failed"]
    assert world.texts_on(AMINA) == []


def test_a_text_longer_than_the_aggregator_accepts_is_refused() -> None:
    world = World(length_limit=10)
    assert words(world.one("a" * 11)) == ["failed"]
    assert words(world.one("a" * 10)) == ["wired", "sent", "delivered"]


def test_after_a_failed_report_the_phone_gets_nothing() -> None:
    world = World(shares={"failed": 1})
    message = world.one()
    assert words(message) == ["wired", "sent", "failed"]
    assert message.sent_on is None
    assert world.texts_on(AMINA) == []


def test_before_7_5_30_a_failure_leaves_sent_on() -> None:
    message = World(profile="7.4", shares={"failed": 1}).one()
    assert message.sent_on is not None


def test_without_a_report_the_phone_still_gets_the_text() -> None:
    world = World(shares={"no_report": 1})
    message = world.one(wait=3 * 24 * 3600)
    assert words(message) == ["wired"]
    assert world.texts_on(AMINA) == ["Muraho"]


def test_infobip_reports_an_unknown_outcome_after_two_days_and_the_status_becomes_sent() -> None:
    world = World(aggregator="infobip", shares={"no_report": 1})
    message = world.one(wait=3 * 24 * 3600)
    assert words(message) == ["wired", "sent"]
    assert message.history[1][0] > 48 * 3600


def test_duplicate_reports_are_recorded_twice() -> None:
    world = World(shares={"duplicate_report": 1})
    message = world.one(wait=120)
    assert sorted(words(message)) == ["delivered", "delivered", "sent", "sent", "wired"]
    assert world.texts_on(AMINA) == ["Muraho"]


def test_a_late_report_comes_hours_after_the_text() -> None:
    world = World(shares={"late_report": 1})
    message = world.one()
    assert words(message) == ["wired", "sent"]
    assert world.texts_on(AMINA) == ["Muraho"]
    world.clock.advance(7 * 3600)
    assert message.status == "delivered"
    assert message.history[-1][0] > 3600


def test_of_reports_out_of_order_the_last_one_counts() -> None:
    world = World(shares={"out_of_order": 1})
    message = world.one()
    assert words(message) == ["wired", "delivered", "sent"]
    assert world.texts_on(AMINA) == ["Muraho"]


@pytest.mark.parametrize(("profile", "last"), [("26", "read"), ("9.0", "delivered")])
def test_a_read_report_follows_where_the_version_supports_it(profile: Any, last: Any) -> None:
    assert World(profile=profile, shares={"read": 1}).one().status == last


@pytest.mark.parametrize("aggregator", ["plain", "infobip", "africastalking"])
def test_each_aggregator_delivers_the_text_to_the_phone(aggregator: Any) -> None:
    world = World(aggregator=aggregator)
    assert words(world.one()) == ["wired", "sent", "delivered"]
    assert world.texts_on(AMINA) == ["Muraho"]


def test_an_error_report_after_delivery_sends_the_text_again() -> None:
    world = World()
    message = world.one()
    world.mailroom.courier.report(message, "errored")
    assert (message.status, message.sent_on) == ("errored", None)
    world.clock.advance(600)
    assert message.status == "delivered"
    assert world.texts_on(AMINA) == ["Muraho", "Muraho"]


def test_an_error_on_a_failed_message_stays_failed_but_a_delivery_revives_it() -> None:
    world = World(shares={"failed": 1})
    message = world.one()
    world.mailroom.courier.report(message, "errored")
    assert message.status == "failed"
    world.mailroom.courier.report(message, "delivered")
    assert message.status == "delivered"


def test_an_errored_message_that_is_delivered_before_the_retry_is_not_sent_again() -> None:
    world = World()
    message = world.one()
    world.mailroom.courier.report(message, "errored")
    world.mailroom.courier.report(message, "delivered")
    world.clock.advance(3600)
    assert message.status == "delivered"
    assert world.texts_on(AMINA) == ["Muraho"]


def test_an_unknown_status_changes_nothing() -> None:
    world = World(aggregator="africastalking")
    message = world.one()
    assert world.mailroom.courier.report(message, "AbsentSubscriber") is False
    assert message.status == "delivered"


def test_a_message_queued_twice_is_wired_and_not_sent_again() -> None:
    world = World()
    message = world.one()
    message.status = "queued"
    world.mailroom.courier.queue(message)
    world.clock.advance(60)
    assert message.status == "wired"
    assert world.texts_on(AMINA) == ["Muraho"]


def test_a_resend_clears_the_errors_and_keeps_the_id() -> None:
    world = World(down=True)
    message = world.one(wait=3600)
    world.set_channel(down=False)
    world.mailroom.resend(message)
    world.clock.advance(60)
    assert (message.status, message.failed_reason) == ("delivered", None)
    assert len(world.records.messages) == 1


def test_a_resent_message_uses_the_current_channel() -> None:
    world = World(down=True)
    message = world.one(wait=3600)
    world.mailroom.remove_channel("c-1")
    world.records.channels.append(Channel(2, "c-2", "New", "+250788129999"))
    world.set_channel(down=False)
    world.mailroom.resend(message)
    world.clock.advance(60)
    assert (message.status, message.channel.uuid) == ("delivered", "c-2")


def test_a_message_resent_in_an_old_version_has_not_been_sent_yet() -> None:
    world = World(profile="6.4", shares={"failed": 1})
    message = world.one()
    assert message.sent_on is not None
    world.mailroom.resend(message)
    assert (message.status, message.sent_on) == ("queued", None)


def test_a_broadcast_without_a_text_in_any_of_the_contacts_languages_makes_no_message() -> None:
    world = World()
    broadcast = world.broadcast({"swa": "Habari"}, AMINA)
    world.clock.advance(60)
    assert (world.records.messages, broadcast.status) == ([], "completed")


def test_a_message_resent_without_any_channel_fails_again() -> None:
    world = World(down=True)
    message = world.one(wait=3600)
    world.mailroom.remove_channel("c-1")
    world.mailroom.resend(message)
    assert (message.status, message.failed_reason, message.channel, message.errors) == (
        "failed", "no destination", None, 0,
    )  # fmt: skip


def test_a_message_to_a_channel_that_was_removed_in_the_meantime_is_not_sent() -> None:
    world = World(tps=1)
    world.broadcast("Muraho", *(f"tel:+2507881{n:05d}" for n in range(30)))
    world.clock.advance(3)
    world.mailroom.remove_channel("c-1")
    world.clock.advance(3600)
    delivered = [one for one in world.records.messages if one.status == "delivered"]
    failed = [one for one in world.records.messages if one.failed_reason == "channel removed"]
    assert 2 <= len(delivered) <= 9
    assert len(delivered) + len(failed) == 30
    assert {one.status for one in failed} == {"failed"}


def test_an_errored_message_of_a_removed_channel_is_not_retried() -> None:
    world = World(down=True, delays={"retries": [2, 2]})
    message = world.one(wait=1.5)
    assert message.status == "errored"
    world.mailroom.remove_channel("c-1")
    world.clock.advance(3600)
    assert "queued" not in words(message)
    assert (message.status, message.failed_reason) == ("failed", "channel removed")


def test_the_channel_sends_a_limited_number_of_segments_a_second() -> None:
    world = World(tps=10, delays={"wired": 0})
    for n in range(30):
        world.broadcast("ç" + "a" * 99 if n % 2 else "a", f"tel:+2507881{n:05d}")
    world.clock.advance(60)
    wired = sorted(at for message in world.records.messages for at, word in message.history if word == "wired")
    per_second: dict[int, int] = {}
    for message in world.records.messages:
        second = int(message.history[0][0])
        per_second[second] = per_second.get(second, 0) + (2 if message.text != "a" else 1)
    assert len(wired) == 30
    assert max(per_second.values()) <= 11
    assert sum(per_second.values()) == 45


def test_delays_are_drawn_around_the_setting() -> None:
    spans = [World(seed=seed, delays={"wired": 0, "sent": 100, "delivered": 0}).one(wait=300) for seed in range(20)]
    seconds = [one.history[1][0] - one.history[0][0] for one in spans]
    assert all(50 <= one <= 150 for one in seconds)
    assert len(set(seconds)) > 15


def test_a_share_holds_for_about_that_part_of_the_messages() -> None:
    world = World(tps=10_000, shares={"failed": 0.2})
    for n in range(1000):
        world.broadcast("Muraho", f"tel:+2507881{n:05d}")
    world.clock.advance(60)
    failed = sum(one.status == "failed" for one in world.records.messages)
    assert 150 < failed < 250


def history(seed: Any) -> Any:
    world = World(seed=seed, shares={"failed": 0.1, "errored": 0.2, "duplicate_report": 0.3, "out_of_order": 0.2})
    for n in range(50):
        world.broadcast("Muraho @contact", f"tel:+2507881{n:05d}")
    world.clock.advance(7200)
    return [(one.uuid, one.history) for one in world.records.messages]


def test_equal_seeds_give_equal_histories() -> None:
    assert history(5) == history(5)
    assert history(5) != history(6)


def test_a_single_message_goes_before_a_broadcast() -> None:
    world = World(tps=1)
    world.broadcast("slow", *(f"tel:+2507881{n:05d}" for n in range(10)))
    world.clock.advance(1)
    workspace = world.records.workspace
    ben = world.records.contact("Ben", BEN)
    reply = world.mailroom.dispatcher.send(workspace, ben, Content("quick"))
    world.clock.advance(8)
    assert reply.status == "delivered"
    assert sum(one.status == "queued" for one in world.records.messages) > 0


def test_a_flow_start_ends_with_a_run_for_each_active_contact() -> None:
    world = World()
    blocked = world.records.contact("Amina", AMINA, status="blocked")
    start = Broadcast(id=990, urns=[BEN], contacts=[blocked])
    world.mailroom.flow_started(start)
    world.clock.advance(5)
    assert start.history == [("started", 1), ("completed", 1)]
    assert [number for run in world.records.runs for number in run.contact.urns] == [BEN]


def test_a_reset_cancels_waiting_tasks() -> None:
    world = World(tps=1, down=True)
    world.one()
    world.broadcast("never", BEN)
    world.mailroom.reset()
    count = len(world.records.messages)
    world.clock.advance(7200)
    assert len(world.records.messages) == count
    assert world.records.messages[0].status == "errored"
    assert world.mailroom.channel == channel_settings.Channel()
    assert world.mailroom.phones.numbers() == []
    world.one("anew")
    assert world.texts_on(AMINA) == ["anew"]


def test_a_number_is_read_from_any_form_of_urn() -> None:
    message = World().one()
    message.urn = "tel:+250788123001?x=y#Amina"
    assert number_of(message) == "+250788123001"


def test_metrics_count_messages_in_progress() -> None:
    world = World(tps=1)
    world.broadcast("Muraho", *(f"tel:+2507881{n:05d}" for n in range(10)))
    world.clock.advance(1.5)
    metrics = world.mailroom.metrics()
    assert metrics["channel_queue"] > 0
    world.clock.advance(60)
    assert world.mailroom.metrics() == {
        "phone_texts_sent": 0, "phone_texts_received": 10, "channel_queue": 0, "mailroom_tasks": 0,
    }  # fmt: skip
