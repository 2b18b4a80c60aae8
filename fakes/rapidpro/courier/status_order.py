"""Which status may follow which, in versions in which a message's status only moves forward.

Source: courier pull request 1189 (September 2026): failed and read are final, delivered is followed by read or failed
only, sent does not become wired again, and an error counts only before delivery.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

ALL = frozenset({"queued", "wired", "sent", "delivered", "read", "errored", "failed"})
AFTER: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "sent": ALL - {"wired"},
        "delivered": frozenset({"read", "failed"}),
        "read": frozenset(),
        "failed": frozenset(),
    }
)
"""The statuses that may follow a status; any may follow one that is not listed."""


def moves_forward(current: str, reported: str) -> bool:
    """Whether a message in status `current` takes the reported status."""
    return reported in AFTER.get(current, ALL)
