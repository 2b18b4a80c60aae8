"""The fake CHT, as tests use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.history.model import OutgoingText, StoredReport
from conformance.testing.callers_world import CallersWorld
from fakes.serving.wsgi import WSGIApp


class FakeCht:
    """The fake CHT: where it is, how a relay logs in, the texts it has to send, the reports it has stored."""

    def __init__(self, world: CallersWorld, app: WSGIApp | None) -> None:
        self._world = world
        neighbours = world.services.neighbours
        self.url: str = neighbours.cht_url
        self.user: str = neighbours.cht_user
        """A user who may use the gateway API."""
        self.password: str = neighbours.cht_password
        self.admin: tuple[str, str] = world.services.cht_admin
        """Name and password of an administrator."""
        self.app: WSGIApp | None = app
        """The WSGI app through faults and ledger; None if the fakes are a process."""

    def text_due(self, number: str, text: str) -> None:
        """CHT has this text to send now. A gateway gets it with its next poll of `/api/sms`."""
        self._world.cht_sends([(self._world.person(number), text)])

    def reminder_due(self, number: str, text: str) -> None:
        """A scheduled task with this text becomes due now."""
        self._world.cht_sends([(self._world.person(number), text)], scheduled=True)

    def texts(self, number: str) -> list[OutgoingText]:
        """What CHT has or had to send to this number, each with its state and its former states."""
        self._world.person(number)
        return [one for one in self._world.history().outgoing_texts if one.number == number]

    def state(self, number: str, text: str | None = None) -> str:
        """The state of CHT's only text for this number (with this text), such as `delivered`. ValueError if not one."""
        found = [one for one in self.texts(number) if text is None or one.text == text]
        if len(found) != 1:
            raise ValueError(f"expected one text for {number}, CHT has {len(found)}: {[one.text for one in found]}")
        return found[0].state

    def reports(self, number: str) -> list[StoredReport]:
        """The reports that CHT stored for texts from this number."""
        return self._world.reports(self._world.person(number))

    def documents(self) -> list[dict[str, Any]]:
        """All documents except design documents."""
        return self._world.cht.documents()

    def put(self, document: Mapping[str, Any]) -> None:
        """Store a document under its `_id`."""
        self._world.cht.put(document)

    def settings(self, changes: Mapping[str, Any]) -> None:
        """Change these keys of CHT's application settings."""
        self._world.cht.settings(changes)

    def run(self, name: str) -> None:
        """One pass of CHT's own background work now: `send`, `poll`, `schedules` or `outbound`."""
        self._world.control.post("/cht/run", {"pass": name})
