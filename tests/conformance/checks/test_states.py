"""The states that agree with RapidPro's, as a table, and whose message is whose when texts are equal."""

from __future__ import annotations

import itertools

import pytest

from conformance.checks.states import EXPECTED, RANK, state_regressed, state_wrong
from conformance.history.model import History, OutgoingText
from tests.conformance.checks.test_checks import AMINA, YUSUF, due, sent, told

ACCEPTED = {"received-by-gateway", "forwarded-by-gateway", "sent", "delivered"}
AGREE = {
    "pending": ACCEPTED,
    "initializing": ACCEPTED,
    "queued": ACCEPTED,
    "errored": ACCEPTED,
    "wired": {"forwarded-by-gateway", "sent", "delivered"},
    "sent": {"sent", "delivered"},
    "resent": {"sent", "delivered"},
    "delivered": {"delivered"},
    "read": {"delivered"},
    "failed": {"failed", "delivered"},  # a late delivery report: the phone has it
}
"""By RapidPro's status: the states of CHT that are right, which may be further than RapidPro's."""
STATES = ("pending", "forwarded-to-gateway", *sorted(ACCEPTED), "failed", "levitating")


def way(*states: str, text: str = "hello") -> OutgoingText:
    return due(states[-1], text, YUSUF, 0, *states)


def wrong(texts: tuple[OutgoingText, ...], *statuses: str) -> list[str]:
    messages = tuple(sent(status, id_=place) for place, status in enumerate(statuses))
    return [found.sentence for found in state_wrong(History(outgoing_texts=texts, messages=messages))]


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("status", AGREE)
def test_a_state_is_right_if_it_is_rapidpros_or_further_on_the_same_way(status: str, state: str) -> None:
    assert (wrong((way("pending", state),), status) == []) is (state in AGREE[status])


@pytest.mark.parametrize("state", STATES)
def test_any_state_agrees_with_a_status_that_nobody_knows(state: str) -> None:
    assert wrong((way("pending", state),), "levitating") == []


def test_every_status_and_every_state_of_a_message_has_its_place() -> None:
    assert set(EXPECTED) == set(AGREE)
    assert set().union(*AGREE.values()) <= set(RANK)
    assert all(expected in AGREE[status] for status, expected in EXPECTED.items())


def sentence(state: str, expected: str, status: str) -> str:
    return f"'hello' for {YUSUF} is {state}, expected {expected}: RapidPro says {status}"


@pytest.mark.parametrize(
    ("states", "statuses", "sentences"),
    [
        (("delivered", "sent"), ("sent", "delivered"), []),
        (("delivered", "failed", "sent"), ("failed", "sent", "delivered"), []),
        (("delivered", "received-by-gateway"), ("wired", "errored"), []),
        (("sent", "delivered"), ("levitating", "delivered"), []),
        (("sent", "sent"), ("sent", "delivered"), [sentence("sent", "delivered", "delivered")]),
        # A state that nobody knows counts as the earliest.
        (
            ("pending", "levitating"),
            ("sent", "queued"),
            [sentence("levitating", "received-by-gateway", "queued"), sentence("pending", "sent", "sent")],
        ),
        # More messages than texts, or fewer: what is left over is not judged here.
        (("sent",), ("sent", "delivered"), []),
        (("sent", "delivered"), ("sent",), []),
    ],
)
def test_equal_texts_and_their_messages_are_paired_from_the_earliest_to_the_furthest(
    states: tuple[str, ...], statuses: tuple[str, ...], sentences: list[str]
) -> None:
    assert wrong(tuple(way("pending", state) for state in states), *statuses) == sentences


KEPT_BACK = way("pending", "cleared")
SENT_AND_KEPT_BACK = way("pending", "sent", "cleared")
GIVEN_UP = way("pending", "failed")


@pytest.mark.parametrize(
    ("kept_back", "statuses", "right"),
    [
        ((SENT_AND_KEPT_BACK,), ("queued", "failed"), True),
        ((KEPT_BACK,), ("queued", "failed"), True),
        ((), ("queued", "failed"), False),
        ((SENT_AND_KEPT_BACK,), ("queued", "queued", "failed"), False),
        ((SENT_AND_KEPT_BACK, SENT_AND_KEPT_BACK), ("queued", "queued", "failed"), True),
        ((KEPT_BACK, KEPT_BACK), ("queued", "queued", "failed"), True),
        ((KEPT_BACK, KEPT_BACK), ("queued", "queued", "queued", "failed"), False),
        ((KEPT_BACK,), ("queued",), False),  # one message: that of the text which was not kept back
        ((SENT_AND_KEPT_BACK,), ("queued",), True),  # one message, which can be either's
    ],
)
def test_a_message_may_belong_to_an_equal_text_that_cht_has_kept_back_since(
    kept_back: tuple[OutgoingText, ...], statuses: tuple[str, ...], right: bool
) -> None:
    assert (wrong((GIVEN_UP, *kept_back), *statuses) == []) is right


def test_a_text_that_cht_made_wait_again_may_have_reached_its_state_before() -> None:
    again = way("pending", "delivered", "pending", "forwarded-to-gateway")
    assert wrong((again,), "delivered") == []
    assert wrong((again,), "failed") == [sentence("forwarded-to-gateway", "failed", "failed")]


def test_the_message_of_another_text_or_phone_is_not_compared() -> None:
    messages = (sent("failed", text="other"), sent("failed", number=AMINA))
    assert list(state_wrong(History(outgoing_texts=(way("pending", "sent"),), messages=messages))) == []


@pytest.mark.parametrize(
    ("states", "found"),
    [
        (("pending", "sent", "delivered"), 0),
        (("pending", "sent", "sent", "delivered"), 0),
        (("pending", "sent", "forwarded-by-gateway", "sent"), 1),
        (("pending", "failed", "sent", "delivered"), 0),
        (("pending", "delivered", "failed"), 1),
        (("pending", "sent", "failed"), 0),
        (("pending", "delivered", "levitating", "sent"), 1),  # a state without a place is passed over
        (("pending", "delivered", "sent", "received-by-gateway"), 2),
    ],
)
def test_a_state_goes_back_if_an_earlier_one_follows_but_not_after_failed(states: tuple[str, ...], found: int) -> None:
    assert len(list(state_regressed(History(outgoing_texts=(way(*states),))))) == found


IN_ORDER = (
    *("scheduled", "pending", "forwarded-to-gateway", "received-by-gateway"),
    *("forwarded-by-gateway", "sent", "delivered", "failed"),
)
"""CHT's states in the order of cht-docs, `messaging/sms-states.md`."""


@pytest.mark.parametrize(("earlier", "later"), [*itertools.combinations(IN_ORDER, 2)])
def test_only_a_relay_can_set_a_state_back_and_then_only_to_a_state_that_a_relay_reports(
    earlier: str, later: str
) -> None:
    back, forward = (History(outgoing_texts=(way(*states),)) for states in ((later, earlier), (earlier, later)))
    waits = earlier in {"scheduled", "pending"}
    assert bool(list(state_regressed(back))) is (later != "failed" and not waits)
    assert bool(list(state_regressed(forward))) is ((earlier, later) == ("delivered", "failed"))


def test_a_state_that_cht_set_back_itself_is_passed_over_and_the_next_is_judged() -> None:
    states = way("pending", "delivered", "pending", "delivered", "sent")
    history = History(outgoing_texts=(states,), calls=(told(1, "DELIVERED"), told(3, "DELIVERED"), told(4, "SENT")))
    assert [found.sentence for found in state_regressed(history)] == [
        f"'hello' for {YUSUF} went back from delivered to sent"
    ]
