"""The SMS aggregators behind the channel: the statuses they report, and what courier makes of them. Only data.

Sources: courier handlers/infobip, handlers/africastalking (v9.0.0 and v26.3.38); mailroom web/android/status.go;
Infobip "Message status codes"; docs.africastalking.com sms/deliveryreports.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from fakes.rapidpro.versions.generation import Generation
from fakes.rapidpro.versions.habits import Habits

HOUR = 3600.0
Stage = Literal["sent", "delivered", "read", "failed", "errored", "expired"]


@dataclass(frozen=True, slots=True)
class AggregatorStatus:
    """One status that an aggregator can report.

    `status`: the message's new status in RapidPro; None: courier answers 400 and stores nothing.
    """

    status: str | None
    group_id: int = 0
    group: str = ""
    status_id: int = 0
    description: str = ""
    reason: str = ""
    """Africa's Talking: the failureReason of this status."""


@dataclass(frozen=True, slots=True)
class Aggregator:
    """One channel type: its statuses, and what it does with an invalid number."""

    name: str
    channel_type: str
    statuses: Mapping[str, AggregatorStatus]
    stages: Mapping[Stage, str]
    """The status it reports at each stage of a message; it never reports a missing stage."""
    refuses_bad_numbers: bool
    """True: refused at once. False: accepted, and later reported as failed."""
    expires_after: float | None
    """Seconds after which it reports the stage `expired` for a message without reports."""
    ignores_empty: bool
    """Whether an empty text from a phone never reaches RapidPro."""
    report_path: str
    incoming_path: str
    syncs: bool = False
    """A phone with RapidPro's Android app: messages wait until it syncs, it never calls courier, and it tries again
    by itself."""


def _infobip(status: str | None, group_id: int, group: str, status_id: int, description: str) -> AggregatorStatus:
    return AggregatorStatus(status, group_id, group, status_id, description)


PLAIN = Aggregator(
    name="plain",
    channel_type="EX",
    statuses=MappingProxyType({
        "sent": AggregatorStatus("sent"),
        "delivered": AggregatorStatus("delivered"),
        "read": AggregatorStatus("read"),
        "failed": AggregatorStatus("failed"),
        "errored": AggregatorStatus("errored"),
    }),
    stages=MappingProxyType(
        {"sent": "sent", "delivered": "delivered", "read": "read", "failed": "failed", "errored": "errored"}
    ),
    refuses_bad_numbers=True,
    expires_after=None,
    ignores_empty=False,
    report_path="/c/ex/{uuid}/status",
    incoming_path="/c/ex/{uuid}/receive",
)  # fmt: skip

INFOBIP = Aggregator(
    name="infobip",
    channel_type="IB",
    statuses=MappingProxyType({
        "PENDING_ACCEPTED": _infobip("sent", 1, "PENDING", 26, "Message sent to next instance"),
        "PENDING_ENROUTE": _infobip("sent", 1, "PENDING", 7, "Message sent to next instance"),
        "PENDING_WAITING_DELIVERY": _infobip("sent", 1, "PENDING", 3, "Message sent to next instance"),
        "UNDELIVERABLE_REJECTED_OPERATOR": _infobip("failed", 2, "UNDELIVERABLE", 4, "Message rejected by operator"),
        "UNDELIVERABLE_NOT_DELIVERED": _infobip("failed", 2, "UNDELIVERABLE", 9, "Message sent not delivered"),
        "UNDELIVERABLE_NOT_SENT": _infobip("failed", 2, "UNDELIVERABLE", 31, "Message not sent"),
        "DELIVERED_TO_OPERATOR": _infobip("delivered", 3, "DELIVERED", 2, "Message delivered to operator"),
        "DELIVERED_TO_HANDSET": _infobip("delivered", 3, "DELIVERED", 5, "Message delivered to handset"),
        "EXPIRED_EXPIRED": _infobip("sent", 4, "EXPIRED", 15, "Message expired"),
        "EXPIRED_DLR_UNKNOWN": _infobip("sent", 4, "EXPIRED", 29, "Delivery report unknown"),
        "REJECTED_NETWORK": _infobip("failed", 5, "REJECTED", 6, "Network is forbidden"),
        "REJECTED_PREFIX_MISSING": _infobip("failed", 5, "REJECTED", 8, "Number prefix missing"),
        "REJECTED_NOT_ENOUGH_CREDITS": _infobip("failed", 5, "REJECTED", 12, "Not enough credits"),
        "REJECTED_FLOODING_FILTER": _infobip("failed", 5, "REJECTED", 20, "Flooding filter"),
        "REJECTED_DUPLICATE_MESSAGE_ID": _infobip("failed", 5, "REJECTED", 23, "Duplicate message id"),
        "REJECTED_MESSAGE_TOO_LONG": _infobip("failed", 5, "REJECTED", 25, "Message too long"),
        "REJECTED_DESTINATION": _infobip("failed", 5, "REJECTED", 52, "Destination is not valid"),
        "OK": _infobip(None, 0, "ACCEPTED", 0, "Ok"),
    }),
    stages=MappingProxyType({
        "sent": "PENDING_ENROUTE",
        "delivered": "DELIVERED_TO_HANDSET",
        "failed": "UNDELIVERABLE_NOT_DELIVERED",
        "expired": "EXPIRED_DLR_UNKNOWN",
    }),
    refuses_bad_numbers=False,
    expires_after=48 * HOUR,
    ignores_empty=True,
    report_path="/c/ib/{uuid}/delivered",
    incoming_path="/c/ib/{uuid}/receive",
)  # fmt: skip

AFRICASTALKING = Aggregator(
    name="africastalking",
    channel_type="AT",
    statuses=MappingProxyType({
        "Success": AggregatorStatus("delivered"),
        "Sent": AggregatorStatus("sent"),
        "Buffered": AggregatorStatus("sent"),
        "Rejected": AggregatorStatus("failed", reason="UserInBlackList"),
        "Failed": AggregatorStatus("failed", reason="DeliveryFailure"),
        "Expired": AggregatorStatus("failed"),
        "Submitted": AggregatorStatus(None),
        "AbsentSubscriber": AggregatorStatus(None),
    }),
    stages=MappingProxyType({"sent": "Sent", "delivered": "Success", "failed": "Failed"}),
    refuses_bad_numbers=True,
    expires_after=None,
    ignores_empty=True,
    report_path="/c/at/{uuid}/status",
    incoming_path="/c/at/{uuid}/receive",
)  # fmt: skip

ANDROID = Aggregator(
    name="android",
    channel_type="A",
    statuses=MappingProxyType({
        "mt_sent": AggregatorStatus("sent"),
        "mt_dlvd": AggregatorStatus("delivered"),
        "mt_fail": AggregatorStatus("failed"),
        "mt_error": AggregatorStatus("errored"),
    }),
    stages=MappingProxyType({"sent": "mt_sent", "delivered": "mt_dlvd", "failed": "mt_fail", "errored": "mt_error"}),
    refuses_bad_numbers=True,
    expires_after=None,
    ignores_empty=True,
    report_path="",
    incoming_path="",
    syncs=True,
)  # fmt: skip

AGGREGATORS: Mapping[str, Aggregator] = MappingProxyType(
    {aggregator.name: aggregator for aggregator in (PLAIN, INFOBIP, AFRICASTALKING, ANDROID)}
)


def find_status(aggregator: Aggregator, word: str) -> AggregatorStatus | None:
    """What the aggregator's status word means; None if it has no such word.

    Courier looks only at the group of an Infobip status, so any word that begins with a known group is one.
    """
    found = aggregator.statuses.get(word)
    if found is not None or aggregator is not INFOBIP:
        return found
    group = next((one for one in INFOBIP.statuses.values() if word.startswith(f"{one.group}_")), None)
    return None if group is None or group.status is None else _infobip(group.status, group.group_id, group.group, 0, "")


def status_of(aggregator: Aggregator, word: str, habits: Habits) -> str | None:
    """The status that a report with this word gives a message; None: this version answers 400 and stores nothing."""
    found = find_status(aggregator, word)
    if found is None or f"{aggregator.channel_type}:{word}" in habits.unknown_words:
        return None
    return None if found.status == "read" and not habits.accepts_read_reports else found.status


def report_payload(aggregator: Aggregator, word: str, external_id: str, number: str, at: str) -> dict[str, Any]:
    """The delivery report as the aggregator posts it (JSON for Infobip, a form for the others).

    `number` is the receiver with `+`, `at` an ISO time. Raises KeyError for a word that the aggregator does not have.
    """
    found = find_status(aggregator, word)
    if found is None:
        raise KeyError(word)
    if aggregator is INFOBIP:
        status = {
            "groupId": found.group_id, "groupName": found.group, "id": found.status_id, "name": word,
            "description": found.description,
        }  # fmt: skip
        failed = found.status == "failed"
        error = {
            "groupId": int(failed), "groupName": "HANDSET_ERRORS" if failed else "OK", "id": 0,
            "name": "NO_ERROR", "description": "No Error", "permanent": failed,
        }  # fmt: skip
        result = {
            "messageId": external_id, "to": number.removeprefix("+"), "sentAt": at, "doneAt": at, "messageCount": 1,
            "price": {"pricePerMessage": 0.01, "currency": "EUR"}, "status": status, "error": error,
        }  # fmt: skip
        return {"results": [result]}
    if aggregator is AFRICASTALKING:
        form = {"id": external_id, "status": word, "phoneNumber": number, "networkCode": "63513", "retryCount": "0"}
        return form | ({"failureReason": found.reason} if found.reason else {})
    return {"id": external_id, "status": word}


def incoming_payload(
    aggregator: Aggregator, text: str, external_id: str, number: str, to: str, at: str
) -> dict[str, Any]:
    """A text from a phone as the aggregator posts it. `at`: `2026-03-04T05:06:07Z`."""
    if aggregator is INFOBIP:
        received = at.removesuffix("Z") + ".000+0000"
        result = {
            "messageId": external_id, "from": number.removeprefix("+"), "to": to.removeprefix("+"), "text": text,
            "cleanText": text, "keyword": "", "receivedAt": received, "smsCount": 1,
            "price": {"pricePerMessage": 0, "currency": "EUR"}, "callbackData": None,
        }  # fmt: skip
        return {"results": [result], "messageCount": 1, "pendingMessageCount": 0}
    if aggregator is AFRICASTALKING:
        return {
            "id": external_id,
            "text": text,
            "from": number,
            "to": to,
            "date": at,
            "linkId": "",
            "networkCode": "63513",
        }
    return {"id": external_id, "text": text, "from": number, "to": to, "date": at}


def new_external_id(
    aggregator: Aggregator, message_id: int, message_uuid: str, generation: Generation, rng: random.Random
) -> str:
    """The aggregator's id for a message that it accepts."""
    if aggregator is INFOBIP:
        return message_uuid if generation == "new" else str(message_id)
    if aggregator is AFRICASTALKING:
        return f"ATXid_{rng.getrandbits(128):032x}"
    return str(message_id)
