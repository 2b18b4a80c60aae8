"""In which order reports may come: versions in which the last one stands, and versions that only move forward.

The order of the latter: courier pull request 1189.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.rapidpro.courier.status_order import moves_forward
from fakes.rapidpro.versions.habits import HABITS
from tests.fakes.rapidpro.worlds import OutgoingWorld

OVERWRITING = [name for name in HABITS if name != "next"]
WORDS = ("sent", "delivered", "read", "failed", "errored")


def reported(profile: str, *words: str) -> Any:
    """A message of which nothing but these reports came, all at once a minute later."""
    world = OutgoingWorld(profile, shares={"no_report": 1})
    message = world.one()
    assert message.status == "wired"
    world.clock.advance(60)
    for word in words:
        assert world.mailroom.courier.report(message, word)
    return message


ORDERS = [
    (("delivered", "sent"), "delivered", "sent"),
    (("failed", "sent"), "failed", "sent"),
    (("failed", "delivered"), "failed", "delivered"),
    (("delivered", "failed"), "failed", "failed"),
    (("sent", "delivered"), "delivered", "delivered"),
    (("sent", "failed"), "failed", "failed"),
    (("sent", "errored"), "errored", "errored"),
    (("errored", "sent"), "sent", "sent"),
    (("errored", "delivered"), "delivered", "delivered"),
    (("errored", "failed"), "failed", "failed"),
    (("delivered", "errored"), "delivered", "errored"),
    (("failed", "errored"), "failed", "failed"),
    (("errored", "errored", "errored"), "failed", "failed"),
]


@pytest.mark.parametrize(("words", "forward", "last"), ORDERS)
def test_statuses_move_forward_or_the_last_one_stands(words: tuple[str, ...], forward: str, last: str) -> None:
    assert reported("next", *words).status == forward
    for profile in OVERWRITING:
        assert reported(profile, *words).status == last


@pytest.mark.parametrize("after", ["sent", "delivered", "failed", "errored"])
def test_read_is_final_where_statuses_move_forward(after: str) -> None:
    assert reported("next", "delivered", "read", after).status == "read"
    assert reported("26", "delivered", "read", after).status == after


@given(st.lists(st.sampled_from(WORDS), max_size=8))
def test_no_order_of_reports_takes_a_status_back(words: list[str]) -> None:
    rank = {"wired": 0, "errored": 0, "sent": 0, "delivered": 1, "read": 2, "failed": 3}
    world = OutgoingWorld("next", shares={"no_report": 1})
    message = world.one()
    seen = [message.status]
    for word in words:
        world.mailroom.courier.report(message, word)
        seen.append(message.status)
    ranks = [rank[one] for one in seen]
    assert ranks == sorted(ranks)
    final = next((n for n, one in enumerate(seen) if one in ("read", "failed")), len(seen))
    assert len(set(seen[final:])) <= 1


def test_a_report_that_is_too_late_changes_nothing_but_modified_on() -> None:
    message = reported("next", "delivered", "errored")
    untouched = reported("next", "delivered")
    assert (message.errors, message.failed_reason, message.sent_on) == (0, None, untouched.sent_on)
    world = OutgoingWorld("next")
    message = world.one()
    world.clock.advance(60)
    world.mailroom.courier.report(message, "sent")
    assert message.modified_on == world.clock.now()


def test_a_late_error_sends_nothing_again() -> None:
    world = OutgoingWorld("next")
    message = world.one()
    world.mailroom.courier.report(message, "errored")
    world.clock.advance(3600)
    assert message.status == "delivered"
    assert [one for _, one in message.history].count("wired") == 1


@pytest.mark.parametrize("profile", HABITS)
def test_a_person_may_resend_a_failed_message_in_any_version(profile: str) -> None:
    world = OutgoingWorld(profile, shares={"failed": 1})
    message = world.one()
    assert message.status == "failed"
    world.set_channel(shares={"failed": 0})
    world.mailroom.resend(message)
    assert message.status == "queued"
    world.clock.advance(60)
    assert message.status == "delivered"


def test_a_duplicate_in_the_queue_does_not_make_a_delivered_message_wired() -> None:
    assert not moves_forward("sent", "wired")
    assert not moves_forward("delivered", "wired")
    assert moves_forward("queued", "wired")
    assert moves_forward("errored", "wired")
