"""The aggregators' calls to courier: delivery reports and incoming texts, in each aggregator's own format.

Source: courier handlers/infobip, handlers/africastalking; flows section 5.4 and 5.5 of the collected facts.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fakes.rapidpro.courier.aggregators import AFRICASTALKING, AGGREGATORS, INFOBIP, Aggregator, status_of
from fakes.rapidpro.mailroom.incoming import BadText
from fakes.rapidpro.mailroom.mailroom import Mailroom
from fakes.rapidpro.urns import SHORT_CODE
from fakes.rapidpro.versions.habits import Habits

REPORTS = frozenset({"delivered", "status", "delivery"})
INCOMING = frozenset({"receive", "callback"})


class BadCall(ValueError):
    """Courier answers 400 and stores nothing."""


def answer(mailroom: Mailroom, kind: str, action: str, payload: Any) -> dict[str, Any]:
    """Process a call to courier and return its answer. `kind`: ib, at or ex. Raises BadCall."""
    aggregator = next((one for one in AGGREGATORS.values() if one.channel_type.lower() == kind), None)
    if aggregator is None or aggregator.syncs or action not in REPORTS | INCOMING:
        raise BadCall(f"no channel accepts calls at /c/{kind}/.../{action}")
    if not isinstance(payload, dict):
        raise BadCall("unable to read the request")
    if action in REPORTS:
        return _reports(mailroom, aggregator, payload)
    return _incoming(mailroom, aggregator, payload)


def _reports(mailroom: Mailroom, aggregator: Aggregator, payload: dict[str, Any]) -> dict[str, Any]:
    data = []
    for external_id, status in _statuses(aggregator, payload, mailroom.runtime.habits):
        with mailroom.lock:
            message = mailroom.courier.by_external_id(external_id)
            if message is None:
                data.append({"type": "info", "info": f"ignoring status report for unknown message {external_id}"})
                continue
            mailroom.courier.set_status(message, status)
            data.append({"type": "status", "status": status, "external_id": external_id})
    return {"message": "statuses handled" if aggregator is INFOBIP else "Status Update Accepted", "data": data}


def _statuses(aggregator: Aggregator, payload: dict[str, Any], habits: Habits) -> list[tuple[str, str]]:
    """The external id and new status of each message; all must be valid before any is stored."""
    if aggregator is not INFOBIP:
        reported = status_of(aggregator, _text(payload, "status"), habits)
        if reported is None:
            raise BadCall(f"unknown status {payload['status']!r}")
        return [(_text(payload, "id"), reported)]
    results = payload.get("results")
    if not isinstance(results, list) or not results:
        raise BadCall("field 'results' required")
    groups = {one.group: one.status for one in INFOBIP.statuses.values() if one.status is not None}
    found = []
    for result in results:
        status = result.get("status") if isinstance(result, dict) else None
        group = status.get("groupName") if isinstance(status, dict) else None
        if not isinstance(group, str) or group not in groups:
            raise BadCall(f"unknown status {group!r}, must be one of {', '.join(groups)}")
        found.append((_text(result, "messageId"), str(groups[group])))
    return found


def _incoming(mailroom: Mailroom, aggregator: Aggregator, payload: dict[str, Any]) -> dict[str, Any]:
    texts = _texts(aggregator, payload)
    if not texts:
        return {"message": "Ignored", "data": [{"type": "info", "info": "ignoring request, no message"}]}
    try:
        numbers = [mailroom.incoming.number(number) for number, _, _ in texts]
    except BadText as error:
        raise BadCall(str(error)) from None
    data = [
        {"type": "msg", **mailroom.incoming.receive(number, text, external_id)}
        for number, (_, text, external_id) in zip(numbers, texts, strict=True)
    ]
    return {"message": "Message Accepted", "data": data}


def _texts(aggregator: Aggregator, payload: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Number, text and external id of each text."""
    if aggregator is not INFOBIP:
        _check_date(_text(payload, "date"), "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%d %H:%M:%S")
        if aggregator is AFRICASTALKING and not payload.get("text"):
            raise BadCall("field 'text' required")
        return [(_text(payload, "from"), str(payload.get("text", "")), _text(payload, "id"))]
    results = payload.get("results")
    if not payload.get("messageCount") or not isinstance(results, list):
        return []
    found = []
    for result in results:
        if not isinstance(result, dict):
            raise BadCall("field 'results' must hold objects")
        if result.get("text"):
            _check_date(_text(result, "receivedAt"), "%Y-%m-%dT%H:%M:%S.%f%z")
            found.append((_sender(_text(result, "from")), _text(result, "text"), _text(result, "messageId")))
    return found


def _sender(number: str) -> str:
    """An Infobip sender: a number without its `+`, or a short code."""
    return number if SHORT_CODE.fullmatch(number) else "+" + number.lstrip("+")


def _text(payload: dict[str, Any], key: str) -> str:
    value = payload.get(key)
    if not isinstance(value, str) or not value:
        raise BadCall(f"field '{key}' required")
    return value


def _check_date(text: str, *formats: str) -> None:
    for known in formats:
        try:
            datetime.strptime(text, known)  # noqa: DTZ007 - only checks the format
        except ValueError:
            continue
        return
    raise BadCall(f"invalid date format: {text}")
