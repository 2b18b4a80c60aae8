"""Is a number ever stored without its country code? Thousands of worlds: in sequence, at once, and reset while in use.

Each world is a fake CHT of its own that gets national numbers from a gateway. A number without its country code was
once stored in 16 runs: a text had come in between two steps of a reset (`tests/fakes/cht/test_reset_while_in_use.py`).
"""

from __future__ import annotations

import base64
import json
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import requests

from fakes.cht import Cht
from fakes.cht.couch.documents import Conflict
from fakes.clock import VirtualClock
from fakes.serving.wsgi import build_environ, call

WORLDS = 2000
THREADS = 8
TEXTERS = 2
PAUSE = 0.002
"""Seconds after a reset in which the texters get the lock."""
GATEWAY = base64.b64encode(b"gateway:gateway-pass").decode()
NATIONAL, FULL = ("0788200012", "0788 200 012", "250788200012"), "+250788200012"

Numbers = tuple[int, int]
"""How many numbers were stored, and how many of them without their country code."""


def measure(worlds: int = WORLDS) -> dict[str, dict[str, float]]:
    """The figures of each way to run worlds."""
    ways: dict[str, Callable[[int], Numbers]] = {
        "one after the other": one_after_the_other,
        f"in {THREADS} threads": at_once,
        "reset while in use": reset_in_use,
    }
    figures: dict[str, dict[str, float]] = {}
    for name, way in ways.items():
        stored, bare = way(worlds)
        figures[name] = {"worlds": worlds, "numbers_stored": stored, "without_country_code": bare}
    return figures


def one_after_the_other(worlds: int) -> Numbers:
    """A new world for each three texts, in this thread."""
    return _sum([_world(number) for number in range(worlds)])


def at_once(worlds: int) -> Numbers:
    """The same in threads."""
    with ThreadPoolExecutor(THREADS) as pool:
        return _sum(list(pool.map(_world, range(worlds))))


def reset_in_use(worlds: int) -> Numbers:
    """One world that is reset again and again while texts come in from other threads."""
    service = _cht(0)
    stored: list[str] = []
    service.state.on_change(lambda doc: stored.append(str(doc["from"])) if doc.get("type") == "data_record" else None)
    done = threading.Event()

    def text() -> None:
        count = 0
        while not done.is_set():
            with suppress(Conflict):  # a reset begins the ids anew, also those of a text that is under way
                _text(service, f"{threading.get_ident()} {count}")
            count += 1

    texters = [threading.Thread(target=text) for _ in range(TEXTERS)]
    for texter in texters:
        texter.start()
    for _ in range(worlds):
        service.reset()
        done.wait(PAUSE)
    done.set()
    for texter in texters:
        texter.join()
    return len(stored), sum(number != FULL for number in stored)


def _world(number: int) -> Numbers:
    service = _cht(number)
    _text(service, "world")
    found = [doc["from"] for doc in service.state.all_docs() if doc.get("type") == "data_record"]
    return len(found), sum(one != FULL for one in found)


def _cht(seed: int) -> Cht:
    return Cht(VirtualClock(), session=requests.Session(), rng=random.Random(seed), release="5.2")


def _text(service: Cht, reference: str) -> None:
    messages = [{"id": f"{reference} {number}", "from": number, "content": "Hello"} for number in NATIONAL]
    body = json.dumps({"messages": messages, "updates": []}).encode()
    headers = {"Authorization": f"Basic {GATEWAY}", "Content-Type": "application/json"}
    call(service, build_environ("POST", "/api/sms", "", headers, body))


def _sum(found: list[Numbers]) -> Numbers:
    return sum(stored for stored, _ in found), sum(bare for _, bare in found)
