"""Which record is matched to which text: by content, phone and time, and never one record to two texts."""

from __future__ import annotations

from typing import Any

import pytest

from relay.matching import candidates, match, match_by_id, same_content, same_phone
from relay.models import Record
from tests.relay.texts import PHONE, START, text


def broadcast(number: int = 1, **changes: Any) -> Record:
    """A broadcast with the content and phone of `text()`."""
    default = Record(None, str(number), (f"tel:{PHONE}",), ("Visit due",), START + 1)
    return default._replace(**changes)


def message(number: int = 1, **changes: Any) -> Record:
    """A message with the content and phone of `text()`."""
    default = Record(
        f"message {number}", None, (f"tel:{PHONE}",), ("Visit due",), START + 1, "queued", has_channel=True
    )
    return default._replace(**changes)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, True),
        ({"created_on": START}, True),
        ({"created_on": START - 0.001}, False),
        ({"created_on": None}, True),
        ({"texts": ("Visit dues",)}, False),
        ({"texts": ()}, False),
        ({"texts": ("Visite", "Visit due")}, True),
        ({"urns": None}, True),
        ({"urns": ()}, False),
        ({"urns": ("tel:+250788123002",)}, False),
        ({"urns": (f"tel:{PHONE}", "tel:+250788123002")}, False),
        ({"broadcast_id": None, "ref": "u-1"}, True),
        ({"broadcast_id": None}, False),
    ],
)
def test_a_broadcast_is_a_candidate_by_content_phone_time_and_an_id(changes: dict[str, Any], expected: bool) -> None:
    record = broadcast(**changes)
    assert candidates([text()], [record]) == ([record] if expected else [])


def test_candidates_are_sorted_oldest_first_and_those_without_a_time_come_before_all() -> None:
    late, early, undated = broadcast(1, created_on=START + 9), broadcast(2), broadcast(3, created_on=None)
    assert candidates([text()], [late, early, undated]) == [undated, early, late]


def test_equal_texts_are_matched_oldest_to_oldest_and_no_record_twice() -> None:
    records = [broadcast(1), broadcast(2, created_on=START + 2)]
    assert match([text(2), text(1), text(3)], records, set()) == {1: records[0], 2: records[1]}


@pytest.mark.parametrize(("claimed_ids", "expected"), [({"1"}, False), ({"u-1"}, False), ({"2"}, True)])
def test_a_record_with_any_claimed_id_is_not_matched(claimed_ids: set[str], expected: bool) -> None:
    record = broadcast(ref="u-1")
    assert match([text()], [record], claimed_ids) == ({1: record} if expected else {})


def test_a_record_that_does_not_match_an_earlier_text_can_match_a_later_one() -> None:
    record = broadcast(texts=("Other",))
    assert match([text(1), text(2, content="Other")], [record], set()) == {2: record}


def test_a_message_is_matched_by_its_own_id_before_that_of_its_broadcast() -> None:
    own, other = message(1, broadcast_id="5"), message(2, broadcast_id="6")
    assert match_by_id([text(message_ref="message 1", broadcast_id="6")], [own, other]) == {1: own}
    assert match_by_id([text(broadcast_id="6")], [own, other]) == {1: other}
    assert match_by_id([text(), text(2, message_ref="message 9")], [own, other]) == {}


def test_a_message_of_another_broadcast_is_no_candidate_but_one_without_a_broadcast_is() -> None:
    with_id = text(broadcast_id="5")
    assert candidates([with_id], [message(broadcast_id="6")]) == []
    assert candidates([with_id], [message()]) == [message()]
    assert candidates([text()], [message(broadcast_id="6")]) == [message(broadcast_id="6")]


@pytest.mark.parametrize(
    ("shown", "content", "same"),
    [
        ("Visit", " Visit\n", True),
        (" Visit ", "Visit", True),
        ("a@@b", "a@b", True),
        ("a@b", "a@b", True),
        ("a@@@@b", "a@@b", True),
        ("a@b", "a@@b", False),
        ("visit", "Visit", False),
    ],
)
def test_contents_are_the_same_although_rapidpro_trims_and_doubles(shown: str, content: str, same: bool) -> None:
    assert same_content(shown, content) is same


@pytest.mark.parametrize(
    ("urn", "phone", "same"),
    [
        ("tel:+250788123001", "+250788123001", True),
        ("tel:+250788123001", "0788123001", True),
        ("tel:+250788123001#Amina", "+250 788 123-001", True),
        ("tel:+250788123001#77", "123001", True),
        ("tel:+254722123001", "0722123001", True),
        ("tel:+254722123000", "0722123000", True),
        ("tel:+254722123000", "072212300", False),
        ("tel:+250788123001", "00250788123001", True),
        ("tel:+250788123001", "+250 788 123001 (X)", True),
        ("tel:+250788123001", "+250788123002", False),
        ("tel:+250788123001", "", False),
        ("tel:+250788123001", "Amina", False),
    ],
)
def test_numbers_are_the_same_in_any_notation(urn: str, phone: str, same: bool) -> None:
    assert same_phone(urn, phone) is same


@pytest.mark.parametrize(("earlier", "found"), [(86_400, True), (86_401, False), (0, True)])
def test_a_message_with_the_right_id_may_be_dated_a_day_earlier_at_most(earlier: int, found: bool) -> None:
    dated = message(created_on=START - earlier)
    assert match_by_id([text(message_ref="message 1")], [dated]) == ({1: dated} if found else {})


def test_texts_with_and_without_a_known_broadcast_are_matched_side_by_side() -> None:
    with_id = text(broadcast_id="5")
    without = text(2, phone="+250788123002")
    own, others, unknown = (
        message(1, broadcast_id="6"),
        message(2, broadcast_id="6", urns=(f"tel:{without.phone}",)),
        message(3),
    )
    assert candidates([with_id, without], [own, others, unknown]) == [others, unknown]


def test_a_message_of_another_broadcast_is_never_matched_to_a_text_whose_broadcast_is_known() -> None:
    earlier, later = text(1, broadcast_id="1"), text(2)
    other = message(7, broadcast_id="2")
    assert match([earlier, later], [other], set()) == {2: other}
