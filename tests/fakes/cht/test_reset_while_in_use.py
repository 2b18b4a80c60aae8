"""A reset while texts come in: whoever reads settings or accounts without the lock never finds them empty."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest
import requests

from fakes.cht import Cht
from fakes.cht.couch.documents import Documents
from fakes.cht.state import State
from fakes.clock import VirtualClock
from fakes.serving.wsgi import build_environ, call

GATEWAY = base64.b64encode(b"gateway:gateway-pass").decode()
NATIONAL, FULL = "0788200012", "+250788200012"


def cht() -> Cht:
    return Cht(VirtualClock(), session=requests.Session(), rng=random.Random(1), release="5.2")


def text_from(service: Cht, number: str, gateway_ref: str) -> int:
    body = json.dumps({"messages": [{"id": gateway_ref, "from": number, "content": "Hello"}], "updates": []}).encode()
    headers = {"Authorization": f"Basic {GATEWAY}", "Content-Type": "application/json"}
    return call(service, build_environ("POST", "/api/sms", "", headers, body)).status


def senders(service: Cht) -> set[Any]:
    return {doc["from"] for doc in service.state.all_docs() if doc.get("type") == "data_record"}


@pytest.mark.parametrize("name", ["settings", "users"])
def test_a_reset_replaces_in_one_step_what_is_read_without_the_lock(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    service = cht()
    before = getattr(service.state, name)
    assert before
    seen = []

    def noted(state: State, key: str, value: Any) -> None:
        object.__setattr__(state, key, value)
        seen.append(getattr(state, name))

    monkeypatch.setattr(State, "__setattr__", noted)
    service.reset()
    assert len(seen) > 3
    assert all(one == before for one in seen)


def test_a_text_that_comes_in_at_any_step_of_a_reset_keeps_its_country_code(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step of the reset is followed by a text, whose request does not wait for the lock that the reset holds."""
    service = cht()
    stored: list[Any] = []
    save = Documents.save
    busy: list[bool] = []

    def saved(documents: Documents, doc: Any) -> str:
        stored.append(doc.get("from"))
        return save(documents, doc)

    def noted(state: State, key: str, value: Any) -> None:
        object.__setattr__(state, key, value)
        if not busy:
            busy.append(True)
            assert text_from(service, NATIONAL, f"m{len(stored)}") == 200
            busy.clear()

    monkeypatch.setattr(Documents, "save", saved)
    monkeypatch.setattr(State, "__setattr__", noted)
    service.reset()
    texts = [one for one in stored if one is not None]
    assert len(texts) > 3
    assert set(texts) == {FULL}


def test_worlds_that_follow_each_other_store_every_form_of_a_number_alike() -> None:
    service = cht()
    for n in range(50):
        service.reset()
        for number in (NATIONAL, FULL, "0788 200 012", "250788200012"):
            assert text_from(service, number, f"{n} {number}") == 200
        assert senders(service) == {FULL}
