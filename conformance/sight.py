"""What scenarios see of a world: reports in CHT, texts on phones, tasks and their states, answers of the relay."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from conformance.cht_side import ChtSide
from conformance.history import Arrival, Due, History, Stored
from conformance.people import Person
from conformance.verdicts import HarnessBroken


class Sight:
    """Questions about one person at a time, answered from the history so far."""

    cht: ChtSide
    told: list[tuple[Person, dict[str, Any]]]
    """What RapidPro saw of each person's texts, in order."""

    @abstractmethod
    def history(self) -> History:
        """All that happened so far."""

    def reports(self, person: Person) -> list[Stored]:
        """The reports of this person that CHT holds."""
        return [report for report in self.history().stored if report.number == person.number]

    def received(self, person: Person) -> list[Arrival]:
        """The texts that this person's phone received."""
        return [arrival for arrival in self.history().arrivals if arrival.number == person.number]

    def reported(self, person: Person, text: str) -> Callable[[], bool]:
        """Whether CHT holds this text of this person, whenever it is asked."""
        return lambda: any(one.text == text for one in self.reports(person))

    def arrived(self, person: Person, text: str) -> Callable[[], bool]:
        """Whether this text is on this person's phone, whenever it is asked."""
        return lambda: any(one.text == text for one in self.received(person))

    def known_as(self, person: Person, state: str) -> Callable[[], bool]:
        """Whether CHT knows the text to this person so, whenever it is asked."""
        return lambda: self.task(person).state == state

    def task(self, person: Person, text: str | None = None) -> Due:
        """CHT's only task for this person (with this text)."""
        found = [
            due for due in self.history().due if due.number == person.number and (text is None or due.text == text)
        ]
        if len(found) != 1:
            raise HarnessBroken(f"the scenario speaks of one text for {person.name}, CHT has {len(found)}")
        return found[0]

    def parsed(self, person: Person, form: str) -> list[dict[str, Any]]:
        """CHT's reports of this person that it recognised as this form."""
        docs = self.cht.documents()
        return [doc for doc in docs if doc.get("from") == person.number and doc.get("form") == form]

    def last_answer(self, person: Person) -> dict[str, Any]:
        """What the relay answered to the person's last text: status and body."""
        seen = [told["webhook"] for who, told in self.told if who == person and told.get("webhook")]
        if not seen:
            raise HarnessBroken(f"the scenario asks for an answer to {person.name}, who sent nothing")
        return {"status": seen[-1]["status"] or 0, "body": str(seen[-1].get("body") or "")}
