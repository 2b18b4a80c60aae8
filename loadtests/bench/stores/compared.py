"""The same operations with 1,000 and with 100,000 rows in the store.

The ratios should stay near 1: the cost of an operation depends on its result, not on what else is stored.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from loadtests.bench.stores import cht, rapidpro

FEW, MANY = 1_000, 100_000
ROUNDS = 150
Operation = Callable[[int], object]
STORES: Mapping[str, Callable[[int], Mapping[str, Operation]]] = MappingProxyType(
    {"rapidpro": rapidpro.operations, "cht": cht.operations}
)


def measure(few: int = FEW, many: int = MANY, rounds: int = ROUNDS) -> dict[str, dict[str, float]]:
    """By store and operation: the shortest time in microseconds with few rows, with many, and their ratio."""
    figures = {}
    for store, operations in STORES.items():
        before, after = operations(few), operations(many)
        gc.freeze()  # the garbage collector must not search what is stored permanently
        for name in before:
            small, large = _shortest_times(rounds, before[name], after[name])
            figures[f"{store} {name.replace('_', ' ')}"] = {
                f"us_with_{few}": round(small * 1e6, 1),
                f"us_with_{many}": round(large * 1e6, 1),
                "ratio": round(large / small, 2),
            }
    return figures


def _shortest_times(rounds: int, *operations: Operation) -> list[float]:
    """In seconds. The operations alternate, so that other load on the machine affects all of them."""
    best = [float("inf")] * len(operations)
    for round_ in range(rounds):
        for position, operation in enumerate(operations):
            began = time.perf_counter()
            operation(round_)
            best[position] = min(best[position], time.perf_counter() - began)
    return best
