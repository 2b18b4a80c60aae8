"""Relays that deal with strangers, ask for more than they need, storm their neighbours, or reveal their secrets."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import requests

from tests.broken.pieces import Between, Defect, Now, Session, body_of, is_gateway, is_sending, with_body
from tests.broken.relays import Broken, caught_by

STRANGER = "+250788999000"


class CopiesReports(Between):
    """Hands each incoming text to CHT once more, under another number."""

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if is_gateway(url):
            body = body_of(options)
            messages = body.get("messages") or []
            copies = [{**one, "from": STRANGER, "id": f"{one['id']}-copy"} for one in messages]
            options = with_body(options, {**body, "messages": [*messages, *copies]})
        return super().call(method, url, options)


Copy = Callable[["CopiesTexts", dict[str, Any], str, dict[str, Any]], None]


class CopiesTexts(Between):
    """Sends each outgoing text to a stranger too, in the way of `copy`."""

    def __init__(self, inner: requests.Session, now: Now, copy: Copy) -> None:
        super().__init__(inner, now)
        self._copy = copy
        self._made: dict[str, str] = {}

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        if is_sending(method, url) and response.ok:
            self._copy(self, body_of(options), url, options)
        return response

    def post(self, url: str, options: dict[str, Any], body: Mapping[str, Any]) -> Any:
        """Another request to RapidPro with the relay's token. Returns its answer."""
        return super().call("POST", url, with_body(options, body)).json()

    def once(self, name: str, make: Callable[[], str]) -> str:
        """What `make` made the first time."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def contact(self, url: str, options: dict[str, Any]) -> str:
        """The stranger as a contact of the workspace."""
        contacts = url.replace("broadcasts", "contacts")
        return self.once("contact", lambda: str(self.post(contacts, options, {"urns": [f"tel:{STRANGER}"]})["uuid"]))


def to_its_urn(relay: CopiesTexts, body: dict[str, Any], url: str, options: dict[str, Any]) -> None:
    relay.post(url, options, {**body, "urns": [f"tel:{STRANGER}"]})


def to_its_national_number(relay: CopiesTexts, body: dict[str, Any], url: str, options: dict[str, Any]) -> None:
    relay.post(url, options, {**body, "urns": [f"tel:{STRANGER.replace('+250', '0')}"]})


def to_a_contact(relay: CopiesTexts, body: dict[str, Any], url: str, options: dict[str, Any]) -> None:
    relay.post(url, options, {"contacts": [relay.contact(url, options)], "text": body["text"]})


def to_a_group(relay: CopiesTexts, body: dict[str, Any], url: str, options: dict[str, Any]) -> None:
    def make() -> str:
        group = str(relay.post(url.replace("broadcasts", "groups"), options, {"name": "Archive"})["uuid"])
        contact = {"contacts": [relay.contact(url, options)], "action": "add", "group": group}
        relay.inner.request("POST", url.replace("broadcasts", "contact_actions"), **with_body(options, contact))
        return group

    relay.post(url, options, {"groups": [relay.once("group", make)], "text": body["text"]})


def copies_texts(copy: Copy) -> Session:
    return lambda inner, now: CopiesTexts(inner, now, copy)


def strangers() -> Mapping[str, Broken]:
    """Relays that pass texts to people, or from people, whom they do not concern."""
    return {
        "copies reports under another number": caught_by(Defect(CopiesReports), "IN-1"),
        "sends each text to a stranger": caught_by(Defect(copies_texts(to_its_urn)), "OUT-1"),
        "sends each text to a stranger's national number": caught_by(
            Defect(copies_texts(to_its_national_number)), "OUT-1"
        ),
        "sends each text to a contact of its own": caught_by(Defect(copies_texts(to_a_contact)), "OUT-1"),
        "sends each text to a group": caught_by(Defect(copies_texts(to_a_group)), "OUT-1"),
    }


def conduct() -> Mapping[str, Broken]:
    """All of them by name."""
    return {**strangers()}
