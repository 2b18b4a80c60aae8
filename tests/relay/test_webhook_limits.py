"""Largest sizes and kinds of senders: what is refused is told why, and what is not refused can be stored anywhere."""

from __future__ import annotations

import json

import pytest

from relay import Relay
from relay.web import LIMITS, MAX_BODY_BYTES
from tests.relay.neighbours import AMINA, World, post_text

BROAD = "😷"
"""Four bytes in UTF-8, twelve in JSON."""


pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.parametrize("field", LIMITS)
@pytest.mark.parametrize("letter", ["x", BROAD])
def test_the_longest_value_is_stored_in_every_database_and_a_longer_one_is_refused_with_the_limit(
    world: World, relay: Relay, field: str, letter: str
) -> None:
    limit = LIMITS[field]
    assert post_text(relay, **{field: letter * limit}).status_code == 200
    world.run(relay, 1)
    assert [message[field] for message in world.stored] == [letter * limit]
    refusal = post_text(relay, **{field: letter * (limit + 1)})
    assert refusal.status_code == 400
    assert f"`{field}` has {limit + 1} characters, at most {limit} are allowed" in refusal.text


def test_a_very_long_id_is_neither_stored_nor_repeated(world: World, relay: Relay) -> None:
    refusal = post_text(relay, id="x" * 100_000)
    assert (refusal.status_code, len(refusal.text) < 200) == (400, True)
    assert post_text(relay, id="x" * 900_000).status_code == 413
    world.run(relay, 1)
    assert world.stored == []


def test_the_longest_message_fits_into_a_body_when_every_character_is_escaped() -> None:
    body = json.dumps({field: BROAD * limit for field, limit in LIMITS.items()})
    assert len(body) <= MAX_BODY_BYTES


@pytest.mark.parametrize(
    ("sender", "phone"),
    [
        (AMINA, AMINA),
        ("60396", "60396"),
        (f"tel:{AMINA}", AMINA),
        (f"TEL:{AMINA}", AMINA),
        ("tel:60396", "60396"),
        (f"tel:{AMINA}?channel=0a1b", AMINA),
        (f"tel:{AMINA}#+250 788 123 001", AMINA),
    ],
)
def test_tel_is_taken_off_a_sender(world: World, relay: Relay, sender: str, phone: str) -> None:
    assert post_text(relay, **{"from": sender}).status_code == 200
    assert post_text(relay, **{"from": phone}).status_code == 200  # the same text again
    world.run(relay, 1)
    assert [message["from"] for message in world.stored] == [phone]


@pytest.mark.parametrize("sender", ["whatsapp:250788123001", "telegram:1234", "mailto:amina@example.org", "ext:77"])
def test_a_sender_who_has_no_phone_number_is_refused_with_the_reason(world: World, relay: Relay, sender: str) -> None:
    refusal = post_text(relay, **{"from": sender})
    assert refusal.status_code == 400
    assert f"`from` must be a phone number, not an address of the kind `{sender.partition(':')[0]}`" in refusal.text
    world.run(relay, 1)
    assert world.stored == []


def test_tel_without_a_number_is_no_sender(relay: Relay) -> None:
    refusal = post_text(relay, **{"from": "tel:"})
    assert refusal.status_code == 400
    assert "`from` is missing or empty" in refusal.text
