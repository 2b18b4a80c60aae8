"""URNs as the real RapidPro accepts them: its answers, value by value.

Compared with RapidPro v9.3.76 itself: its REST layer was run, and each URN here was posted to broadcasts.json in
workspaces of Rwanda, of Uganda and of no country (time zone UTC).
"""

from __future__ import annotations

import pytest

from tests.fakes.rapidpro.api_requests import ask, json_of
from tests.fakes.rapidpro.recorded_traffic import World

AS_GIVEN = (
    "deleted:1",
    "discord:123",
    "discord:123456789012345678",
    "ext:ABC",
    "ext:a b",
    "ext:a#b",
    "ext:a:b",
    "ext:a?b",
    "ext:abc",
    "ext:\xe9",
    "ext:\U0001f600",
    "facebook:123",
    "facebook:ref:abc",
    "fcm:abc",
    "instagram:123",
    "jiochat:abc",
    "line:abc",
    "mailto:a@b.com",
    "rocketchat:abc",
    "slack:U123",
    "slack:abc",
    "tel:+12065550101",
    "tel:+250788123001",
    "tel:+250788123001#Ann",
    "tel:+250788123001?id=1",
    "tel:+250788123001?id=1#Ann",
    "tel:+256700123011",
    "tel:+870773111632",
    "telegram:123",
    "telegram:123#Bob",
    "twitter:handle",
    "twitterid:123",
    "viber:abc",
    "viber:abc==",
    "vk:123",
    "vk:abc",
    "webchat:65vbbDAQCdPdEWlEhDGy4utO",
    "webchat:65vbbDAQCdPdEWlEhDGy4utO:a@b.com",
    "webchat:abc",
    "wechat:abc",
    "whatsapp:250788123001",
)
"""Shown unchanged in all three."""
REFUSED = (
    " tel:+250788123001",
    "+250788123001",
    "0788123001",
    ":",
    "::",
    "TEL:+250788123001",
    "Tel:+250788123001",
    "bot:1",
    "discord:abc",
    "ext:",
    "facebook:abc",
    "foo:1",
    "freshchat:a/b",
    "id:1",
    "instagram:abc",
    "mailto:a@b",
    "mailto:ab",
    "tel",
    "tel :+250788123001",
    "tel:",
    "tel: ",
    "tel:*123#",
    "tel:+",
    "tel:+1234567890123456",
    "tel:+250788",
    "tel:+2507881230",
    "tel:+25078812300123",
    "tel:+800123456789",
    "tel:+999123456789",
    "tel:+abc",
    "tel:0",
    "tel:000",
    "tel:1",
    "tel:123",
    "tel:12345",
    "tel:1234567",
    "tel:1234567890",
    "tel:123456789012345",
    "tel:1234567890123456",
    "tel:2065550101",
    "tel:MTN",
    "tel:abc",
    "tel:mtn",
    "tel:\xe9",
    "tel:\u0660\u0667\u0668\u0668\u0661\u0662\u0663\u0660\u0660\u0661",
    "tel:\uff10\uff17\uff18\uff18\uff11\uff12\uff13\uff10\uff10\uff11",
    "telegram:abc",
    "twitter:bad-handle",
    "twitterid:abc",
    "urn:tel:+250788123001",
    "whatsapp:+250788123001",
    "whatsapp:abc",
)
"""Refused in all three."""
BY_COUNTRY = (
    ("ext: a ", "ext:a", "ext:a", "ext:a"),
    ("ext:a%20b", "ext:a%2520b", "ext:a%2520b", "ext:a%2520b"),
    ("mailto:A@B.com", "mailto:a@b.com", "mailto:a@b.com", "mailto:a@b.com"),
    ("tel: +250788123001", "tel:+250788123001", "tel:+250788123001", "tel:+250788123001"),
    ("tel:++250788123001", "tel:+250788123001", "tel:+250788123001", "tel:+250788123001"),
    ("tel:+0788123001", "tel:0788123001", "tel:0788123001", None),
    ("tel:+1 206 555 0101", "tel:+12065550101", "tel:+12065550101", "tel:+12065550101"),
    ("tel:+250 (788) 123-001", "tel:+250788123001", "tel:+250788123001", "tel:+250788123001"),
    ("tel:+250-788-123-001x5", "tel:+250788123001", "tel:+250788123001", "tel:+250788123001"),
    ("tel:+250788123001 ", "tel:+250788123001", "tel:+250788123001", "tel:+250788123001"),
    ("tel:+250788123001;ext=1", "tel:+250788123001", "tel:+250788123001", "tel:+250788123001"),
    ("tel:+250788123001\u200b", "tel:+250788123001", "tel:+250788123001", "tel:+250788123001"),
    ("tel:+25078812300a", "tel:+25078812300", "tel:+25078812300", "tel:+25078812300"),
    ("tel:+44 20 7946 0958", "tel:+442079460958", "tel:+442079460958", "tel:+442079460958"),
    ("tel:0000000000", "tel:+250000000000", "tel:+256000000000", None),
    ("tel:00250788123001", "tel:+250788123001", None, None),
    ("tel:07 88 12 30 01", "tel:+250788123001", "tel:+256788123001", None),
    ("tel:0700123011", "tel:+250700123011", "tel:+256700123011", None),
    ("tel:0788.123.001", "tel:+250788123001", "tel:+256788123001", None),
    ("tel:0788/123/001", "tel:+250788123001", "tel:+256788123001", None),
    ("tel:0788123001", "tel:+250788123001", "tel:+256788123001", None),
    ("tel:1-800-FLOWERS", "tel:+18003569377", "tel:+18003569377", "tel:+18003569377"),
    ("tel:12065550101", "tel:+12065550101", "tel:+12065550101", "tel:+12065550101"),
    ("tel:12345678901", "tel:+12345678901", "tel:+12345678901", "tel:+12345678901"),
    ("tel:250 788 123 001", "tel:+250788123001", "tel:+250788123001", "tel:+250788123001"),
    ("tel:250788123001", "tel:+250788123001", "tel:+250788123001", "tel:+250788123001"),
    ("tel:256700123011", "tel:+256700123011", "tel:+256700123011", "tel:+256700123011"),
    ("tel:788123001", "tel:+250788123001", "tel:+256788123001", None),
    ("tel:tel:+250788123001", "tel:tel250788123001", None, None),
    ("tel:\u200e+250788123001", "tel:+250788123001", "tel:+250788123001", "tel:+250788123001"),
    ("twitter:@Handle", "twitter:handle", "twitter:handle", "twitter:handle"),
    ("twitterid:123#Bob", "twitterid:123#bob", "twitterid:123#bob", "twitterid:123#bob"),
)
"""As sent; as stored in Rwanda, in Uganda and without a country (None: refused)."""


COUNTRIES = (("admin", "RW"), ("other", "UG"), ("countryless", ""))


@pytest.fixture(scope="module")
def world() -> World:
    return World("9.3")


def taken(world: World, token: str, urn: str) -> str | None:
    """How a new broadcast shows the URN; None if it is refused."""
    reply = ask(world, "POST", "broadcasts", {"text": "x", "urns": [urn]}, token=token)
    if reply.status == 201:
        return str(json_of(reply)["urns"][0])
    assert json_of(reply) == {"urns": {"0": [f"Invalid URN: {urn}. Ensure phone numbers contain country codes."]}}
    return None


@pytest.mark.parametrize("urn", AS_GIVEN)
def test_some_urns_are_stored_unchanged_in_every_country(world: World, urn: str) -> None:
    assert [taken(world, token, urn) for token, _ in COUNTRIES] == [urn] * 3


@pytest.mark.parametrize("urn", REFUSED)
def test_some_urns_are_invalid_in_every_country(world: World, urn: str) -> None:
    assert [taken(world, token, urn) for token, _ in COUNTRIES] == [None] * 3


@pytest.mark.parametrize(("urn", "rwanda", "uganda", "nowhere"), BY_COUNTRY)
def test_some_urns_are_normalised_and_their_validity_depends_on_the_country(
    world: World, urn: str, rwanda: str | None, uganda: str | None, nowhere: str | None
) -> None:
    assert [taken(world, token, urn) for token, _ in COUNTRIES] == [rwanda, uganda, nowhere]


@pytest.mark.parametrize(
    "urn", ["tel:1", "tel:mtn", "tel:*123#", "mailto:ab", "telegram:abc", "twitter:bad-handle", "vk:abc"]
)
def test_a_lookup_accepts_urns_that_no_contact_can_have(world: World, urn: str) -> None:
    query = f"urn={urn.replace('#', '%23')}"
    assert json_of(ask(world, "GET", "contacts", query=query))["results"] == []
    assert ask(world, "DELETE", "contacts", query=query).status == 404


@pytest.mark.parametrize(
    ("urn", "named"),
    [
        ("tel:*123%23", "tel:123"),
        ("tel:%2B250788", "tel:250788"),
        ("tel:000", "tel:000"),
        ("tel:2065550101", "tel:2065550101"),
        ("telegram:abc", "telegram:abc"),
        ("freshchat:a/b", "freshchat:a/b"),
    ],
)
def test_no_contact_is_created_for_an_invalid_urn_and_the_error_shows_it_normalised(
    world: World, urn: str, named: str
) -> None:
    reply = ask(world, "POST", "contacts", {"name": "Z"}, f"urn={urn}")
    sentence = f"Invalid URN: {named}. Ensure phone numbers contain country codes."
    assert (reply.status, json_of(reply)) == (400, {"non_field_errors": [sentence]})


@pytest.mark.parametrize("urn", ["foo:1", "tel:", ":", "TEL:%2B250788123001", "%2B250788123001", "tel:1%23a%23b"])
def test_a_urn_without_a_known_scheme_or_a_path_cannot_be_looked_up(world: World, urn: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        reply = ask(world, method, "contacts", {} if method == "POST" else None, f"urn={urn}")
        assert (reply.status, set(json_of(reply))) == (400, {"detail"}), method
