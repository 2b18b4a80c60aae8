"""Which scenario is played next: all in their order, or those that are named from outside, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

Order = Callable[[int], Iterator[int]]
"""Gets the number of scenarios; names positions among them until nothing more is to be played."""


def in_order(count: int) -> Iterator[int]:
    """All of them."""
    return iter(range(count))


class ScenarioLoop:
    """A pytest plugin: the loop over the scenarios."""

    def __init__(self, order: Order = in_order) -> None:
        self._order = order

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Play them. Nothing is played if a feature could not be read: the run is broken then."""
        if not session.testsfailed:
            for position in self._order(len(session.items)):
                item = session.items[position]
                # Scenarios share nothing, so that the next one need not be known.
                item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return True
