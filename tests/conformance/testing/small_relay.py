"""A small relay, as a team that uses the fixtures may have one: it polls CHT, sends, tells states, takes texts."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import requests

from conformance.testing.sms_world import SmsWorld

HOOK = "http://small-relay.test/texts"


class SmallRelay:
    """Keeps what it sent in memory."""

    def __init__(self, world: SmsWorld) -> None:
        self._session: requests.Session = world.session()
        self._cht = (f"{world.cht.url}/api/sms", (world.cht.user, world.cht.password))
        self._rapidpro = f"{world.rapidpro.url}/api/v2"
        self._headers = {"Authorization": f"Token {world.rapidpro.token}"}
        self._token = world.rapidpro.webhook_token
        self._sent: dict[int, str] = {}

    def poll(self) -> None:
        """Send what CHT has; tell it the states of what was sent."""
        for text in self._ask_cht({"updates": self._updates()})["messages"]:
            body = {"urns": [f"tel:{text['to']}"], "text": text["content"]}
            answer = self._session.post(
                f"{self._rapidpro}/broadcasts.json", json=body, headers=self._headers, timeout=5
            )
            if answer.status_code == 201:
                self._sent[answer.json()["id"]] = text["id"]

    def _updates(self) -> list[dict[str, str]]:
        found = []
        for broadcast, uuid in self._sent.items():
            answer = self._session.get(
                f"{self._rapidpro}/messages.json?broadcast={broadcast}", headers=self._headers, timeout=5
            )
            rows = answer.json().get("results", [])
            found += [{"id": uuid, "status": "DELIVERED"} for row in rows if row["status"] == "delivered"]
        return found

    def _ask_cht(self, body: dict[str, Any]) -> Any:
        url, account = self._cht
        return self._session.post(url, json=body, auth=account, timeout=5).json()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """The webhook: hands a text to CHT at once."""
        if environ.get("HTTP_AUTHORIZATION") != f"Token {self._token}":
            start_response("401 Unauthorized", [])
            return [b""]
        text = json.loads(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        self._ask_cht({"messages": [{"id": text["id"], "from": text["from"], "content": text["content"]}]})
        start_response("200 OK", [("Content-Type", "application/json")])
        return [b"{}"]
