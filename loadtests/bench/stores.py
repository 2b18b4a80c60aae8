"""`python -m loadtests.bench stores`: the same questions with 1,000 and with 100,000 rows in the store.

The ratios should stay near 1: what a question costs depends on its answer, not on what else is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from loadtests.bench import rapidpro_store

FEW, MANY = 1_000, 100_000
STORES: Mapping[str, Callable[[int], dict[str, float]]] = MappingProxyType({"rapidpro": rapidpro_store.seconds})


def measure(few: int = FEW, many: int = MANY) -> dict[str, float]:
    """By store and question: microseconds with few rows, with many, and how many times as long that is."""
    figures = {}
    for store, seconds in STORES.items():
        before, after = seconds(few), seconds(many)
        for question, took in before.items():
            name = f"{store}_{question}"
            figures[f"{name}_us_{few}"] = round(took * 1e6, 1)
            figures[f"{name}_us_{many}"] = round(after[question] * 1e6, 1)
            figures[f"{name}_ratio"] = round(after[question] / took, 2)
    return figures
