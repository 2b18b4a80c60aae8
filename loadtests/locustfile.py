"""Runs one shape with Locust as a library, in a process of its own (Locust changes sockets for the whole process).

`python -m loadtests.locustfile` reads its orders as one JSON object from stdin and prints the measurements as one JSON
object; `loadtests/running.py` calls it.
"""

from __future__ import annotations

# Locust patches the standard library when imported: before anything else.
import locust  # isort: skip  # noqa: F401

import json
import sys
from typing import Any

import gevent
from locust.env import Environment

from loadtests.actors import USERS, Day, actors
from loadtests.shapes import Shape

PATIENCE = 600.0


def measure(orders: dict[str, Any]) -> dict[str, Any]:
    """Play the day; returns Locust's figures. Orders: shape, control, cht, admin, record, seed."""
    with open(orders["record"], "w", encoding="utf-8") as record:
        day = Day(
            shape=Shape(**orders["shape"]),
            control_url=orders["control"],
            cht_url=orders["cht"],
            cht_admin=(orders["admin"][0], orders["admin"][1]),
            record=record,
            seed=orders["seed"],
        )
        environment = Environment(user_classes=[*actors(day)], catch_exceptions=True)
        runner = environment.create_local_runner()
        runner.start(2 * USERS, spawn_rate=2 * USERS)
        with gevent.Timeout(orders.get("patience", PATIENCE), False):
            while not day.finished():
                gevent.sleep(0.05)
        runner.quit()
    return figures(environment)


def figures(environment: Environment) -> dict[str, Any]:
    """Locust's totals; times in milliseconds."""
    total = environment.stats.total
    return {
        "requests": total.num_requests,
        "failures": total.num_failures,
        "p50_ms": total.get_response_time_percentile(0.5) or 0,
        "p95_ms": total.get_response_time_percentile(0.95) or 0,
        "p99_ms": total.get_response_time_percentile(0.99) or 0,
        "seconds": (total.last_request_timestamp or total.start_time) - total.start_time,
        "errors": [f"{error.method} {error.name}: {error.error}" for error in environment.stats.errors.values()][:10],
        "by_name": {
            entry.name: {"requests": entry.num_requests, "p95_ms": entry.get_response_time_percentile(0.95)}
            for entry in environment.stats.entries.values()
        },
    }


if __name__ == "__main__":
    print(json.dumps(measure(json.load(sys.stdin))))
