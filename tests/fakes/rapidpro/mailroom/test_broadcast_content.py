"""`@contact` in a broadcast for contacts without a name."""

from __future__ import annotations

import json
import random

import pytest
import requests

from fakes.clock import VirtualClock
from fakes.rapidpro import RapidPro
from fakes.serving.wsgi import build_environ, call

HEADERS = {"Authorization": "Token RAPIDPRO-TEST-TOKEN-0000000000000000000000", "Content-Type": "application/json"}


@pytest.mark.parametrize("profile", ["9.3", "26"])
def test_a_contact_without_a_name_is_shown_as_the_number_in_national_format(profile: str) -> None:
    clock = VirtualClock()
    rapidpro = RapidPro(clock, profile=profile, session=requests.Session(), rng=random.Random(1))
    body = json.dumps({"urns": ["tel:+250788123999"], "text": "Dear @contact (@contact.name)"}).encode()
    assert call(rapidpro, build_environ("POST", "/api/v2/broadcasts.json", "", HEADERS, body)).status == 201
    clock.advance(3600)
    (received,) = rapidpro.mailroom.phones.texts("+250788123999")
    assert received.text == "Dear 0788 123 999 ()"
