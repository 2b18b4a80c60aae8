"""People's phones: the texts that each sent and received, in order."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Literal

from fakes.clock import format_moment
from fakes.rapidpro.courier.segments import segments


@dataclass(frozen=True, slots=True)
class PhoneText:
    """One text on a phone; `direction` is from the phone's point of view. `place`: among all texts of all phones."""

    at: datetime
    direction: Literal["sent", "received"]
    text: str
    message_id: int | None
    place: int

    def as_json(self) -> dict[str, Any]:
        """The JSON form: the time in ISO form, and the number of SMS segments of the text."""
        return {
            "at": format_moment(self.at),
            "direction": self.direction,
            "text": self.text,
            "message_id": self.message_id,
            "segments": segments(self.text),
        }


class Phones:
    """All phones by number (`+250788123123`). The caller holds the service's lock."""

    def __init__(self) -> None:
        self._texts: dict[str, list[PhoneText]] = {}
        self.changes = 0
        """How often a phone sent or received a text; it goes on after `clear`."""

    def add(self, number: str) -> None:
        """There is a phone of this number, though it has no text yet."""
        self._texts.setdefault(number, [])

    def received(self, number: str, at: datetime, text: str, message_id: int) -> None:
        """The phone received a text."""
        self.changes += 1
        self._texts.setdefault(number, []).append(PhoneText(at, "received", text, message_id, self.changes))

    def sent(self, number: str, at: datetime, text: str, message_id: int | None) -> None:
        """The person sent a text."""
        self.changes += 1
        self._texts.setdefault(number, []).append(PhoneText(at, "sent", text, message_id, self.changes))

    def texts(self, number: str) -> list[PhoneText]:
        """The texts that the phone sent and received, in order; empty for an unused number."""
        return list(self._texts.get(number, ()))

    def after(self, place: int, limit: int | None = None, number: str | None = None) -> list[tuple[str, PhoneText]]:
        """The first `limit` texts after that place, with the phone of each; only those of one `number` if given."""
        found = [
            (entry.place, phone, entry)
            for phone in (self._texts if number is None else (number,))
            for entry in self._newer(phone, place)
        ]
        return [(phone, entry) for _, phone, entry in islice(sorted(found, key=lambda one: one[0]), limit)]

    def _newer(self, number: str, place: int) -> list[PhoneText]:
        texts = self._texts.get(number, [])
        return texts[bisect_right(texts, place, key=lambda entry: entry.place) :]

    def numbers(self) -> list[str]:
        """The numbers of all phones, in order."""
        return sorted(self._texts)

    def count(self, direction: Literal["sent", "received"]) -> int:
        """The number of texts that all phones together sent or received."""
        return sum(entry.direction == direction for texts in self._texts.values() for entry in texts)

    def clear(self) -> None:
        """Remove all texts."""
        self._texts.clear()
