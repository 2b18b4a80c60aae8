"""The words of this program: texts, their states, and what can come of a call to a neighbour.

Two rules carry everything else. A state changes only along a row of LEGAL; and a call whose answer was lost is Trouble
that may have happened, never Refused: it alone can send a text twice. Times are seconds since 1970 everywhere.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

Names = tuple[str | None, str | None]


class Message(NamedTuple):
    """One SMS. `id` is CHT's for texts on their way out, RapidPro's for texts on their way in."""

    id: str
    phone: str
    text: str


class Stage(StrEnum):
    """How far the sending of a text has come."""

    READY = "ready"
    """Not sent, or certainly not: may be sent."""
    SENDING = "sending"
    """The intent is on disk, the outcome is not: to be looked up in RapidPro before anything else."""
    ACCEPTED = "accepted"
    """RapidPro has it: never sent again."""
    REFUSED = "refused"
    """RapidPro will never take it."""


class Status(StrEnum):
    """How far a text is on its way to the phone, in the words of CHT's gateway protocol."""

    UNSENT = "UNSENT"
    PENDING = "PENDING"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    FAILED = "FAILED"


LEGAL: dict[str, frozenset[str]] = {
    Status.UNSENT: frozenset({Status.PENDING, Status.SENT, Status.DELIVERED, Status.FAILED}),
    Status.PENDING: frozenset({Status.SENT, Status.DELIVERED, Status.FAILED}),
    Status.SENT: frozenset({Status.DELIVERED, Status.FAILED}),
    # A delivery report can come after RapidPro gave up: the phone has the text, and that is the truth.
    Status.FAILED: frozenset({Status.DELIVERED}),
    Status.DELIVERED: frozenset(),
}
"""What may follow what. Anything else, a late `sent` after `delivered` for instance, changes nothing."""

RAPIDPRO_STATUS: dict[str, Status | None] = {
    "initializing": Status.UNSENT,
    "queued": Status.UNSENT,
    "wired": Status.PENDING,
    "sent": Status.SENT,
    "resent": Status.SENT,
    "delivered": Status.DELIVERED,
    "read": Status.DELIVERED,
    "errored": None,  # will be tried again by RapidPro: no news for CHT
    "failed": Status.FAILED,
}
"""RapidPro's words for outgoing messages (rapidpro temba/msgs/models.py); None: the state stays as it is."""


class Report(NamedTuple):
    """A state to be told to CHT; `reason` is shown to people."""

    id: str
    status: str
    reason: str | None = None


class Broadcast(NamedTuple):
    """RapidPro's record of a send. Old versions have only `id`, coming ones only `uuid`; `urns` None: anonymous."""

    id: str | None
    uuid: str | None
    urns: tuple[str, ...] | None
    texts: tuple[str, ...]
    created_on: float | None

    @property
    def names(self) -> Names:
        return self.id, self.uuid


class Sms(NamedTuple):
    """RapidPro's record of one message to one phone; `broadcast` is the id of its broadcast where that is shown."""

    ref: str
    broadcast: str | None
    urns: tuple[str, ...] | None
    texts: tuple[str, ...]
    created_on: float | None
    status: str
    has_channel: bool

    @property
    def names(self) -> Names:
        return self.ref, self.broadcast


class Refused(Exception):
    """It did not happen, and repeating would not help; the text is for a health worker to read."""


class Trouble(Exception):
    """A neighbour did not do what was asked. `cause` holds no secret.

    happened    False: certainly not done; None: unknown.
    wait        seconds to stay away as told by the neighbour, exactly; None: not told.
    slow        only a person can mend it (a token, a password): ask rarely.
    """

    def __init__(
        self, cause: str, *, happened: bool | None = None, wait: float | None = None, slow: bool = False
    ) -> None:
        super().__init__(cause)
        self.cause, self.happened, self.wait, self.slow = cause, happened, wait, slow


def clean(text: str) -> str:
    """`text` without what no database or SMS can hold: NUL and halves of surrogate pairs become U+FFFD."""
    return text.replace("\0", "\ufffd").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
