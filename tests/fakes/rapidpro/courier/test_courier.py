"""Messages seen through the API: removed channels, quick replies, contacts from abroad."""

import json
from typing import Any

import pytest

from fakes.rapidpro.urns import serves_number
from tests.fakes.rapidpro.control.test_tokens_and_rates import ANN, ControlledRapidPro

ABROAD = "+256700123011"
YES = {"type": "text", "text": "Yes"}


def sent(service: ControlledRapidPro, body: Any) -> Any:
    """The message of a broadcast, as listed a minute later."""
    number = json.loads(service.ask("broadcasts.json", method="POST", body=body).body)["id"]
    service.clock.advance(60)
    (message,) = service.rows(f"messages.json?broadcast={number}")
    return message


def remove_channels(service: ControlledRapidPro) -> None:
    for channel in service.rows("channels.json"):
        assert service.control_call("DELETE", f"/channels/{channel['uuid']}")[0] == 200
    assert service.rows("channels.json") == []


def test_a_removed_channel_is_no_longer_listed_and_later_messages_fail() -> None:
    service = ControlledRapidPro()
    before = sent(service, {"urns": [ANN], "text": "Hello"})
    remove_channels(service)
    after = sent(service, {"urns": [ANN], "text": "Hello?"})
    assert (before["status"], after["status"], after["channel"], after["urn"]) == ("delivered", "failed", None, None)
    (kept,) = service.rows(f"messages.json?uuid={before['uuid']}")
    assert kept["channel"] == before["channel"]


def test_messages_waiting_for_a_removed_channel_fail_and_still_name_the_channel() -> None:
    service = ControlledRapidPro()
    service.control_call("PUT", "/channel", {"down": True, "delays": {"retries": [59.9, 3600]}})
    message = sent(service, {"urns": [ANN], "text": "Hello"})
    assert message["status"] == "errored"
    remove_channels(service)
    service.control_call("PUT", "/channel", {"down": False})
    service.control_call("PUT", "/channel", {"delays": {"wired": 0}})
    service.clock.advance(3)
    assert service.rows(f"messages.json?uuid={message['uuid']}")[0]["status"] == "errored"
    service.clock.advance(3600)
    (found,) = service.rows(f"messages.json?uuid={message['uuid']}")
    assert (found["status"], found["channel"]) == ("failed", message["channel"])
    reasons = {
        row["failed_reason"]
        for row in service.control_call("GET", "/messages")[1]["messages"]
        if row["text"] == "Hello"
    }
    assert "channel removed" in reasons


def test_a_contact_from_abroad_who_has_texted_in_is_reached_until_the_channel_is_removed() -> None:
    service = ControlledRapidPro()
    urn = f"tel:{ABROAD}"
    assert sent(service, {"urns": [urn], "text": "one"})["status"] == "failed"
    service.control_call("POST", f"/phones/{ABROAD}/texts", {"text": "hello"})
    assert sent(service, {"urns": [urn], "text": "two"})["status"] == "delivered"
    remove_channels(service)
    service.clock.advance(60)
    three = sent(service, {"urns": [urn], "text": "three"})
    assert (three["status"], three["channel"]) == ("failed", None)


def test_quick_replies_of_a_broadcast_and_of_a_message_are_shown_with_the_message() -> None:
    service = ControlledRapidPro()
    broadcast = {"urns": [ANN], "text": {"eng": "Coming?"}, "quick_replies": {"eng": [YES]}}
    assert sent(service, broadcast)["quick_replies"] == [YES]
    contact = service.rows("contacts.json?urn=tel%3A%2B250788123001")[0]["uuid"]
    answer = service.ask(
        "messages.json", method="POST", body={"contact": contact, "text": "Coming?", "quick_replies": [YES]}
    )
    assert json.loads(answer.body)["quick_replies"] == [YES]


@pytest.mark.parametrize(
    ("country", "number", "expected"),
    [
        ("RW", "+250788123001", True),
        ("RW", "+256700123011", False),
        ("US", "+12065550100", True),
        ("US", "+14165550123", False),
        ("US", "+1200555", True),
        ("RW", "+80012345678", True),
        ("RW", "8500", True),
        ("RW", "+2", True),
    ],
)
def test_a_channel_reaches_its_country_and_numbers_of_none(country: str, number: str, expected: bool) -> None:
    assert serves_number(country, number) is expected
