"""Actors: people who text in, and CHT with texts that become due. One Locust user class each.

What they do is read from the environment's `harness` options (`loadtests/locustfile.py`); what they did is written to
a file, one JSON object a line, for the judge.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TextIO

import gevent
from faker import Faker
from locust import HttpUser, constant_throughput, task
from locust.exception import StopUser

from loadtests.shapes import Shape

USERS = 20
"""Of each kind: enough to spare, so that a slow answer does not slow the arrivals (an open model)."""


@dataclass
class Day:
    """What is left to do of a shape, shared by all actors; and what was done."""

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
        self.names = Faker()
        self.names.seed_instance(self.seed)

    def note(self, **fields: Any) -> None:
        """Write down what was done."""
        self.done += 1
        self.record.write(json.dumps(fields) + "\n")

    def finished(self) -> bool:
        """Whether every text of the shape was made."""
        return self.done >= self.shape.texts_in + self.shape.texts_out


def number_in(position: int) -> str:
    """The phone of the person who sends text `position`: 500 people, each several times."""
    return f"+25078830{position % 500:04d}"


def number_out(position: int) -> str:
    """The phone that text `position` of CHT is for."""
    return f"+25078840{position % 500:04d}"


class Person(HttpUser):
    """People with phones: one texts in, RapidPro hands the text over within the same request."""

    abstract = True
    day: Day

    def on_start(self) -> None:
        """People answer what they got: they begin a little later."""
        gevent.sleep(self.day.shape.replies_after)

    @task
    def texts_in(self) -> None:
        position = next(self.day.texts_in, None)
        if position is None:
            raise StopUser
        number, text = number_in(position), f"Report {position}: {self.day.names.first_name()} has a fever"
        at = datetime.now(UTC).isoformat()
        with self.client.post(
            f"{self.day.control_url}/rapidpro/phones/{number}/texts",
            json={"text": text},
            name="a person texts in",
            catch_response=True,
        ) as response:
            seen = response.json() if response.ok else {}
            status = (seen.get("webhook") or {}).get("status", 0)
            if status != 200:
                response.failure(f"the relay answered {status}")
        self.day.note(kind="in", id=seen.get("run"), number=number, text=text, status=status, at=at)


class Cht(HttpUser):
    """CHT: a reminder becomes due, as a document with one pending task."""

    abstract = True
    day: Day

    @task
    def reminds(self) -> None:
        position = next(self.day.texts_out, None)
        if position is None:
            raise StopUser
        number = number_out(position)
        text = f"Reminder {position}: {self.day.names.first_name()} is expected at the clinic tomorrow"
        with self.client.put(
            f"{self.day.cht_url}/medic/reminder-{self.day.seed}-{position}",
            json=reminder(f"reminder-{self.day.seed}-{position}", number, text),
            auth=self.day.cht_admin,
            headers={"Accept": "application/json"},
            name="CHT: a reminder becomes due",
            catch_response=True,
        ) as response:
            if response.status_code != 201:
                response.failure(f"CHT answered {response.status_code}")
        self.day.note(kind="out", number=number, text=text)


def reminder(id_: str, number: str, text: str) -> dict[str, Any]:
    """A document with one pending text."""
    from conformance.services.cht_client import message_document

    return message_document(id_, [(number, text)], datetime.now(UTC))


def actors(day: Day) -> list[type[HttpUser]]:
    """The user classes of this day, each at its share of the shape's rate."""
    rates = ((Person, day.shape.in_per_second), (Cht, day.shape.out_per_second))
    return [
        type(base.__name__, (base,), {"day": day, "wait_time": constant_throughput(rate / USERS), "host": day.cht_url})
        for base, rate in rates
    ]
