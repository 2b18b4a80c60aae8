"""Texts from short codes, which RapidPro takes, and from named senders, which its aggregators' channels refuse."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.rapidpro.courier.aggregators import AGGREGATORS, incoming_payload
from fakes.rapidpro.urns import channel_for, short_code
from fakes.rapidpro.versions.habits import HABITS
from tests.fakes.rapidpro.worlds import IncomingWorld as World


@pytest.mark.parametrize("code", ["60396", "112", "6039", "123456", "999999"])
def test_a_text_from_a_short_code_is_taken_under_its_own_urn(code: str) -> None:
    world = World()
    answer = world.http.post(f"/rapidpro/phones/{code}/texts", json={"text": "TEMP 38.5"})
    assert answer.status_code == 200, answer.text
    assert world.records.incoming[-1].urn == f"tel:{code}"
    assert [body["from"] for body in world.relay.bodies()] == [f"tel:{code}"]  # the flow cuts only "tel:+"
    shown = world.http.get(f"/rapidpro/phones/{code}/texts").get_json()["texts"]
    assert [(one["direction"], one["text"]) for one in shown] == [("sent", "TEMP 38.5")]


@pytest.mark.parametrize("sender", ["12", "1234567", "060396", "+60396", "MTN", "Amina", "6039a"])
def test_what_is_neither_a_number_nor_a_short_code_is_refused(sender: str) -> None:
    world = World()
    answer = world.http.post(f"/rapidpro/phones/{sender}/texts", json={"text": "x"})
    assert answer.status_code == 400
    assert "expected a phone number such as +250788123123 or a short code" in answer.get_json()["error"]
    assert world.records.incoming == []


DIGITS = {"12": "12", "1234567": "1234567", "060396": "060396", "+60396": "60396", "+99912345": "+99912345"}


@pytest.mark.parametrize(("sender", "kept"), DIGITS.items())
@pytest.mark.parametrize("profile", [*HABITS])
def test_other_digits_are_taken_as_they_are_by_old_versions_only(profile: str, sender: str, kept: str) -> None:
    world = World(profile=profile)
    answer = world.http.post(f"/rapidpro/phones/{sender}/texts", json={"text": "x"})
    old = profile in ("6.4", "7.4", "8.0", "9.0")
    assert answer.status_code == (200 if old else 400)
    assert [one.urn for one in world.records.incoming] == ([f"tel:{kept}"] if old else [])


@pytest.mark.parametrize("sender", ["MTN", "Amina", "6039a", "9" * 20, "\u0661\u0662\u0663"])
@pytest.mark.parametrize("profile", [*HABITS])
def test_named_senders_are_refused_by_every_version(profile: str, sender: str) -> None:
    world = World(profile=profile)
    answer = world.http.post(f"/rapidpro/phones/{sender}/texts", json={"text": "x"})
    assert answer.status_code == 400
    assert world.records.incoming == []


@pytest.mark.parametrize("country", ["RW", "UG", "KE", "US"])
def test_a_short_code_is_never_given_a_country_code(country: str) -> None:
    world = World()
    world.records.channels[0].country = country
    assert world.mailroom.incoming.number("60396") == "60396"


@pytest.mark.parametrize("name", ["plain", "infobip", "africastalking"])
@pytest.mark.parametrize(("sender", "taken"), [("60396", True), ("MTN", False)])
def test_the_aggregators_own_calls_take_short_codes_and_no_names(name: str, sender: str, taken: bool) -> None:
    world = World()
    aggregator = AGGREGATORS[name]
    payload: Any = incoming_payload(aggregator, "Muraho", "in-1", sender, "+250788120000", "2026-03-04T05:06:07Z")
    answer = world.http.post("/rapidpro" + aggregator.incoming_path.format(uuid="c-1"), json=payload)
    assert answer.status_code == (200 if taken else 400)
    assert [one.urn for one in world.records.incoming] == (["tel:60396"] if taken else [])


def test_a_flow_can_reply_to_a_short_code() -> None:
    world = World(reply_on_failure="Try again")
    world.relay.answers = [500]
    world.http.post("/rapidpro/phones/60396/texts", json={"text": "x"})
    world.clock.advance(60)
    shown = world.http.get("/rapidpro/phones/60396/texts").get_json()["texts"]
    assert [(one["direction"], one["text"]) for one in shown] == [("sent", "x"), ("received", "Try again")]
    assert channel_for("tel:60396", world.records.channels) is not None


@given(st.from_regex("[1-9][0-9]{2,5}", fullmatch=True), st.sampled_from(["RW", "UG", "KE", "NP", "TZ"]))
def test_three_to_six_digits_without_a_leading_zero_are_a_short_code_with_the_same_digits(
    code: str, country: str
) -> None:
    found = short_code(code, country)
    assert found is not None
    assert "".join(one for one in found if one.isdigit()) == code
