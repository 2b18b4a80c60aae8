"""How far a run is, by counts that cost next to nothing: to look at all that has happened takes seconds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import requests

from conformance.services.base import Services
from conformance.services.cht_client import DATABASE
from conformance.services.in_process import InProcessFakes
from conformance.verdicts import HarnessBroken

Counts = Mapping[str, float]
Read = Callable[[], Counts]
FINAL = ("delivered", "failed")
RECEIVED, DOCUMENTS, QUEUE = "rapidpro_phone_texts_received", "cht_documents", "rapidpro_channel_queue"


def over_http(services: Services) -> Read:
    """Reads the metrics of services in another process, without those of the clock and the ledger, which go on.

    A live CHT has no metrics: it is asked how many documents there are.
    """

    def read() -> Counts:
        text = _answer(services.session, f"{services.control.url}/metrics").text
        lines = (line.split() for line in text.splitlines() if line.startswith(("rapidpro_", "cht_")))
        found = {name: float(value) for name, value in lines}
        if services.others_write:
            every = f"{services.cht_url}/{DATABASE}/_all_docs"
            answer = _answer(services.session, every, auth=services.cht_admin, params={"limit": 0})
            found[DOCUMENTS] = float(answer.json()["total_rows"])
        return found

    return read


def _answer(session: requests.Session, url: str, **options: Any) -> requests.Response:
    try:
        answer = session.get(url, timeout=30, **options)
    except requests.RequestException as failure:
        raise HarnessBroken(f"{url} does not answer: {failure}") from None
    if not answer.ok:
        raise HarnessBroken(f"{url} answers {answer.status_code}: {answer.text[:300]}")
    return answer


def in_process(fakes: InProcessFakes) -> Read:
    """Reads the metrics of fakes in this process."""

    def read() -> Counts:
        return {
            f"{service}_{name}": value
            for service in ("rapidpro", "cht")
            for name, value in fakes.figures(service).items()
        }

    return read


class Progress:
    """What a run has brought about since it began: texts on phones, reports in CHT, final states."""

    def __init__(self, read: Read, *, states: bool = True) -> None:
        self.states = states
        """Whether the counts tell how many states are final: not those of a live CHT."""
        self._read = read
        self._first = read()
        self.now = self._first
        self.due = 0
        """How many documents with texts to send were stored since."""

    def look(self) -> Counts:
        """Read the counts again, and keep them."""
        self.now = self._read()
        return self.now

    def since(self, name: str) -> float:
        """How much a count has grown."""
        return self.now.get(name, 0.0) - self._first.get(name, 0.0)

    @property
    def on_phones(self) -> int:
        """Texts that phones have received."""
        return round(self.since(RECEIVED))

    @property
    def reports(self) -> int:
        """Texts of people that CHT has; documents with texts to send are not counted."""
        return max(0, round(self.since(DOCUMENTS)) - self.due)

    @property
    def final(self) -> int:
        """Texts whose state in CHT is final."""
        return round(sum(self.since(f"cht_messages_{state}") for state in FINAL))
