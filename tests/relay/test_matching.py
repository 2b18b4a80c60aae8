"""Which of RapidPro's records is taken for which text: by words, phone and time, and never one for two."""

from __future__ import annotations

from typing import Any

import pytest

from relay.matching import candidates, match, match_by_name, same_phone, same_text
from relay.messages import Record
from tests.relay.texts import PHONE, SINCE, text


def broadcast(number: int = 1, **changes: Any) -> Record:
    """A broadcast of these words to this phone."""
    given = Record(None, str(number), (f"tel:{PHONE}",), ("Visit due",), SINCE + 1)
    return given._replace(**changes)


def sms(number: int = 1, **changes: Any) -> Record:
    """A message of these words to this phone."""
    given = Record(f"message {number}", None, (f"tel:{PHONE}",), ("Visit due",), SINCE + 1, "queued", has_channel=True)
    return given._replace(**changes)


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"created_on": SINCE}, True),
        ({"created_on": SINCE - 0.001}, False),
        ({"created_on": None}, True),
        ({"texts": ("Visit dues",)}, False),
        ({"texts": ()}, False),
        ({"texts": ("Visite", "Visit due")}, True),
        ({"urns": None}, True),
        ({"urns": ()}, False),
        ({"urns": ("tel:+250788123002",)}, False),
        ({"urns": (f"tel:{PHONE}", "tel:+250788123002")}, False),
        ({"broadcast": None, "ref": "u-1"}, True),
        ({"broadcast": None}, False),
    ],
)
def test_a_broadcast_is_a_candidate_by_words_phone_time_and_a_name(change: dict[str, Any], fits: bool) -> None:
    one = broadcast(**change)
    assert candidates([text()], [one]) == ([one] if fits else [])


def test_candidates_are_told_oldest_first_and_those_without_a_time_before_all() -> None:
    late, early, timeless = broadcast(1, created_on=SINCE + 9), broadcast(2), broadcast(3, created_on=None)
    assert candidates([text()], [late, early, timeless]) == [timeless, early, late]


def test_equal_texts_get_records_oldest_to_oldest_and_none_twice() -> None:
    found = [broadcast(1), broadcast(2, created_on=SINCE + 2)]
    assert match([text(2), text(1), text(3)], found, set()) == {1: found[0], 2: found[1]}


@pytest.mark.parametrize(("taken", "left"), [({"1"}, False), ({"u-1"}, False), ({"2"}, True)])
def test_a_record_of_another_text_is_not_taken_whichever_of_its_names_is_known(taken: set[str], left: bool) -> None:
    one = broadcast(ref="u-1")
    assert match([text()], [one], taken) == ({1: one} if left else {})


def test_a_later_text_may_take_what_does_not_fit_an_earlier_one() -> None:
    one = broadcast(texts=("Other",))
    assert match([text(1), text(2, text="Other")], [one], set()) == {2: one}


def test_a_message_is_known_by_its_own_name_before_that_of_its_broadcast() -> None:
    own, other = sms(1, broadcast="5"), sms(2, broadcast="6")
    assert match_by_name([text(message_ref="message 1", broadcast_id="6")], [own, other]) == {1: own}
    assert match_by_name([text(broadcast_id="6")], [own, other]) == {1: other}
    assert match_by_name([text(), text(2, message_ref="message 9")], [own, other]) == {}


def test_a_message_of_another_broadcast_is_no_candidate_and_one_that_shows_none_is() -> None:
    named = text(broadcast_id="5")
    assert candidates([named], [sms(broadcast="6")]) == []
    assert candidates([named], [sms()]) == [sms()]
    assert candidates([text()], [sms(broadcast="6")]) == [sms(broadcast="6")]


@pytest.mark.parametrize(
    ("shown", "given", "same"),
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
def test_words_are_the_same_although_rapidpro_trims_and_doubles(shown: str, given: str, same: bool) -> None:
    assert same_text(shown, given) is same


@pytest.mark.parametrize(
    ("urn", "phone", "same"),
    [
        ("tel:+250788123001", "+250788123001", True),
        ("tel:+250788123001", "0788123001", True),
        ("tel:+250788123001#Amina", "+250 788 123-001", True),
        ("tel:+250788123001#77", "123001", True),
        ("tel:+250788123001", "+250788123002", False),
        ("tel:+250788123001", "", False),
        ("tel:+250788123001", "Amina", False),
    ],
)
def test_numbers_are_the_same_however_they_are_written(urn: str, phone: str, same: bool) -> None:
    assert same_phone(urn, phone) is same
