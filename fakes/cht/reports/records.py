"""Creating the record for an incoming text or a JSON report (cht-core `api/src/services/records.js`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fakes.cht.couch.documents import Doc
from fakes.cht.errors import ServerError
from fakes.cht.javascript import js
from fakes.cht.javascript.dates import parse_moment
from fakes.cht.javascript.inherited import PROTOTYPE, inherited, look_up, stored
from fakes.cht.javascript.paths import UNDEFINED
from fakes.cht.messages.phone_number import normalize
from fakes.cht.reports.forms.parse import form_code, parse, strip_invisible
from fakes.cht.reports.forms.validate import validate
from fakes.cht.state import State
from fakes.cht.translations import translate

LONG_NUMBER = re.compile(r"[0-9]{13,}")
MAX_DATE_MS = 8.64e15
"""Milliseconds from 1970 to the first and last time of a `Date`."""
MISSING = object()


def record_of_text(data: Mapping[str, Any], state: State, locale: Any = None) -> Doc:
    """The record (without `_id`) of a text: `data` has `message` and `from`, maybe `gateway_ref` and more.

    Raises ServerError with the reason if `message` or `from` is missing.
    """
    if "from" not in data:
        raise ServerError("Missing required value: from")
    if "message" not in data:
        raise ServerError("Missing required field: message")
    message = data["message"]
    code = form_code(message)
    definition = definition_of(state, code)
    if code and definition is None:
        cleaned = strip_invisible(code)
        definition = definition_of(state, cleaned)
        if definition is not None:
            message, code = message.replace(code, cleaned, 1), cleaned
    about = {
        "type": "sms_message",
        "message": data["message"],
        "form": code,
        "reported_date": data.get("sent_timestamp"),
        "locale": data.get("locale") or locale,
        "from": data["from"],
        "gateway_ref": data.get("gateway_ref"),
    }
    parsed = parse(definition, message, data.get("locale"), state) if code and definition is not None else None
    return _record(parsed, {key: value for key, value in about.items() if value is not None}, state)


def record_of_json(data: Any, state: State) -> Doc:
    """The record (without `_id`) of a JSON report: `_meta` names the form, the other members are its fields.

    Raises ServerError with the reason if the form is missing or unknown.
    """
    meta = data.get("_meta") if isinstance(data, dict) else None
    if meta is None or meta == "":
        raise ServerError("Missing _meta property.")
    form = meta.get("form") if isinstance(meta, dict) else None
    if form is None or form == "":
        raise ServerError("Missing required field: form")
    if not isinstance(form, str):
        raise ServerError
    about = {**meta, "form": form.upper()}
    definition = definition_of(state, about["form"])
    if definition is None:
        raise ServerError(f"Form not found: {about['form']}")
    fields = {key: _field_value(definition, key, value) for key, value in data.items() if key != "_meta"}
    return _record({key.lower(): value for key, value in fields.items() if key != PROTOTYPE}, about, state)


def definition_of(state: State, code: Any) -> Mapping[str, Any] | None:
    """The settings of a form by its code, or None."""
    forms = state.settings.get("forms")
    found = forms.get(code) if isinstance(forms, dict) and isinstance(code, str) else None
    return found if isinstance(found, dict) and isinstance(found.get("fields"), dict) else None


def _field_value(definition: Mapping[str, Any], key: str, value: Any) -> Any:
    """A field value from JSON, which has no dates, and where 0 and 1 may mean false and true."""
    field = definition["fields"].get(key)
    kind = field.get("type") if isinstance(field, dict) else None
    if kind == "date":
        return _date(value)
    if kind == "boolean" and not isinstance(value, bool) and value in (0, 1):
        return bool(value)
    return value


def _date(value: Any) -> int | None:
    """A date as `moment` reads it: numbers are whole ms since 1970, within the range of a JavaScript `Date`."""
    if isinstance(value, str):
        return parse_moment(value)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or abs(value) > MAX_DATE_MS:
        return None
    return int(value)


def _record(parsed: Mapping[str, Any] | None, about: dict[str, Any], state: State) -> Doc:
    definition = definition_of(state, about.get("form"))
    sender = about.get("from", MISSING)
    record: Doc = {
        "type": "data_record",
        "from": sender if sender is MISSING else normalize(state.settings, sender) or sender,
        "form": about.get("form", MISSING),
        "errors": [],
        "tasks": [],
        "fields": {},
        "reported_date": _sent_at(about.get("reported_date")) or state.now_ms(),
        "sms_message": about,
    }
    if definition is not None:
        _fill_in(record, definition, parsed or {}, state)
    if parsed and js.truthy(parsed.get("_extra_fields")):
        _add_error(record, state, "extra_fields")
    if isinstance(about.get("message"), str) and not js.trim(about["message"]):
        _add_error(record, state, "sys.empty")
    if definition is None:
        if js.truthy(state.settings.get("forms_only_mode")):
            _add_error(record, state, "sys.form_not_found", {"form": about.get("form")})
        else:
            record["form"] = MISSING
    kept: Doc = stored({key: value for key, value in record.items() if value is not MISSING})
    return kept


def _fill_in(record: Doc, definition: Mapping[str, Any], parsed: Mapping[str, Any], state: State) -> None:
    reference = definition.get("facility_reference")
    if reference:
        value = look_up(parsed, reference)
        known = value is not UNDEFINED and (value is not None or reference in parsed)
        record["refid"] = (value.upper() if isinstance(value, str) else value) if known else MISSING
    for key in definition["fields"]:
        _merge(record["fields"], key.split("."), parsed)
    for code, context in validate(definition, parsed):
        _add_error(record, state, code, context)


def _merge(target: dict[str, Any], path: list[str], source: Any) -> None:
    name, *rest = path
    value = source.get(name, inherited(name) or MISSING) if isinstance(source, dict) else MISSING
    if name == PROTOTYPE or (rest and name not in target and inherited(name) is not None):
        return  # what is set there is not a part of the record
    if rest:
        if value is not MISSING and js.truthy(value):
            _merge(target.setdefault(name, {}), rest, value)
    elif value is not MISSING and value is not UNDEFINED:
        target[name] = value


def _sent_at(value: Any) -> Any:
    """The time at which a text was sent, in ms; None without a valid one."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return None
    if LONG_NUMBER.search(value):
        return js.number(value) if re.fullmatch(r"\s*[0-9.]+\s*", value) else None
    return parse_moment(value)


def _add_error(record: Doc, state: State, code: str, context: Mapping[str, Any] | None = None) -> None:
    fields = record.get("fields") or {}
    locale = record.get("locale") or fields.get("locale") or record["sms_message"].get("locale")
    record["errors"].append({"code": code, "message": translate(state, code, locale, context)})
