"""What the ledger keeps of the exchanges, and where: a bound for each place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MIB = 1024 * 1024
MEMORY_BYTES = 64 * MIB
"""Bytes of bodies in memory; more go where older exchanges go, however few exchanges they are."""
SHARED_FROM = 1024
"""Bytes. Equal bodies from this length on are kept once; shorter ones are not worth the search."""
BATCH = 200
"""Exchanges that leave the memory together: more would hold up the requests that come while they are packed."""
BATCH_BYTES = 8 * MIB
"""Bytes of bodies from which on a batch is complete."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """The bounds. The defaults suit CI: nothing that a judge needs is lost in a run of hours, no body is cut.

    `memory`: so many of the newest exchanges stay in memory, and at most a batch more. `older`: whether older ones go
    to a file or are dropped. `spool_mib`: the most MiB of that file; then its oldest exchanges are dropped. `body`:
    bytes; a longer body is kept by its first bytes, its length and its hash.
    """

    memory: int = 20_000
    older: Literal["spool", "drop"] = "spool"
    spool_mib: int = 2048
    body: int = 64 * MIB
    batch: int = BATCH
    memory_bytes: int = MEMORY_BYTES


JUDGED = Keeping(spool_mib=65_536)
"""Of fakes that a run starts for itself: a judge needs every exchange, and the file goes with the run. What ends it is
the room in TMPDIR."""
