"""Which parts of the fakes have changed: found by comparing versions now and then, so that no request pays for it."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

from fakes.assembly import Fakes


def versions(fakes: Fakes, clock: Mapping[str, Any]) -> dict[str, object]:
    """For each part something that is unequal when the part has changed. `clock`: whether it runs, and how fast."""
    found: dict[str, object] = {}
    for service in fakes.services.values():
        found.update(service.versions())
    found["faults"] = tuple((planned.id, planned.used) for planned in fakes.plan)
    found["clock"] = (clock["running"], clock["speed"])
    found["reset"] = fakes.resets
    return found


class Changes:
    """Counts the changes of each part since it was first looked at. `counts` are replaced, never changed in place."""

    def __init__(self) -> None:
        self.counts: Mapping[str, int] = {}
        self._before: Mapping[str, object] = {}
        self._lock = threading.Lock()

    def look(self, now: Mapping[str, object]) -> bool:
        """Compare with the last look. Returns whether anything has changed."""
        with self._lock:
            before, self._before = self._before, dict(now)
            changed = [name for name, version in now.items() if name in before and before[name] != version]
            self.counts = {**self.counts, **{name: self.counts.get(name, 0) + 1 for name in changed}}
        return bool(changed)
