"""Actors: people who send texts, and CHT with texts that become due. One Locust user class each.

`loadtests/locust_process.py` runs them. They write what they did to a file, one JSON object per line, for the checks.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TextIO

import gevent
from locust import HttpUser, constant_throughput, task
from locust.exception import StopUser

from loadtests.shapes import Shape
from loadtests.texts import text

USERS = 20
"""Users of each class: more than enough, so that a slow answer does not slow the arrivals (an open model)."""


@dataclass
class Workload:
    """The remaining texts of a shape, shared by all actors, and the record of those made."""

    shape: Shape
    control_url: str
    cht_url: str
    cht_admin: tuple[str, str]
    record: TextIO
    seed: int
    texts_in: Iterator[int] = field(init=False)
    texts_out: Iterator[int] = field(init=False)
    done: int = 0

    def __post_init__(self) -> None:
        self.texts_in = iter(range(self.shape.texts_in))
        self.texts_out = iter(range(self.shape.texts_out))

    def write(self, **fields: Any) -> None:
        """Record one text."""
        self.done += 1
        self.record.write(json.dumps(fields) + "\n")

    def finished(self) -> bool:
        """Whether all texts of the shape were made."""
        return self.done >= self.shape.texts_in + self.shape.texts_out


def sender_number(position: int) -> str:
    """The phone number that sends incoming text `position`: 500 people, each several times."""
    return f"+25078830{position % 500:04d}"


def recipient_number(position: int) -> str:
    """The phone number that receives outgoing text `position`."""
    return f"+25078840{position % 500:04d}"


class Person(HttpUser):
    """People with phones: one sends a text, and RapidPro delivers it to the relay within the same request."""

    abstract = True
    workload: Workload

    def on_start(self) -> None:
        """People answer texts from CHT, so they begin a little later."""
        gevent.sleep(self.workload.shape.replies_after)

    @task
    def send_text(self) -> None:
        position = next(self.workload.texts_in, None)
        if position is None:
            raise StopUser
        number, sent = sender_number(position), text(self.workload.seed, "in", position)
        at = datetime.now(UTC).isoformat()
        with self.client.post(
            f"{self.workload.control_url}/rapidpro/phones/{number}/texts",
            json={"text": sent},
            name="a person texts in",
            catch_response=True,
        ) as response:
            answer = response.json() if response.ok else {}
            status = (answer.get("webhook") or {}).get("status", 0)
            if status != 200:
                response.failure(f"the relay answered {status}")
        stored = answer.get("text") or sent  # what RapidPro itself changes is not the relay's
        self.workload.write(kind="in", id=answer.get("run"), number=number, text=stored, status=status, at=at)


class Cht(HttpUser):
    """CHT: a reminder becomes due, as a document with one pending task."""

    abstract = True
    workload: Workload

    @task
    def create_reminder(self) -> None:
        position = next(self.workload.texts_out, None)
        if position is None:
            raise StopUser
        number = recipient_number(position)
        due = text(self.workload.seed, "out", position)
        with self.client.put(
            f"{self.workload.cht_url}/medic/reminder-{self.workload.seed}-{position}",
            json=reminder(f"reminder-{self.workload.seed}-{position}", number, due),
            auth=self.workload.cht_admin,
            headers={"Accept": "application/json"},
            name="CHT: a reminder becomes due",
            catch_response=True,
        ) as response:
            if response.status_code != 201:
                response.failure(f"CHT answered {response.status_code}")
        self.workload.write(kind="out", number=number, text=due)


def reminder(id_: str, number: str, content: str) -> dict[str, Any]:
    """A document with one pending text."""
    from conformance.services.cht_client import message_document

    return message_document(id_, [(number, content)], datetime.now(UTC))


def user_classes(workload: Workload) -> list[type[HttpUser]]:
    """The Locust user classes, each with its rate from the shape."""
    rates = ((Person, workload.shape.in_per_second), (Cht, workload.shape.out_per_second))
    return [
        type(
            base.__name__,
            (base,),
            {"workload": workload, "wait_time": constant_throughput(rate / USERS), "host": workload.cht_url},
        )
        for base, rate in rates
    ]
