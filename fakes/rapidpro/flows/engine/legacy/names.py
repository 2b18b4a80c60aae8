"""Names of legacy expressions: `contact.tel_e164`, `flow.age.category`, `step.value`.

Source: goflow flows/definition/legacy/expressions/context.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from fakes.rapidpro.flows.context import SCHEMES

TOP_LEVELS = ("channel", "child", "contact", "date", "extra", "flow", "parent", "step")
_CONTACT = re.compile(r"(?:(?:flow|step)\.)?((?:parent|child)\.)?contact(?:\.(.+))?\Z", re.DOTALL)
_SAME = frozenset({"uuid", "id", "name", "first_name", "created_on", "language"})
_RESULT_PARTS: Mapping[str, str] = MappingProxyType(
    {"value": "value", "category": "category_localized", "text": "input", "time": "created_on"}
)
_RESULTS = re.compile(r"(flow|child|parent|extra\.flow)(?:\.(\w+)(?:\.(value|category|text|time))?)?\Z")
_FIXED: Mapping[str, str] = MappingProxyType(
    {
        "step": "input",
        "step.value": "input",
        "step.text": "input.text",
        "step.time": "input.created_on",
        "step.attachments": 'foreach(foreach(input.attachments, attachment_parts), extract, "url")',
        "channel": "contact.channel.address",
        "channel.address": "contact.channel.address",
        "channel.tel": "contact.channel.address",
        "channel.tel_e164": "contact.channel.address",
        "channel.name": "contact.channel.name",
        "date": "now()",
        "date.now": "now()",
        "extra": "legacy_extra",
    }
)
_DATES: Mapping[str, str] = MappingProxyType(
    {
        "date.today": "today()",
        "date.tomorrow": 'datetime_add(now(), 1, "D")',
        "date.yesterday": 'datetime_add(now(), -1, "D")',
    }
)
_NUMERIC = re.compile(r"\.(\d+\w*)")


def current_name(path: str, *, raw_dates: bool = False) -> str:
    """The expression for a legacy name; `raw_dates`: days are not formatted."""
    path = path.lower()
    if path in _DATES:
        return _DATES[path] if raw_dates else f"format_date({_DATES[path]})"
    found = _FIXED.get(path) or _contact_name(path) or _result_name(path) or _other_name(path)
    return path if found is None else _NUMERIC.sub(r'["\1"]', found)


def _contact_name(path: str) -> str | None:
    match = _CONTACT.match(path)
    if match is None:
        return None
    whose, name = match.group(1) or "", match.group(2)
    if name is None:
        return f"{whose}contact"
    if name in _SAME:
        return f"{whose}contact.{name}"
    if name == "groups":
        return f'join({whose}contact.groups, ",")'
    if name == "tel_e164":
        return f'default(urn_parts({whose}urns.tel).path, "")'
    if name == "tel":
        return f"format_urn({whose}urns.tel)"
    scheme, _, part = name.partition(".")
    if scheme in SCHEMES:
        return _urn_name(f"{whose}urns.{scheme}", part)
    return f"{whose}fields.{name}" if re.fullmatch(r"\w+", name) else None


def _urn_name(urn: str, part: str) -> str | None:
    return {
        "": f'default(urn_parts({urn}).path, "")',
        "display": f"format_urn({urn})",
        "path": f"urn_parts({urn}).path",
        "scheme": f"urn_parts({urn}).scheme",
        "urn": urn,
    }.get(part)


def _result_name(path: str) -> str | None:
    match = _RESULTS.match(path)
    if match is None:
        return None
    results = {"flow": "results", "child": "child.results"}.get(match.group(1), "parent.results")
    parts = [match.group(2), _RESULT_PARTS[match.group(3)] if match.group(3) else None]
    return ".".join([results, *(part for part in parts if part)])


def _other_name(path: str) -> str | None:
    attachment = re.fullmatch(r"step\.attachments\.(\d+)", path)
    if attachment:
        return f"attachment_parts(input.attachments[{attachment.group(1)}]).url"
    return f"legacy_extra.{path[6:]}" if re.fullmatch(r"extra\.[\w.]+", path) else None
