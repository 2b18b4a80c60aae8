"""The data types: texts, what CHT and RapidPro say about them, and how a call to either can fail.

Two rules matter most. A status only moves forward. A call whose response was lost raises CallError with an unknown
outcome, and is not simply repeated: that could send a text twice. Times are seconds since 1970 everywhere.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from enum import StrEnum
from typing import NamedTuple


class Message(NamedTuple):
    """One text as it arrives from either side. `id` is CHT's for outgoing texts, RapidPro's for incoming texts.

    attempts  requests to CHT that failed and that had this incoming text in them
    """

    id: str
    phone: str
    content: str
    attempts: int = 0


class SendState(StrEnum):
    """How far the relay has got with sending a text."""

    READY = "ready"
    """Certainly not sent: may be sent."""
    SENDING = "sending"
    """A send was started and its outcome is not stored: look it up in RapidPro before anything else."""
    ACCEPTED = "accepted"
    """RapidPro has it: never send it again."""
    REFUSED = "refused"
    """RapidPro will never accept it."""


class GatewayStatus(StrEnum):
    """How far a text has got on its way to the phone: the statuses of CHT's gateway protocol, in order."""

    UNSENT = "UNSENT"
    PENDING = "PENDING"
    SENT = "SENT"
    FAILED = "FAILED"
    DELIVERED = "DELIVERED"

    def follows(self, other: str) -> bool:
        """Whether a text can move from `other` to this status. For example, `SENT` never follows `DELIVERED`.

        Any other follows `FAILED`: a person can send a failed message again in RapidPro.
        """
        order = list(GatewayStatus)
        return self != other and (other == self.FAILED or order.index(self) > order.index(GatewayStatus(other)))


class OutgoingText(NamedTuple):
    """A stored text for RapidPro.

    due_at              when to send it, look it up or check its status, depending on `send_state`; None: never again
    search_from         no broadcast of this text is older, by RapidPro's clock; set before the text is sent
    accepted_at         when RapidPro accepted it; before that, when it was first sent
    message_created_on  when RapidPro created its message, by RapidPro's clock; None: not found yet
    """

    seq: int
    id: str
    phone: str
    content: str
    send_state: str = SendState.READY
    attempts: int = 0
    lookups: int = 0
    due_at: float | None = None
    search_from: float = 0.0
    accepted_at: float = 0.0
    broadcast_id: str | None = None
    broadcast_uuid: str | None = None
    message_ref: str | None = None
    message_created_on: float | None = None
    status: str = GatewayStatus.UNSENT
    reason: str | None = None


class StateUpdate(NamedTuple):
    """A text's status, to report to CHT; people see `reason`."""

    id: str
    status: str
    reason: str | None = None


class Neighbour(NamedTuple):
    """CHT or RapidPro: when to poll it, until when to make no call, its failures in a row, its last success."""

    name: str
    poll_at: float
    blocked_until: float
    failures: int
    last_error: str | None
    succeeded_at: float


class Record(NamedTuple):
    """What RapidPro shows of a broadcast, or of one message to one contact.

    ref           its uuid; "message" and its id for messages of versions that have no uuid
    broadcast_id  the id of the broadcast, or of the broadcast that the message belongs to, if the version shows it
    urns          the recipients; None in an anonymous workspace
    texts         the content; a broadcast can have it in several languages
    """

    ref: str | None
    broadcast_id: str | None
    urns: tuple[str, ...] | None
    texts: tuple[str, ...]
    created_on: float | None
    status: str = ""
    has_channel: bool = True

    @property
    def ids(self) -> set[str]:
        return {value for value in (self.ref, self.broadcast_id) if value}


class TextRefused(Exception):
    """RapidPro did not accept the text and never will. The message is for a health worker to read."""


@dataclass(eq=False)
class CallError(Exception):
    """CHT or RapidPro did not do what the relay asked for. `cause` contains no secret.

    outcome_unknown  False: it was certainly not done; True: it may have been done
    retry_after      seconds to wait as the server demands; None: it did not say
    needs_admin      only an administrator can fix it (a token, a password): retry rarely
    """

    cause: str
    _: KW_ONLY
    outcome_unknown: bool = True
    retry_after: float | None = None
    needs_admin: bool = False


def sanitize(text: str) -> str:
    """`text` with U+FFFD for characters that a database or an SMS cannot hold: NUL and unpaired surrogates."""
    return text.replace("\0", "\ufffd").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
