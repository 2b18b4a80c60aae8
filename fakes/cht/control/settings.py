"""Control routes for app settings and credentials. They change what CHT's own API changes, by the same code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from fakes.cht.api.credentials import store_credential
from fakes.cht.api.settings import change_settings
from fakes.cht.javascript import js
from fakes.cht.service import Cht
from fakes.cht.state import State
from fakes.cht.transitions.lib.loading import SENTINEL, SERVER, configuration_error, enabled
from fakes.serving.json_fields import json_object, typed_fields

HOW = ("merge", "replace", "overwrite")
USED = frozenset(
    {
        "accept_case_reports",
        "alerts",
        "contact_types",
        "date_format",
        "death_reporting",
        "default_country_code",
        "default_responses",
        "forms",
        "forms_only_mode",
        "gateway_number",
        "locale",
        "locale_outgoing",
        "multipart_sms_limit",
        "muting",
        "outbound",
        "outgoing_deny_list",
        "outgoing_deny_shorter_than",
        "outgoing_deny_with_alphas",
        "outgoing_phone_filters",
        "outgoing_phone_replace",
        "patient_reports",
        "permissions",
        "phone_validation",
        "registrations",
        "reported_date_format",
        "schedule_evening_hours",
        "schedule_evening_minutes",
        "schedule_morning_hours",
        "schedule_morning_minutes",
        "schedules",
        "self_report",
        "sms",
        "transitions",
        "update_clinics",
    }
)
"""The parts of the app settings that the fake reads; tests compare them with what its modules ask for."""


def add_settings_routes(routes: Blueprint, service: Cht) -> None:
    """Add `/settings` and `/credentials/<key>`."""
    state = service.state

    @routes.get("/settings")
    def settings() -> Response:
        """The app settings.

        Answer: {"settings": {...}}
        """
        with state.lock:
            return jsonify(settings=state.settings)

    @routes.put("/settings")
    def change() -> Response:
        """Change the app settings, or take over a whole `app_settings.json`.

        Query: how=merge (the default: as CHT's API merges), replace (each top-level part that is given, as cht-conf
        does it) or overwrite (all: what is not given is gone)

        Body: {any of the settings}

        Answer: {"updated": whether anything is different now, "not_used": [a sentence about each part that the fake
        does not read, ...], "problem": why no transition runs with these settings, or null}
        """
        how = request.args.get("how", HOW[0])
        if how not in HOW:
            raise BadRequest(f"how: expected one of {', '.join(HOW)}, got {how[:40]!r}")
        changes = json_object(js.number)
        if not changes:
            raise BadRequest("expected an object with app settings, as in app_settings.json, got an empty one")
        with state.lock:
            updated = change_settings(state, changes, replace=how == "replace", overwrite=how == "overwrite")
            after = state.settings
        problem = configuration_error(after, SENTINEL) or configuration_error(after, SERVER)
        return jsonify(updated=updated, not_used=list(_not_used(service, changes)), problem=problem)

    @routes.get("/credentials/<path:key>")
    def credential(key: str) -> Response:
        """Whether there is a credential of that name, such as `rapidpro:outgoing`. Its value is never answered.

        Answer: {"key", "known": true or false}
        """
        return jsonify(key=key, known=_is_known(state, key))

    @routes.put("/credentials/<path:key>")
    def store(key: str) -> Response:
        """Store a credential, in place of one of that name.

        Body: {"value": text}

        Answer: {"key", "known": true}
        """
        value = typed_fields({"value": (str,)}).get("value")
        if not value:
            raise BadRequest("value: expected a text that is not empty")
        store_credential(state, key, value)
        return jsonify(key=key, known=True)


def _not_used(service: Cht, settings: Mapping[str, Any]) -> Iterator[str]:
    yield from (f"{key}: the fake does not read it" for key in settings if key not in USED)
    for name in enabled(settings, SENTINEL):
        if name not in service.background.supported_transitions:
            yield f"transitions.{name}: the fake does not run this transition"


def _is_known(state: State, key: str) -> bool:
    with state.lock:
        return bool(state.credentials.get(key))
