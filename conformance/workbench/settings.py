"""The settings of one workbench."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from conformance.subjects.external import ExternalRelay
from fakes.cht.releases.table import NEWEST
from fakes.ledger.keeping import Keeping


@dataclass(frozen=True, slots=True)
class BenchSettings:
    """How a workbench starts. With `virtual`, the reference relay is in this process, and time begins at `now`.

    Else time is real, and `make_relay` makes a relay that is or becomes a process; None: people bring their own.
    """

    profile: str
    seed: int
    poll_seconds: float
    virtual: bool
    now: datetime
    bind: str | None = None
    port: int = 0
    """Of the reference relay in virtual time."""
    control_port: int = 0
    make_relay: Callable[[], ExternalRelay] | None = None
    cht_release: str = NEWEST
    keeping: Keeping = field(default_factory=Keeping)
    """What the ledger keeps."""
