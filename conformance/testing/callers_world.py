"""The world of a test: like that of a scenario, but with the numbers, the webhook and the relay of the test."""

from __future__ import annotations

import re
from typing import Any

from conformance.history.observe import Exchanges
from conformance.services.base import Services
from conformance.testing.callers_relay import CallersRelay
from conformance.world.people import Person
from conformance.world.timing import Timing
from conformance.world.world import World
from fakes.redaction import Redaction

NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")


class CallersWorld(World):
    """A world in which RapidPro calls no webhook until the test names one."""

    subject: CallersRelay

    def __init__(self, services: Services, timing: Timing) -> None:
        super().__init__(services, CallersRelay(services.now, services.neighbours.incoming_token), timing)

    def deliver_to(self, url: str | None, token: str, **changes: Any) -> None:
        """Let RapidPro deliver texts to `url` with this token, which is hidden from now on, also in what was before."""
        self.subject.url, self.subject.token = url, token
        self.hide = Redaction({**self.services.neighbours.secrets(), "relay:incoming token": token})
        self._exchanges = Exchanges(self.control, self._mark, self.hide)
        self.configure_webhook(**changes)

    def configure_webhook(self, **changes: Any) -> None:
        super().configure_webhook(**{"url": self.subject.url, **changes})

    def person(self, number: str) -> Person:
        """Who has this number. ValueError unless it is written as RapidPro and CHT store numbers."""
        if not NUMBER.fullmatch(number):
            raise ValueError(f"expected a phone number in international form such as +250788123001, got {number!r}")
        return self.people.of_number(number)

    def exchanges(self, after: int, service: str | None) -> list[dict[str, Any]]:
        """The exchanges of this world above `after`, without secrets."""
        if service not in (None, "rapidpro", "cht"):
            raise ValueError(f"service: expected rapidpro, cht or None for both, got {service!r}")
        found = self.control.exchanges(max(after, self._mark))
        wanted = [one for one in found if service in (None, one["service"])]
        return [without(self.hide, one) for one in wanted]

    def unused_faults(self) -> list[dict[str, Any]]:
        """Planned faults that no request has met."""
        return [fault for fault in self.control.faults() if fault.get("unused")]


def without(hide: Redaction, value: Any) -> Any:
    """A JSON value without secrets."""
    if isinstance(value, str):
        return hide.text(value) if hide.concerns(value) else value
    if isinstance(value, list):
        return [without(hide, one) for one in value]
    if isinstance(value, dict):
        return {name: without(hide, one) for name, one in value.items()}
    return value
