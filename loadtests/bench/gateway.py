"""`python -m loadtests.bench gateway`: 100 incoming messages, and 100 updates, in one request to `/api/sms`.

CHT's own performance test of this endpoint allows 5 seconds and wishes for half a second.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from loadtests.bench.cht_store import document, exchange, new_cht

MANY = 100
TURNS = 10


def measure() -> dict[str, float]:
    """Milliseconds of the quickest and of the slowest of several requests of each kind."""
    return {**_figures("messages", _messages), **_figures("updates", _updates)}


def _figures(name: str, request: Callable[[int], float]) -> dict[str, float]:
    taken = sorted(request(turn) for turn in range(TURNS))
    return {f"{MANY}_{name}_ms_quickest": round(taken[0], 2), f"{MANY}_{name}_ms_slowest": round(taken[-1], 2)}


def _messages(turn: int) -> float:
    messages = [
        {"id": f"{turn}-{number}", "from": f"+2507881{number:05}", "content": f"I am number {number}"}
        for number in range(MANY)
    ]
    cht = new_cht()
    began = time.perf_counter()
    exchange(cht, {"messages": messages})
    taken = (time.perf_counter() - began) * 1000
    stored = sum("sms_message" in doc for doc in cht.state.all_docs())
    if stored != MANY:
        raise AssertionError(f"{stored} of {MANY} messages were stored: that is no measure")
    return taken


def _updates(_turn: int) -> float:
    cht = new_cht()
    with cht.state.lock:
        for number in range(MANY):
            cht.state.save(document(number, "forwarded-to-gateway"))
    updates = [{"id": f"m-{number}", "status": "DELIVERED"} for number in range(MANY)]
    began = time.perf_counter()
    exchange(cht, {"updates": updates})
    taken = (time.perf_counter() - began) * 1000
    changed = sum(doc["tasks"][0]["state"] == "delivered" for doc in cht.state.all_docs() if "tasks" in doc)
    if changed != MANY:
        raise AssertionError(f"{changed} of {MANY} states were changed: that is no measure")
    return taken
