"""Runs one shape with Locust as a library, in a process of its own (Locust changes sockets for the whole process).

`python -m loadtests.locust_process` reads its settings as one JSON object from standard input and prints the
measurements as one JSON object. `loadtests/run.py` calls it.
"""

from __future__ import annotations

# Locust patches the standard library when imported: import it before anything else.
import locust  # isort: skip  # noqa: F401

import json
import sys
from typing import Any

import gevent
from locust.env import Environment

from loadtests.actors import USERS, Workload, user_classes
from loadtests.shapes import Shape

MAX_SECONDS = 600.0


def measure(settings: dict[str, Any]) -> dict[str, Any]:
    """Run the shape and return Locust's figures. Settings: shape, control, cht, admin, record, seed."""
    with open(settings["record"], "w", encoding="utf-8") as record:
        workload = Workload(
            shape=Shape(**settings["shape"]),
            control_url=settings["control"],
            cht_url=settings["cht"],
            cht_admin=(settings["admin"][0], settings["admin"][1]),
            record=record,
            seed=settings["seed"],
        )
        environment = Environment(user_classes=[*user_classes(workload)], catch_exceptions=True)
        runner = environment.create_local_runner()
        runner.start(2 * USERS, spawn_rate=2 * USERS)
        with gevent.Timeout(settings.get("max_seconds", MAX_SECONDS), False):
            while not workload.finished():
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
