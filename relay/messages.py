"""The words of this program: texts, what the neighbours say of them, and what can come of a call to a neighbour.

Two rules carry everything else. A state only moves forward; and a call whose answer was lost is Trouble that may have
happened, never Refused: it alone can send a text twice. Times are seconds since 1970 everywhere.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


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
    """How far a text is on its way to the phone, in the words of CHT's gateway protocol and in their order.

    FAILED is before DELIVERED: a delivery report can come after RapidPro gave up, and the phone has the text.
    """

    UNSENT = "UNSENT"
    PENDING = "PENDING"
    SENT = "SENT"
    FAILED = "FAILED"
    DELIVERED = "DELIVERED"

    def follows(self, other: str) -> bool:
        """Whether a text that was `other` can be this now. A late `sent` after `delivered`, for one, is no news."""
        order = list(Status)
        return order.index(self) > order.index(Status(other))


class Report(NamedTuple):
    """A state to be told to CHT; `reason` is shown to people."""

    id: str
    status: str
    reason: str | None = None


class Record(NamedTuple):
    """What RapidPro shows of a broadcast, or of one message to one phone.

    ref         its uuid; for messages of versions that have none, their id
    broadcast   the id of the broadcast, or of that which the message is part of, where the version shows it
    urns        whom it is for; None in an anonymous workspace
    texts       its words; a broadcast can have them in several languages
    """

    ref: str | None
    broadcast: str | None
    urns: tuple[str, ...] | None
    texts: tuple[str, ...]
    created_on: float | None
    status: str = ""
    has_channel: bool = True

    @property
    def names(self) -> set[str]:
        return {name for name in (self.ref, self.broadcast) if name}


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
