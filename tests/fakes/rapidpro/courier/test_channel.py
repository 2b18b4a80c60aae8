"""Segments, aggregators' statuses and the channel's settings: pure data and rules."""

import random
import re
import uuid
from typing import Any

import pytest

from fakes.rapidpro.courier import channel as channel_settings
from fakes.rapidpro.courier.aggregators import (
    AFRICASTALKING,
    AGGREGATORS,
    ANDROID,
    INFOBIP,
    PLAIN,
    find_status,
    incoming_payload,
    report_payload,
)
from fakes.rapidpro.courier.channel import Channel
from fakes.rapidpro.courier.queue import SendQueue
from fakes.rapidpro.courier.segments import is_gsm7, segments
from fakes.rapidpro.settings import BadSetting
from fakes.rapidpro.uuids import uuid4, uuid7


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("é" * 160, 1),
        ("€" * 80, 1),
        ("€" * 80 + "a", 2),
        ("{" * 153, 2),
        ("{" * 154, 3),
        ("ç" + "a" * 69, 1),
        ("ç" + "a" * 70, 2),
        ("’" + "a" * 133, 2),
        ("’" + "a" * 134, 3),
        ("👶" * 70, 1),
        ("👶" * 71, 2),
        ("ጥሩ", 1),
        ("\n" * 160, 1),
        ("\t" + "a" * 70, 2),
    ],
)
def test_a_text_takes_as_many_segments_as_its_alphabet_allows(text: Any, expected: Any) -> None:
    assert segments(text) == expected


def test_only_gsm7_characters_count_as_gsm7() -> None:
    assert is_gsm7("Muraho! @£$¥ ÄÖÑÜ § ^{}[~]|€\\")
    for character in "çí’–`\tაŵ👶":
        assert not is_gsm7(character), character


@pytest.mark.parametrize(
    ("aggregator", "word", "status"),
    [
        (INFOBIP, "PENDING_ACCEPTED", "sent"),
        (INFOBIP, "PENDING_ENROUTE", "sent"),
        (INFOBIP, "PENDING_WAITING_DELIVERY", "sent"),
        (INFOBIP, "UNDELIVERABLE_REJECTED_OPERATOR", "failed"),
        (INFOBIP, "UNDELIVERABLE_NOT_DELIVERED", "failed"),
        (INFOBIP, "UNDELIVERABLE_NOT_SENT", "failed"),
        (INFOBIP, "DELIVERED_TO_OPERATOR", "delivered"),
        (INFOBIP, "DELIVERED_TO_HANDSET", "delivered"),
        (INFOBIP, "EXPIRED_EXPIRED", "sent"),
        (INFOBIP, "EXPIRED_DLR_UNKNOWN", "sent"),
        (INFOBIP, "REJECTED_NETWORK", "failed"),
        (INFOBIP, "REJECTED_PREFIX_MISSING", "failed"),
        (INFOBIP, "REJECTED_NOT_ENOUGH_CREDITS", "failed"),
        (INFOBIP, "REJECTED_FLOODING_FILTER", "failed"),
        (INFOBIP, "REJECTED_DUPLICATE_MESSAGE_ID", "failed"),
        (INFOBIP, "REJECTED_MESSAGE_TOO_LONG", "failed"),
        (INFOBIP, "REJECTED_DESTINATION", "failed"),
        (INFOBIP, "OK", None),
        (AFRICASTALKING, "Success", "delivered"),
        (AFRICASTALKING, "Sent", "sent"),
        (AFRICASTALKING, "Buffered", "sent"),
        (AFRICASTALKING, "Rejected", "failed"),
        (AFRICASTALKING, "Failed", "failed"),
        (AFRICASTALKING, "Expired", "failed"),
        (AFRICASTALKING, "Submitted", None),
        (AFRICASTALKING, "AbsentSubscriber", None),
        (ANDROID, "mt_sent", "sent"),
        (ANDROID, "mt_dlvd", "delivered"),
        (ANDROID, "mt_fail", "failed"),
        (ANDROID, "mt_error", "errored"),
        (PLAIN, "sent", "sent"),
        (PLAIN, "delivered", "delivered"),
        (PLAIN, "read", "read"),
        (PLAIN, "failed", "failed"),
        (PLAIN, "errored", "errored"),
    ],
)
def test_an_aggregators_word_becomes_the_recorded_status(aggregator: Any, word: Any, status: Any) -> None:
    assert aggregator.statuses[word].status == status


def test_the_table_above_names_every_word() -> None:
    assert sum(len(aggregator.statuses) for aggregator in AGGREGATORS.values()) == 35


@pytest.mark.parametrize("aggregator", AGGREGATORS.values(), ids=lambda one: one.name)
def test_each_stage_an_aggregator_reports_is_one_of_its_words(aggregator: Any) -> None:
    assert {aggregator.stages[stage] for stage in ("sent", "delivered", "failed")} <= set(aggregator.statuses)
    assert all(word in aggregator.statuses for word in aggregator.stages.values())


def test_infobip_groups_decide_the_status() -> None:
    by_group: dict[Any, Any] = {(word.group_id, word.group): set() for word in INFOBIP.statuses.values()}
    for word in INFOBIP.statuses.values():
        by_group[word.group_id, word.group].add(word.status)
    assert by_group == {
        (0, "ACCEPTED"): {None},
        (1, "PENDING"): {"sent"},
        (2, "UNDELIVERABLE"): {"failed"},
        (3, "DELIVERED"): {"delivered"},
        (4, "EXPIRED"): {"sent"},
        (5, "REJECTED"): {"failed"},
    }


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("REJECTED_SOURCE", "failed"),
        ("REJECTED_ROUTE_NOT_AVAILABLE", "failed"),
        ("UNDELIVERABLE_LATER", "failed"),
        ("EXPIRED_LATER", "sent"),
        ("PENDING_LATER", "sent"),
        ("DELIVERED_LATER", "delivered"),
    ],
)
def test_an_infobip_word_outside_the_table_means_what_its_group_means(word: str, status: str) -> None:
    found = find_status(INFOBIP, word)
    assert found is not None
    assert found.status == status
    (result,) = report_payload(INFOBIP, word, "id-1", "+250788123123", "2026-03-04T05:06:07Z")["results"]
    assert (result["status"]["name"], result["status"]["groupName"]) == (word, word.partition("_")[0])


@pytest.mark.parametrize(
    "word", ["GONE", "REJECTED", "rejected_source", "REJECTEDSOURCE", "ACCEPTED_LATER", "GONE_SOURCE"]
)
def test_a_word_of_no_known_infobip_group_is_none(word: str) -> None:
    assert find_status(INFOBIP, word) is None
    with pytest.raises(KeyError, match=word):
        report_payload(INFOBIP, word, "id-1", "+250788123123", "2026-03-04T05:06:07Z")


@pytest.mark.parametrize("aggregator", [PLAIN, AFRICASTALKING], ids=lambda one: one.name)
def test_other_aggregators_have_only_the_words_of_their_table(aggregator: Any) -> None:
    assert find_status(aggregator, "REJECTED_SOURCE") is None


def test_an_infobip_report_holds_what_courier_reads() -> None:
    payload = report_payload(INFOBIP, "DELIVERED_TO_HANDSET", "id-1", "+250788123123", "2026-03-04T05:06:07Z")
    (result,) = payload["results"]
    assert (result["messageId"], result["to"]) == ("id-1", "250788123123")
    assert (result["status"]["groupId"], result["status"]["groupName"], result["status"]["id"]) == (3, "DELIVERED", 5)
    assert result["error"]["permanent"] is False


def test_an_africas_talking_report_gives_a_reason_only_for_failures() -> None:
    at = "2026-03-04T05:06:07Z"
    failed = report_payload(AFRICASTALKING, "Failed", "ATXid_1", "+250788123123", at)
    assert (failed["id"], failed["status"], failed["failureReason"]) == ("ATXid_1", "Failed", "DeliveryFailure")
    assert "failureReason" not in report_payload(AFRICASTALKING, "Success", "ATXid_1", "+250788123123", at)


def test_incoming_payloads_have_each_aggregators_shape() -> None:
    given = ("Muraho", "in-1", "+250788123123", "+250788120000", "2026-03-04T05:06:07Z")
    infobip = incoming_payload(INFOBIP, *given)
    assert infobip["messageCount"] == 1
    assert infobip["results"][0]["receivedAt"] == "2026-03-04T05:06:07.000+0000"
    assert (infobip["results"][0]["from"], infobip["results"][0]["text"]) == ("250788123123", "Muraho")
    africastalking = incoming_payload(AFRICASTALKING, *given)
    assert {"id", "text", "from", "to", "date"} <= set(africastalking)
    assert africastalking["from"] == "+250788123123"
    assert incoming_payload(PLAIN, *given)["id"] == "in-1"


def test_settings_that_are_not_named_stay_unchanged() -> None:
    first = channel_settings.changed(Channel(), {"tps": 5, "shares": {"failed": 0.5}, "bad_numbers": ["+250788000000"]})
    second = channel_settings.changed(first, {"shares": {"errored": 1}, "down": True, "length_limit": 160})
    assert (second.tps, second.shares.failed, second.shares.errored, second.down) == (5.0, 0.5, 1.0, True)
    assert second.as_json()["bad_numbers"] == ["+250788000000"]
    assert channel_settings.changed(Channel(), second.as_json()) == second


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"tpss": 1}, "unknown channel setting 'tpss': possible are aggregator, tps, spacing, delays"),
        ({"shares": {"fail": 1}}, "unknown shares setting 'fail': possible are failed, errored, no_report"),
        ({"delays": {"wire": 1}}, "unknown delays setting 'wire': possible are wired, sent, delivered, retries"),
        ({"shares": {"failed": 1.1}}, "shares.failed must be a share between 0 and 1"),
        ({"shares": {"failed": -0.1}}, "shares.failed must be a share between 0 and 1"),
        ({"shares": {"failed": True}}, "shares.failed must be a share"),
        ({"delays": {"sent": -1}}, "delays.sent must be a number of seconds"),
        ({"delays": {"sent": float("nan")}}, "delays.sent must be a number of seconds"),
        ({"delays": 3}, "delays must be an object with any of wired, sent, delivered, retries"),
        ({"delays": {"retries": 5}}, "delays.retries must be two numbers of seconds"),
        ({"delays": {"retries": [5, -1]}}, "delays.retries must be a number of seconds"),
        ({"tps": 0}, "tps must be a number above 0"),
        ({"tps": "10"}, "tps must be a number above 0"),
        ({"aggregator": "twilio"}, "aggregator must be one of plain, infobip, africastalking"),
        ({"aggregator": []}, "aggregator must be one of"),
        ({"bad_numbers": "+250"}, "bad_numbers must be a list of numbers"),
        ({"bad_numbers": ["0788123123"]}, "bad_numbers must be written in full"),
        ({"down": "yes"}, "down must be true or false"),
        ({"spacing": -1}, "spacing must be a number of seconds, 0 to 1000000"),
        ({"sync_every": 0}, "sync_every must be a number of seconds, 1 to 1000000"),
        ({"sync_every": None}, "sync_every must be a number of seconds"),
        ({"length_limit": 0}, "length_limit must be a whole number above 0, or null"),
        ([], "channel must be an object with any of aggregator"),
    ],
)
def test_a_wrong_setting_is_refused_with_the_possible_ones(given: Any, complaint: Any) -> None:
    with pytest.raises(BadSetting, match="^" + re.escape(complaint)):
        channel_settings.changed(Channel(), given)


def taken(queue: Any, timestamp: Any, tps: Any) -> Any:
    found = []
    while (item := queue.take(timestamp, tps)) is not None:
        found.append(item)
    return found


def test_a_second_takes_as_many_segments_as_the_limit_says_and_the_last_may_overshoot() -> None:
    queue: SendQueue[Any] = SendQueue(lambda item: item[1])
    for number, size in enumerate([1, 1, 3, 1, 1, 1, 1]):
        queue.add((number, size), first=False)
    assert [number for number, _ in taken(queue, 100.2, 4)] == [0, 1, 2]
    assert taken(queue, 100.9, 4) == []
    assert [number for number, _ in taken(queue, 101.0, 4)] == [3, 4, 5, 6]


def test_replies_go_before_broadcasts() -> None:
    queue: SendQueue[Any] = SendQueue(lambda _: 1)
    queue.add("broadcast", first=False)
    queue.add("reply", first=True)
    assert taken(queue, 1.0, 10) == ["reply", "broadcast"]


def test_a_limit_below_one_a_second_lets_one_pass_now_and_then() -> None:
    queue: SendQueue[Any] = SendQueue(lambda _: 1)
    for number in range(3):
        queue.add(number, first=False)
    assert [len(taken(queue, float(second), 0.5)) for second in range(5)] == [1, 0, 1, 0, 1]


def test_uuids_have_the_version_and_variant_of_their_kind() -> None:
    rng = random.Random(1)
    drawn = [uuid.UUID(uuid4(rng)) for _ in range(50)] + [uuid.UUID(uuid7(rng, 1727769600.25)) for _ in range(50)]
    assert [one.version for one in drawn] == [4] * 50 + [7] * 50
    assert {one.variant for one in drawn} == {uuid.RFC_4122}
    assert all(one.int >> 80 == 1727769600250 for one in drawn[50:])
    assert len(set(drawn)) == 100
