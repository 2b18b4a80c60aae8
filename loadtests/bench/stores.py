"""`python -m loadtests.bench stores`: the same questions with 1,000 and with 100,000 rows in the store.

The ratios should stay near 1: what a question costs depends on its answer, not on what else is stored.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping
from types import MappingProxyType

from loadtests.bench import cht_store, rapidpro_store

FEW, MANY = 1_000, 100_000
TURNS = 150
Question = Callable[[int], object]
STORES: Mapping[str, Callable[[int], Mapping[str, Question]]] = MappingProxyType(
    {"rapidpro": rapidpro_store.questions, "cht": cht_store.questions}
)


def measure(few: int = FEW, many: int = MANY) -> dict[str, float]:
    """By store and question: the quickest answer in microseconds with few rows, with many, and their ratio."""
    figures = {}
    for store, questions in STORES.items():
        before, after = questions(few), questions(many)
        gc.freeze()  # what is stored for good is not to be looked through for garbage
        for name in before:
            one, other = _quickest(before[name], after[name])
            figures[f"{store}_{name}_us_{few}"] = round(one * 1e6, 1)
            figures[f"{store}_{name}_us_{many}"] = round(other * 1e6, 1)
            figures[f"{store}_{name}_ratio"] = round(other / one, 2)
    return figures


def _quickest(*questions: Question) -> list[float]:
    """Seconds; the questions take turns, so that what else the machine does falls on all of them."""
    best = [float("inf")] * len(questions)
    for turn in range(TURNS):
        for place, question in enumerate(questions):
            began = time.perf_counter()
            question(turn)
            best[place] = min(best[place], time.perf_counter() - began)
    return best
