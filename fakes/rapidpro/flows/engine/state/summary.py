"""The summary of a run of another session that started this one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from fakes.rapidpro.flows.engine.state.contact import Contact, FieldValue, Urn
from fakes.rapidpro.flows.engine.state.session import Result, Run
from fakes.rapidpro.flows.expressions.conversion import parse_datetime_text
from fakes.rapidpro.flows.expressions.values import iso_text

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Summary:
    """A run: what `@parent` shows of it."""

    uuid: str
    flow_uuid: str
    status: str
    contact: Contact | None
    results: Mapping[str, Result]


def read_summary(values: Mapping[str, Any] | None) -> Summary | None:
    """The summary of its JSON form: uuid, flow, contact, status, results."""
    if not values:
        return None
    contact = values.get("contact")
    return Summary(
        uuid=str(values.get("uuid") or ""),
        flow_uuid=str((values.get("flow") or {}).get("uuid") or ""),
        status=str(values.get("status") or ""),
        contact=None if not contact else read_contact(contact),
        results={key: _result(one) for key, one in (values.get("results") or {}).items()},
    )


def read_contact(values: Mapping[str, Any]) -> Contact:
    """A contact of its JSON form; groups are references."""
    return Contact(
        uuid=str(values.get("uuid") or ""),
        id=int(values.get("id") or 0),
        name=str(values.get("name") or ""),
        language=str(values.get("language") or ""),
        status=str(values.get("status") or "active"),
        timezone=str(values.get("timezone") or ""),
        created_on=read_moment(values.get("created_on")),
        last_seen_on=read_moment(values.get("last_seen_on")),
        urns=[Urn.parse(one) for one in values.get("urns") or ()],
        groups=[str(one["uuid"]) for one in values.get("groups") or ()],
        fields={key: _field(one) for key, one in (values.get("fields") or {}).items() if one},
    )


def read_moment(text: Any) -> datetime | None:
    """The time of an ISO text; None without one."""
    return datetime.fromisoformat(text) if text else None


def _field(values: Mapping[str, Any]) -> FieldValue:
    number, at = values.get("number"), values.get("datetime")
    return FieldValue(
        str(values.get("text") or ""),
        None if number is None else Decimal(str(number)),
        None if not at else iso_text(parse_datetime_text(at)),
    )


def _result(values: Mapping[str, Any]) -> Result:
    extra = values.get("extra")
    return Result(
        name=str(values.get("name") or ""),
        value=str(values.get("value") or ""),
        category=str(values.get("category") or ""),
        node_uuid=str(values.get("node_uuid") or ""),
        created_on=read_moment(values.get("created_on")) or EPOCH,
        category_localized=str(values.get("category_localized") or ""),
        input=str(values.get("input") or ""),
        extra=None if extra is None else json.dumps(extra),
    )


def summary_json(run: Run, contact: Contact) -> dict[str, Any]:
    """The JSON form of a run, which `read_summary` reads."""
    return {
        "uuid": run.uuid,
        "flow": {"uuid": run.flow_uuid, "name": run.flow_name},
        "contact": _contact_json(contact),
        "status": run.status,
        "results": {key: _result_json(one) for key, one in run.results.items()},
    }


def _contact_json(contact: Contact) -> dict[str, Any]:
    moments = {"created_on": contact.created_on, "last_seen_on": contact.last_seen_on}
    return {
        **{name: getattr(contact, name) for name in ("uuid", "id", "name", "language", "status", "timezone")},
        **{name: at.isoformat() for name, at in moments.items() if at is not None},
        "urns": [one.identity for one in contact.urns],
        "groups": [{"uuid": uuid} for uuid in contact.groups],
        "fields": {
            key: {"text": one.text, "number": None if one.number is None else str(one.number), "datetime": one.datetime}
            for key, one in contact.fields.items()
        },
    }


def _result_json(result: Result) -> dict[str, Any]:
    texts = ("name", "value", "category", "category_localized", "input", "node_uuid")
    return {
        **{name: getattr(result, name) for name in texts},
        "created_on": result.created_on.isoformat(),
        "extra": None if result.extra is None else json.loads(result.extra),
    }
