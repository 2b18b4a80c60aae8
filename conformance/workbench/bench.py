"""One workbench: a world whose people are whoever texts, in virtual or in real time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from conformance.history.model import History, IncomingText
from conformance.history.reading import recipients, reports_in
from conformance.verdicts import HarnessBroken
from conformance.world.observations import outcome_of
from conformance.world.people import Person
from conformance.world.world import World
from fakes.assembly import Fakes
from fakes.control.clock.driver import TimeDriver
from fakes.rapidpro import RapidPro

PHONES = "/rapidpro/phones"


class Bench:
    """A world for people. `lock` is held whenever something happens in it, so that what happened has an order.

    `open_world` makes the world, and makes it again after a reset. `driver` moves virtual time, and with it a relay in
    this process; None: time is real, and the relay works by itself.
    """

    def __init__(self, open_world: Callable[[], World], fakes: Fakes, driver: TimeDriver | None) -> None:
        self._open_world = open_world
        self.world = open_world()
        self.fakes = fakes
        self.driver = driver
        self.lock: AbstractContextManager[Any] = threading.RLock() if driver is None else driver.lock

    def history(self) -> History:
        """Everything that has happened. Whoever has used a phone, or is in CHT, is a person: nobody is a stranger."""
        answer = self.world.control.get(PHONES, texts="yes")
        names: Mapping[str, str] = answer.get("names") or {}
        documents = self.world.cht.documents()
        in_cht = {number for number, _ in recipients(documents)} | {one.number for one in reports_in(documents)}
        for number in sorted({*answer["phones"], *in_cht}):
            self.world.people.meet(Person(names.get(number) or number, number))
        return self.world.history()

    def note_text(self, path: str, body: Any, answer: Any) -> None:
        """Keep, for judging, the text that a request to the control API brought to RapidPro, if it was one."""
        number = path.removeprefix(f"{PHONES}/").removesuffix("/texts")
        if path != f"{PHONES}/{number}/texts" or not answer.get("webhook") or answer.get("run") is None:
            return
        try:
            outcome = outcome_of(answer)
        except HarnessBroken:  # a flow took it without calling anybody
            return
        rapidpro = self.fakes.services["rapidpro"]
        assert isinstance(rapidpro, RapidPro)
        known = rapidpro.mailroom.incoming.number(number)
        earlier = [one for one in self.world.incoming_texts if one.number == known]
        if earlier and isinstance(body, dict) and body.get("again") is True:
            last = earlier[-1]
            text = IncomingText(last.id, known, last.text, outcome, last.at)
        else:
            text = IncomingText(str(answer["run"]), known, str(answer["text"]), outcome, self.world.now())
        self.world.incoming_texts.append(text)

    def start_over(self) -> None:
        """After a reset of the fakes: a relay in this process starts over, too, and so does judging."""
        if self.driver is not None:
            self.world.subject.stop()
            self.world.subject.start(self.world.services.neighbours)
        self.world = self._open_world()
