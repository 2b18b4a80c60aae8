"""The work of a run as plain data, as the run gives it to Locust's processes, and what they report about each text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

from loadtests.shapes.arrivals import Arrival, arrivals, share
from loadtests.shapes.model import Shape

SENDERS = 200
"""At most so many texts of a process are under way at a time: a relay that answers in a second gets 200 a second."""
WEBHOOK, PHONE, DUE = "a text to the relay's webhook", "a person texts in by RapidPro", "CHT: a text becomes due"
"""The names of requests. The relay answers the first two, the second within RapidPro's own answer."""


@dataclass(frozen=True, slots=True)
class Work:
    """What a Locust process has to know: where everything is, and which part of the texts is its own.

    `control` is the fakes' control API, `webhook` the relay's address for incoming texts with its `token`. Of
    `workers` processes this one has the number `worker`. `run` is a UUID of this run: ids of texts are made from it, so
    that a relay that outlives its neighbours never gets an id twice.
    """

    shape: Mapping[str, Any]
    seed: int
    control: str
    cht: str
    cht_admin: tuple[str, str]
    webhook: str
    token: str
    run: str
    worker: int = 0
    workers: int = 1

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> Work:
        """The work that `as_json` has written."""
        return cls(**{**given, "cht_admin": tuple(given["cht_admin"])})

    def as_json(self) -> dict[str, Any]:
        """As JSON, and as Locust sends it between machines."""
        return asdict(self)

    def of(self, worker: int, workers: int) -> Work:
        """The part of one worker."""
        return replace(self, worker=worker, workers=workers)

    def id_of(self, who: str, position: int) -> str:
        """The id of the text with this position."""
        return str(uuid5(UUID(self.run), f"{who} {position}"))

    def own(self) -> Sequence[Arrival]:
        """The texts of this worker, in order of time; `at` is in real seconds after the start."""
        shape = Shape.from_json(self.shape)
        found = share(arrivals(shape, self.seed), self.worker, self.workers)
        return [replace(one, at=one.at / shape.compressed) for one in found]


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of one text: whether the request succeeded, `at` and `ms` counted from its intended moment.

    `id` is the id under which the relay got it, `text` the words as RapidPro stored them, `status` the relay's answer
    (0: none). `lag_ms` is how late the load generator itself was. `broken` is why nothing is known about the text:
    the load generator or a fake failed.
    """

    who: str
    position: int
    at: float
    ms: float
    lag_ms: float
    ok: bool
    name: str
    number: str
    text: str
    id: str = ""
    status: int = 0
    broken: str = ""

    def moment(self, began: datetime) -> datetime:
        """When it was to be sent."""
        return began + timedelta(seconds=self.at)
