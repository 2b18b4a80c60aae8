"""What the relay decides, as tables: no calls, no clock, no database."""

from __future__ import annotations

from typing import Any

import pytest

from relay import policy
from relay.messages import Record, Stage, Status, Trouble
from tests.relay.texts import PHONE, SINCE, text

NOW = SINCE + 40
ON_THE_GRID = 1_772_582_400.0
MINUTE, HOUR, DAY = 60, 3600, 86400
POLL, GRACE = 60, 120


@pytest.mark.parametrize(
    ("failures", "trouble", "poll", "seconds"),
    [
        (1, Trouble("x"), 60, 5),
        (2, Trouble("x"), 60, 10),
        (5, Trouble("x"), 60, 80),
        (6, Trouble("x"), 60, 120),
        (1000, Trouble("x"), 60, 120),
        (1, Trouble("x"), 0.5, 0.5),
        (1, Trouble("x", slow=True), 60, 30),
        (5, Trouble("x", slow=True), 60, 480),
        (6, Trouble("x", slow=True), 60, 600),
        (1, Trouble("x", slow=True), 0.5, 5),
        (1, Trouble("x", wait=3000), 60, 3000),
        (9, Trouble("x", wait=1, slow=True), 60, 1),
    ],
)
def test_a_neighbour_in_trouble_is_left_alone_for_longer_and_longer(
    failures: int, trouble: Trouble, poll: float, seconds: float
) -> None:
    assert policy.back_off(failures, trouble, poll) == seconds


@pytest.mark.parametrize(("attempts", "seconds"), [(0, 30), (1, 60), (2, 120), (6, 1920), (7, 3600), (1000, 3600)])
def test_a_text_in_trouble_is_left_alone_for_longer_and_longer(attempts: int, seconds: float) -> None:
    assert policy.pause(attempts, GRACE) == seconds


def test_what_is_to_be_sent_is_counted_and_looked_for_from_shortly_before_the_newest_or_from_an_hour_ago() -> None:
    ready = text(stage=Stage.READY, attempts=2, looks=2, since=0.0)
    assert policy.sending(ready, NOW - 10, NOW) == text(attempts=3, looks=0, since=NOW - 70)
    assert policy.sending(ready, NOW + 900, NOW).since == NOW + 840
    assert policy.sending(ready, NOW - 2 * HOUR, NOW).since == NOW - HOUR
    assert policy.sending(ready, 0, NOW).since == NOW - HOUR


def test_a_text_that_is_sent_again_is_looked_for_from_its_first_time() -> None:
    assert policy.sending(text(stage=Stage.READY), NOW, NOW).since == SINCE


def test_what_is_accepted_is_never_sent_again_and_asked_for_from_then_on() -> None:
    assert policy.accepted(text(), Record("u-7", "7", None, (), SINCE + 1), NOW, POLL) == text(
        stage=Stage.ACCEPTED,
        broadcast_id="7",
        broadcast_uuid="u-7",
        since=SINCE + 1,
        accepted_at=NOW,
        next_at=policy.next_look(NOW, NOW, Status.UNSENT, 60),
    )
    assert policy.accepted(text(), Record(None, "7", None, (), None), NOW, POLL).since == SINCE


def test_what_is_refused_fails_with_its_reason_and_is_never_touched_again() -> None:
    given = text(to_tell=False)
    assert policy.refused(given, "Too long") == text(
        stage=Stage.REFUSED, next_at=None, status=Status.FAILED, reason="Too long", to_tell=True
    )


@pytest.mark.parametrize(
    ("looks", "attempts", "changes"),
    [
        (0, 1, {"looks": 1, "next_at": NOW + 120}),
        (1, 1, {"looks": 2, "next_at": NOW + 30}),
        (2, 1, {"stage": Stage.READY, "next_at": NOW}),
        (2, 2, {"stage": Stage.READY, "next_at": NOW + 120}),
        (2, 3, {"stage": Stage.READY, "next_at": NOW + 240}),
    ],
)
def test_what_rapidpro_does_not_show_is_looked_for_again_before_it_is_sent_again(
    looks: int, attempts: int, changes: dict[str, Any]
) -> None:
    given = text(looks=looks, attempts=attempts)
    assert policy.not_found(given, NOW, GRACE) == given._replace(**changes)


@pytest.mark.parametrize(
    ("age", "status", "poll", "wait"),
    [
        (0, Status.UNSENT, 60, MINUTE),
        (MINUTE, Status.SENT, 60, MINUTE),
        (10 * MINUTE, Status.SENT, 60, 5 * MINUTE),
        (10 * HOUR, Status.SENT, 60, 5 * HOUR),
        (2 * DAY, Status.SENT, 60, 6 * HOUR),
        (7 * DAY, Status.SENT, 60, 6 * HOUR),
        (7 * DAY + 1, Status.SENT, 60, None),
        (DAY, Status.FAILED, 60, 6 * HOUR),
        (DAY + 1, Status.FAILED, 60, None),
        (0, Status.DELIVERED, 60, None),
        (-HOUR, Status.DELIVERED, 60, None),
        (-HOUR, Status.SENT, 60, MINUTE),
        (0, Status.UNSENT, 0.25, 1),
        (0, Status.UNSENT, DAY, DAY),
    ],
)
def test_states_are_asked_for_ever_less_often_until_never(
    age: float, status: Status, poll: float, wait: float | None
) -> None:
    due = None if wait is None else ON_THE_GRID + wait
    assert policy.next_look(ON_THE_GRID, ON_THE_GRID - age, status, poll) == due


def test_looks_fall_on_a_grid_so_that_many_texts_share_one() -> None:
    looks = {policy.next_look(ON_THE_GRID + n, ON_THE_GRID + n, Status.UNSENT, 60) for n in range(1, 61)}
    assert looks == {ON_THE_GRID + 120}


def test_texts_near_in_time_share_a_listing_that_ends_with_the_last_message_seen() -> None:
    seen = [text(n, message_at=SINCE + n * 300, broadcast_id=str(n)) for n in (3, 1, 2)]
    (one,) = policy.questions(seen)
    assert [t.seq for t in one.texts] == [1, 2, 3]
    assert (one.broadcast, one.after, one.before) == (None, SINCE + 300, SINCE + 900)
    assert one.most_pages == 3


def test_a_listing_is_open_as_long_as_one_message_has_not_been_seen() -> None:
    (one,) = policy.questions([text(1, message_at=SINCE + 5), text(2, since=SINCE + 9)])
    assert (one.after, one.before, one.most_pages) == (SINCE + 5, None, 2)


def test_texts_far_apart_are_asked_for_one_by_one_and_by_name_where_there_is_one() -> None:
    named, nameless = text(1, broadcast_id="7"), text(2, since=SINCE + 300.5)
    first, second = policy.questions([nameless, named])
    assert (first.texts, first.broadcast, first.after) == ([named], "7", None)
    assert (second.texts, second.broadcast, second.after, second.before) == ([nameless], None, SINCE + 300.5, None)


def sms(status: str, **changes: Any) -> Record:
    given = Record("message 1", "7", (f"tel:{PHONE}",), ("Visit due",), SINCE + 2, status)
    return given._replace(**changes)


@pytest.mark.parametrize(
    ("was", "now"),
    [
        (Status.UNSENT, "PENDING SENT FAILED DELIVERED"),
        (Status.PENDING, "SENT FAILED DELIVERED"),
        (Status.SENT, "FAILED DELIVERED"),
        (Status.FAILED, "DELIVERED"),
        (Status.DELIVERED, ""),
    ],
)
def test_a_state_only_moves_forward(was: Status, now: str) -> None:
    assert {status for status in Status if status.follows(was)} == set(now.split())


def test_news_names_the_message_and_changes_the_state() -> None:
    given = text(accepted_at=NOW, to_tell=False)
    assert policy.news(given, sms("wired"), NOW, POLL) == given._replace(
        message_ref="message 1",
        message_at=SINCE + 2,
        broadcast_id="7",
        status=Status.PENDING,
        to_tell=True,
        next_at=policy.next_look(NOW, NOW, Status.PENDING, 60),
    )


@pytest.mark.parametrize("status", ["errored", "levitating", "queued", "sent"])
def test_a_word_that_is_no_news_changes_no_state(status: str) -> None:
    given = text(accepted_at=NOW - HOUR, status=Status.SENT, broadcast_id="6", message_at=SINCE, to_tell=False)
    assert policy.news(given, sms(status, created_on=None), NOW, POLL) == given._replace(
        message_ref="message 1", next_at=policy.next_look(NOW, NOW - HOUR, Status.SENT, 60)
    )


def test_no_word_at_all_only_moves_the_next_look() -> None:
    given = text(accepted_at=NOW - HOUR)
    moved = policy.next_look(NOW, NOW - HOUR, Status.UNSENT, 60)
    assert policy.news(given, None, NOW, POLL) == given._replace(next_at=moved)


def test_what_is_delivered_is_not_asked_for_again() -> None:
    assert policy.news(text(accepted_at=NOW), sms("delivered"), NOW, POLL).next_at is None


@pytest.mark.parametrize(
    ("has_channel", "reason"),
    [
        (True, "The text could not be delivered to the phone."),
        (False, "No channel or address in RapidPro reaches this phone."),
    ],
)
def test_a_failure_has_a_reason_until_the_text_is_delivered_all_the_same(has_channel: bool, reason: str) -> None:
    failed = policy.news(text(accepted_at=NOW), sms("failed", has_channel=has_channel), NOW, POLL)
    assert failed.reason == reason
    assert policy.news(failed, sms("delivered"), NOW, POLL).reason is None
