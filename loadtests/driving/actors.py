"""Actors: people who text in, and CHT with texts that become due.

An open model: every text has its own moment, whatever became of the texts before it. A free sender takes the next one,
waits for its moment and sends it; times are counted from that moment, also if no sender was free.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ClassVar

import gevent
from gevent.event import Event
from locust import FastHttpUser, task
from locust.exception import StopUser

from conformance.services.cht_client import DATABASE, message_document
from loadtests.driving.work import DUE, PHONE, WEBHOOK, Sent, Work
from loadtests.shapes.arrivals import Arrival, phone_of
from loadtests.shapes.model import Shape
from loadtests.texts import as_posted, text

IDLE_SECONDS = 5.0
"""A connection that was idle for longer is not used again: the other side may close it at that moment."""
TIMEOUT = 15.0
"""Seconds after which RapidPro gives up a webhook (goflow, `DefaultHTTPTimeout` as mailroom sets it)."""


class Assignment:
    """The texts of this process that are still to be sent, and whom to tell about those that were."""

    def __init__(self, work: Work, sent: Callable[[Sent], None]) -> None:
        self.work = work
        self.shape = Shape.from_json(work.shape)
        self._texts = iter(own := work.own())
        self._sent = sent
        self._begun = Event()
        self._start = 0.0
        self.began: datetime | None = None
        self.left = len(own)

    def begin(self, at: datetime) -> None:
        """Time begins now; `at` is this moment in the fakes' time."""
        self._start, self.began = time.perf_counter(), at
        self._begun.set()

    def stop(self) -> None:
        """Send nothing more; what is under way is finished."""
        self.left -= sum(1 for _ in self._texts)

    def next(self) -> Arrival | None:
        """The next text, at its moment. None if there is no more."""
        self._begun.wait()
        one = next(self._texts, None)
        if one is not None:
            gevent.sleep(max(0.0, self._start + one.at - time.perf_counter()))
        return one

    def passed(self) -> float:
        """Seconds since the beginning."""
        return time.perf_counter() - self._start

    def done(self, sent: Sent) -> None:
        """A text was sent."""
        self.left -= 1
        self._sent(sent)


class Sender(FastHttpUser):
    """Sends one text after the other. `assignment` is shared by all senders of a process."""

    abstract = True
    assignment: ClassVar[Assignment]
    connection_timeout = network_timeout = TIMEOUT
    _used = 0.0

    @task
    def send(self) -> None:
        """Wait for the next text, and send it."""
        one = self.assignment.next()
        if one is None:
            raise StopUser
        if time.perf_counter() - self._used > IDLE_SECONDS:
            self.client.client.close()
        lag = self.assignment.passed() - one.at
        send = self._due if one.who == "cht" else self._phone if one.by == "phone" else self._webhook
        try:
            sent = send(one)
        except Exception as failure:  # every text is told: else the run waits for it, and nobody knows why
            sent = self._broken(one, f"{type(failure).__name__}: {failure}")
        self._used = time.perf_counter()
        self.assignment.done(Sent(lag_ms=max(0.0, lag * 1000), **sent))

    def _webhook(self, one: Arrival) -> dict[str, Any]:
        work, number, words = self.assignment.work, self._number(one), as_posted(self._words(one))
        id_ = work.id_of(one.who, one.position)
        body = {"id": id_, "from": number, "content": words}
        headers = {"Authorization": f"Token {work.token}"}
        with self.client.post(work.webhook, json=body, headers=headers, name=WEBHOOK, catch_response=True) as response:
            if response.status_code != 200:
                response.failure(trouble(response, "the relay"))
            return self._told(one, response, words, id=id_, status=response.status_code)

    def _phone(self, one: Arrival) -> dict[str, Any]:
        number, words = self._number(one), self._words(one)
        url = f"{self.assignment.work.control}/rapidpro/phones/{number}/texts"
        with self.client.post(url, json={"text": words}, name=PHONE, catch_response=True) as response:
            answer = json.loads(response.text) if response.status_code == 200 else {}
            status = int((answer.get("webhook") or {}).get("status") or 0)
            if response.status_code not in (0, 200):  # 0: the fake waits for the relay, and so did this for too long
                response.failure(trouble(response, "the fake RapidPro"))
                return self._broken(one, trouble(response, "the fake RapidPro"))
            if status != 200:
                response.failure(trouble(response, "RapidPro") if status == 0 else f"the relay answered {status}")
            stored = str(answer.get("text") or words)  # what RapidPro itself changes is not the relay's
            return self._told(one, response, stored, id=str(answer.get("run") or ""), status=status)

    def _due(self, one: Arrival) -> dict[str, Any]:
        work, words = self.assignment.work, self._words(one)
        assert self.assignment.began is not None
        moment = self.assignment.began + timedelta(seconds=self.assignment.passed())
        document = message_document(work.id_of(one.who, one.position), [(self._number(one), words)], moment)
        url = f"{work.cht}/{DATABASE}/{document['_id']}"
        with self.client.put(url, json=document, auth=work.cht_admin, name=DUE, catch_response=True) as response:
            if response.status_code != 201:
                response.failure(f"{trouble(response, 'CHT')}: {(response.text or '')[:200]}")
            return self._told(one, response, words, status=response.status_code)

    def _told(self, one: Arrival, response: Any, words: str, **more: Any) -> dict[str, Any]:
        """What came of the request, which Locust counts from its intended moment, too."""
        meta = response.request_meta
        meta["response_time"] = ms = (self.assignment.passed() - one.at) * 1000
        return {**self._plain(one, words), "ms": ms, "ok": 200 <= more["status"] < 300, "name": meta["name"], **more}

    def _broken(self, one: Arrival, why: str) -> dict[str, Any]:
        """The load generator or a fake failed: it is not known what came of the text."""
        ms = (self.assignment.passed() - one.at) * 1000
        return {**self._plain(one, self._words(one)), "ms": ms, "ok": False, "name": "", "broken": why[:300]}

    def _plain(self, one: Arrival, words: str) -> dict[str, Any]:
        return {"who": one.who, "position": one.position, "at": one.at, "number": self._number(one), "text": words}

    def _number(self, one: Arrival) -> str:
        return phone_of(self.assignment.shape, one.position)

    def _words(self, one: Arrival) -> str:
        return text(self.assignment.work.seed, "in" if one.who == "people" else "out", one.position)


def trouble(response: Any, who: str) -> str:
    """What went wrong with a request, in a sentence: a status, or why there was none."""
    if response.status_code:
        return f"{who} answered {response.status_code}"
    return f"{who} did not answer: {getattr(response, 'error', None) or 'the connection ended'}"
