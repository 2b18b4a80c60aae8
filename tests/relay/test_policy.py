"""The relay's decisions, as tables: no calls, no clock, no database."""

from __future__ import annotations

from typing import Any

import pytest

from relay import policy
from relay.models import CallError, GatewayStatus, Record, SendState
from tests.relay.texts import PHONE, START, text

NOW = START + 40
GRID_TIME = 1_772_582_400.0
MINUTE, HOUR, DAY = 60, 3600, 86400
POLL, SETTLE = 60, 120


@pytest.mark.parametrize(
    ("failures", "error", "poll_seconds", "seconds"),
    [
        (1, CallError("x"), 60, 5),
        (2, CallError("x"), 60, 10),
        (5, CallError("x"), 60, 80),
        (6, CallError("x"), 60, 120),
        (1000, CallError("x"), 60, 120),
        (1, CallError("x"), 0.5, 0.5),
        (1, CallError("x", needs_admin=True), 60, 30),
        (5, CallError("x", needs_admin=True), 60, 480),
        (6, CallError("x", needs_admin=True), 60, 600),
        (1, CallError("x", needs_admin=True), 0.5, 5),
        (1, CallError("x", retry_after=3000), 60, 3000),
        (9, CallError("x", retry_after=1, needs_admin=True), 60, 1),
    ],
)
def test_the_back_off_of_a_failing_neighbour_grows(
    failures: int, error: CallError, poll_seconds: float, seconds: float
) -> None:
    assert policy.back_off(failures, error, poll_seconds) == seconds


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 30), (1, 60), (2, 120), (6, 1920), (7, 3600), (1000, 3600)])
def test_the_retry_delay_of_a_failing_text_grows(attempts: int, seconds: float) -> None:
    assert policy.retry_delay(attempts, SETTLE) == seconds


def test_an_attempt_is_counted_and_searched_from_the_earliest_time_of_rapidpros_clock() -> None:
    ready = text(send_state=SendState.READY, attempts=2, lookups=2, search_from=0.0)
    sending = policy.mark_sending(ready, NOW - 2 * HOUR, NOW)
    assert sending == text(attempts=3, lookups=0, search_from=NOW - 2 * HOUR, accepted_at=NOW)


def test_a_text_that_is_sent_again_is_searched_from_its_first_attempt() -> None:
    first = text(send_state=SendState.READY, accepted_at=START + 5)
    again = policy.mark_sending(first, NOW, NOW)
    assert (again.search_from, again.accepted_at) == (START, START + 5)


@pytest.mark.parametrize(
    ("created_on", "search_from"), [(START + DAY, START + DAY), (START + 3 * DAY, START), (START - 3 * DAY, START)]
)
def test_a_time_of_a_broadcast_that_is_far_from_its_attempt_is_ignored(created_on: float, search_from: float) -> None:
    broadcast = Record(None, "7", None, (), created_on)
    assert policy.mark_accepted(text(), broadcast, NOW, POLL).search_from == search_from


def test_an_accepted_text_is_never_sent_again_and_its_status_is_checked_from_then_on() -> None:
    assert policy.mark_accepted(text(), Record("u-7", "7", None, (), START + 1), NOW, POLL) == text(
        send_state=SendState.ACCEPTED,
        broadcast_id="7",
        broadcast_uuid="u-7",
        search_from=START + 1,
        accepted_at=NOW,
        due_at=policy.next_check(NOW, NOW, GatewayStatus.UNSENT, 60),
    )
    assert policy.mark_accepted(text(), Record(None, "7", None, (), None), NOW, POLL).search_from == START


def test_a_refused_text_fails_with_a_reason_and_is_never_due_again() -> None:
    assert policy.mark_refused(text(), "Too long") == text(
        send_state=SendState.REFUSED, due_at=None, status=GatewayStatus.FAILED, reason="Too long"
    )


@pytest.mark.parametrize(
    ("lookups", "attempts", "changes"),
    [
        (0, 1, {"lookups": 1, "due_at": NOW + 120}),
        (1, 1, {"lookups": 2, "due_at": NOW + 30}),
        (2, 1, {"send_state": SendState.READY, "due_at": NOW}),
        (2, 2, {"send_state": SendState.READY, "due_at": NOW + 120}),
        (2, 3, {"send_state": SendState.READY, "due_at": NOW + 240}),
    ],
)
def test_a_text_that_is_not_found_is_looked_up_again_before_it_is_sent_again(
    lookups: int, attempts: int, changes: dict[str, Any]
) -> None:
    stored = text(lookups=lookups, attempts=attempts)
    assert policy.mark_not_found(stored, NOW, SETTLE) == stored._replace(**changes)


@pytest.mark.parametrize(
    ("age", "status", "poll_seconds", "wait"),
    [
        (0, GatewayStatus.UNSENT, 60, MINUTE),
        (MINUTE, GatewayStatus.SENT, 60, MINUTE),
        (10 * MINUTE, GatewayStatus.SENT, 60, 5 * MINUTE),
        (10 * HOUR, GatewayStatus.SENT, 60, 5 * HOUR),
        (2 * DAY, GatewayStatus.SENT, 60, 6 * HOUR),
        (7 * DAY, GatewayStatus.SENT, 60, 6 * HOUR),
        (7 * DAY + 1, GatewayStatus.SENT, 60, None),
        (DAY, GatewayStatus.FAILED, 60, 6 * HOUR),
        (DAY + 1, GatewayStatus.FAILED, 60, None),
        (0, GatewayStatus.DELIVERED, 60, None),
        (-HOUR, GatewayStatus.DELIVERED, 60, None),
        (-HOUR, GatewayStatus.SENT, 60, MINUTE),
        (0, GatewayStatus.UNSENT, 0.25, 1),
        (0, GatewayStatus.UNSENT, DAY, DAY),
    ],
)
def test_statuses_are_checked_less_and_less_often_and_finally_never(
    age: float, status: GatewayStatus, poll_seconds: float, wait: float | None
) -> None:
    due = None if wait is None else GRID_TIME + wait
    assert policy.next_check(GRID_TIME, GRID_TIME - age, status, poll_seconds) == due


def test_checks_fall_on_a_grid_so_that_many_texts_share_one() -> None:
    times = {policy.next_check(GRID_TIME + n, GRID_TIME + n, GatewayStatus.UNSENT, 60) for n in range(1, 61)}
    assert times == {GRID_TIME + 120}


def test_texts_close_in_time_share_a_query_that_ends_with_the_last_message_found() -> None:
    found = [text(n, message_created_on=START + n * 300, broadcast_id=str(n)) for n in (3, 1, 2)]
    (query,) = policy.status_queries(found)
    assert [t.seq for t in query.texts] == [1, 2, 3]
    assert (query.broadcast_id, query.after, query.before) == (None, START + 300, START + 900)
    assert query.max_pages == 3


def test_texts_are_grouped_by_the_time_of_their_messages_not_in_the_order_in_which_they_were_stored() -> None:
    found = [text(n, message_created_on=START + seconds) for n, seconds in ((1, 900), (2, 0), (3, 950), (4, 50))]
    early, late = policy.status_queries(found)
    assert [t.seq for t in early.texts] == [2, 4]
    assert [t.seq for t in late.texts] == [1, 3]


def test_a_query_reads_no_more_pages_than_a_listing_may_have() -> None:
    assert policy.StatusQuery([text(n) for n in range(1000)]).max_pages == policy.MAX_PAGES


def test_a_query_is_open_ended_as_long_as_one_message_has_not_been_found() -> None:
    (query,) = policy.status_queries([text(1, message_created_on=START + 5), text(2, search_from=START + 9)])
    assert (query.after, query.before, query.max_pages) == (START + 5, None, 2)


def test_texts_far_apart_are_queried_one_by_one_and_by_broadcast_if_it_is_known() -> None:
    with_id, without_id = text(1, broadcast_id="7"), text(2, search_from=START + 300.5)
    first, second = policy.status_queries([without_id, with_id])
    assert (first.texts, first.broadcast_id, first.after) == ([with_id], "7", None)
    assert (second.texts, second.broadcast_id, second.after, second.before) == ([without_id], None, START + 300.5, None)


def message(status: str, **changes: Any) -> Record:
    default = Record("message 1", "7", (f"tel:{PHONE}",), ("Visit due",), START + 2, status)
    return default._replace(**changes)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (GatewayStatus.UNSENT, "PENDING SENT FAILED DELIVERED"),
        (GatewayStatus.PENDING, "SENT FAILED DELIVERED"),
        (GatewayStatus.SENT, "FAILED DELIVERED"),
        (GatewayStatus.FAILED, "UNSENT PENDING SENT DELIVERED"),
        (GatewayStatus.DELIVERED, ""),
    ],
)
def test_a_status_only_moves_forward(before: GatewayStatus, after: str) -> None:
    assert {status for status in GatewayStatus if status.follows(before)} == set(after.split())


@pytest.mark.parametrize(
    ("shown", "status"),
    [
        ("initializing", GatewayStatus.UNSENT),
        ("queued", GatewayStatus.UNSENT),
        ("wired", GatewayStatus.PENDING),
        ("sent", GatewayStatus.SENT),
        ("resent", GatewayStatus.SENT),
        ("delivered", GatewayStatus.DELIVERED),
        ("read", GatewayStatus.DELIVERED),
        ("failed", GatewayStatus.FAILED),
        ("errored", GatewayStatus.UNSENT),
    ],
)
def test_each_status_of_rapidpro_has_a_meaning_in_chts_protocol(shown: str, status: GatewayStatus) -> None:
    assert policy.update_status(text(accepted_at=NOW), message(shown), NOW, POLL).status == status


def test_a_status_check_stores_the_message_and_its_status() -> None:
    stored = text(accepted_at=NOW)
    assert policy.update_status(stored, message("wired"), NOW, POLL) == stored._replace(
        message_ref="message 1",
        message_created_on=START + 2,
        broadcast_id="7",
        status=GatewayStatus.PENDING,
        due_at=policy.next_check(NOW, NOW, GatewayStatus.PENDING, 60),
    )


@pytest.mark.parametrize("status", ["errored", "levitating", "queued", "sent"])
def test_an_earlier_or_unknown_status_changes_nothing(status: str) -> None:
    stored = text(accepted_at=NOW - HOUR, status=GatewayStatus.SENT, broadcast_id="6", message_created_on=START)
    assert policy.update_status(stored, message(status, created_on=None), NOW, POLL) == stored._replace(
        message_ref="message 1", due_at=policy.next_check(NOW, NOW - HOUR, GatewayStatus.SENT, 60)
    )


def test_a_check_that_finds_no_message_only_moves_the_next_check() -> None:
    stored = text(accepted_at=NOW - HOUR)
    due_at = policy.next_check(NOW, NOW - HOUR, GatewayStatus.UNSENT, 60)
    assert policy.update_status(stored, None, NOW, POLL) == stored._replace(due_at=due_at)


def test_a_delivered_text_is_not_checked_again() -> None:
    assert policy.update_status(text(accepted_at=NOW), message("delivered"), NOW, POLL).due_at is None


@pytest.mark.parametrize(
    ("has_channel", "reason"),
    [
        (True, "The text could not be delivered to the phone."),
        (False, "No channel or address in RapidPro reaches this phone."),
    ],
)
def test_a_failure_has_a_reason_until_the_text_is_delivered_after_all(has_channel: bool, reason: str) -> None:
    failed = policy.update_status(text(accepted_at=NOW), message("failed", has_channel=has_channel), NOW, POLL)
    assert failed.reason == reason
    assert policy.update_status(failed, message("delivered"), NOW, POLL).reason is None


NO_MESSAGE = "RapidPro made no message of the text: is the contact blocked there?"
OTHER_NUMBER = "RapidPro sent the text to another phone number of the same contact."


@pytest.mark.parametrize(
    ("seconds", "message_ref", "lacks"),
    [
        (12 * HOUR, None, True),
        (12 * HOUR - 1, None, False),
        (30 * DAY, None, True),
        (30 * DAY, "message 1", False),
        (0, "message 1", False),
    ],
)
def test_a_text_without_message_for_half_a_day_fails_with_a_reason(
    seconds: int, message_ref: str | None, lacks: bool
) -> None:
    accepted = text(send_state=SendState.ACCEPTED, accepted_at=NOW - seconds, message_ref=message_ref)
    assert policy.lacks_message(accepted, NOW) is lacks
    for alone in (True, False):
        checked = policy.update_status(accepted, None, NOW, POLL, alone=alone)
        failed = (GatewayStatus.FAILED, NO_MESSAGE)
        assert (checked.status, checked.reason) == (failed if lacks and alone else (GatewayStatus.UNSENT, None))


@pytest.mark.parametrize("status", ["queued", "wired", "sent", "delivered"])
def test_a_message_to_another_number_of_the_contact_is_a_failure_with_a_reason(status: str) -> None:
    accepted = text(send_state=SendState.ACCEPTED, accepted_at=START)
    updated = policy.update_status(accepted, message(status, urns=("tel:+250788999999",)), NOW, POLL)
    assert (updated.status, updated.reason) == (GatewayStatus.FAILED, OTHER_NUMBER)


@pytest.mark.parametrize(
    ("apart", "kept"), [(2 * DAY - 1, False), (2 * DAY, True), (1 - 2 * DAY, False), (-2 * DAY, True), (10 * DAY, True)]
)
def test_a_date_of_a_broadcast_that_is_days_apart_is_not_believed(apart: int, kept: bool) -> None:
    record = Record("broadcast 1", "9", None, ("Visit due",), START + apart, "queued")
    accepted = policy.mark_accepted(text(), record, NOW, POLL)
    assert accepted.search_from == (START if kept else START + apart)
