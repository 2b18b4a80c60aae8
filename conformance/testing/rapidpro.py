"""The fake RapidPro and its phones, as tests use them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conformance.testing.callers_world import CallersWorld
from conformance.world.people import Person
from fakes.serving.wsgi import WSGIApp

Reach = Callable[[str, WSGIApp], None]
"""Lets RapidPro's calls to a URL reach an app in this process."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """How the delivery of a text ended: the webhook's status (0: no answer, or no webhook), its body, any error."""

    status: int
    body: str
    error: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the webhook answered 2xx."""
        return 200 <= self.status < 300


class Phone:
    """A person's phone, by its number."""

    def __init__(self, world: CallersWorld, number: str) -> None:
        self.number = number
        self._world = world
        self._person: Person = world.person(number)

    def send(self, text: str) -> Delivery:
        """The person sends a text; RapidPro delivers it to its webhook at once."""
        if not text:
            raise ValueError("expected a text with at least one character, got none: a phone sends no empty text")
        if self._world.subject.url is None:
            self._world.control.post(f"/rapidpro/phones/{self.number}/texts", {"text": text})
            return Delivery(0, "", "RapidPro has no webhook: call webhook(url) first")
        answer = self._world.person_texts(self._person, text)["webhook"]
        return Delivery(answer.get("status") or 0, str(answer.get("body") or ""), str(answer.get("error") or ""))

    def send_again(self) -> Delivery:
        """RapidPro delivers the person's last text once more, under the same id."""
        if not any(text.number == self.number for text in self._world.incoming_texts):
            raise ValueError(f"{self.number} has sent nothing to a webhook yet: send(text) first")
        answer = self._world.redeliver(self._person)["webhook"]
        return Delivery(answer.get("status") or 0, str(answer.get("body") or ""), str(answer.get("error") or ""))

    @property
    def received(self) -> list[str]:
        """The texts that the phone received, in order."""
        return self._texts("received")

    @property
    def sent(self) -> list[str]:
        """The texts that the person sent, in order."""
        return self._texts("sent")

    def _texts(self, direction: str) -> list[str]:
        texts = self._world.control.get(f"/rapidpro/phones/{self.number}/texts")["texts"]
        return [str(one["text"]) for one in texts if one["direction"] == direction]


class FakeRapidPro:
    """The fake RapidPro: where it is, how a relay logs in, and what happens behind its API."""

    def __init__(self, world: CallersWorld, reach: Reach, app: WSGIApp | None) -> None:
        self._world = world
        self._reach = reach
        self.url: str = world.services.neighbours.rapidpro_url
        """Without `/api/v2`."""
        self.token: str = world.services.neighbours.rapidpro_token
        """What a relay sends as `Authorization: Token ...`."""
        self.webhook_token: str = world.services.neighbours.incoming_token
        """What RapidPro sends to the webhook as `Authorization: Token ...`, if `webhook` is given no other."""
        self.app: WSGIApp | None = app
        """The WSGI app through faults and ledger; None if the fakes are a process."""

    def phone(self, number: str) -> Phone:
        """The phone with this number, in international form."""
        return Phone(self._world, number)

    def webhook(self, url: str, app: WSGIApp | None = None, *, token: str | None = None, **changes: Any) -> None:
        """Let RapidPro deliver texts to `url`. In process, `app` is the relay's WSGI app that answers there.

        `changes` are further settings of `PUT /rapidpro/webhook`.
        """
        if app is not None:
            self._reach(url, app)
        self.webhook_token = self.webhook_token if token is None else token
        self._world.deliver_to(url, self.webhook_token, **changes)

    def channel(self, **changes: Any) -> None:
        """Change how the channel behaves: the fields of `PUT /rapidpro/channel`."""
        self._world.channel(**changes)

    def rates(self, **rates: str) -> None:
        """Change quotas; `v2="10/hour"` for instance. For names with a dot use `rates(**{"v2.messages": "5/hour"})`."""
        self._world.control.put("/rapidpro/rates", rates)

    def messages(self) -> list[dict[str, Any]]:
        """All messages that RapidPro has stored, in both directions: the rows of `GET /rapidpro/messages`."""
        return list(self._world.control.get("/rapidpro/messages")["messages"])
