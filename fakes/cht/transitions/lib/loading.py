"""Which transitions run: those that the settings enable, or none at all if any of them is misconfigured.

Source: cht-core `transitions/index.js` (loadTransitions) and the `init` of each transition. The server and sentinel
each load them; the server skips those that run only in sentinel.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fakes.cht.contacts.contact_types import contact_type, is_person_type
from fakes.cht.javascript import js
from fakes.cht.state import State

SERVER, SENTINEL = "server", "sentinel"
TRANSITIONS = (
    "update_clinics",
    "self_report",
    "registration",
    "accept_patient_reports",
    "accept_case_reports",
    "generate_shortcode_on_contacts",
    "generate_patient_id_on_people",
    "default_responses",
    "update_sent_by",
    "death_reporting",
    "conditional_alerts",
    "multi_report_alerts",
    "update_notifications",
    "update_scheduled_reports",
    "resolve_pending",
    "muting",
    "mark_for_outbound",
    "create_user_for_contacts",
)
"""All transitions of CHT, in the order in which they run."""
SENTINEL_ONLY = (
    "generate_shortcode_on_contacts",
    "generate_patient_id_on_people",
    "multi_report_alerts",
    "update_notifications",
    "muting",
    "create_user_for_contacts",
)
REQUIRED_FORMS = (("muting", "mute_forms"), ("death_reporting", "mark_deceased_forms"))
"""Transition and list setting that must not be empty."""

Settings = Mapping[str, Any]


class LoadedTransitions:
    """Whether any transition runs in one process, SERVER or SENTINEL. Warns once per settings why none does."""

    def __init__(self, state: State, process: str, warn: Callable[[str], None]) -> None:
        self._state = state
        self._process = process
        self._warn = warn
        self._checked_settings: Settings | None = None
        self._any_loaded = False

    def any_loaded(self) -> bool:
        """Whether any transition runs with the current settings."""
        settings = self._state.settings
        if self._checked_settings is not settings:
            self._checked_settings, self._any_loaded = settings, bool(loaded_transitions(settings, self._process))
            error = configuration_error(settings, self._process)
            if error is not None:
                self._warn(f"no transition runs, as in the real {self._process}: {error}")
        return self._any_loaded


def loaded_transitions(settings: Settings, process: str) -> tuple[str, ...]:
    """The transitions that run in a process, SERVER or SENTINEL, in their order."""
    return () if configuration_error(settings, process) is not None else enabled(settings, process)


def configuration_error(settings: Settings, process: str) -> str | None:
    """Why no transition runs; None if the configuration is valid."""
    configured = settings.get("transitions")
    unknown = [name for name in configured if name not in TRANSITIONS] if isinstance(configured, dict) else []
    if unknown:
        return f"unknown transition {unknown[0]!r}"
    named = enabled(settings, process)
    for name, key in REQUIRED_FORMS:
        forms = _mapping(settings.get(name)).get(key)
        if name in named and not (isinstance(forms, list) and forms):
            return f"{name} needs a list of forms in {name}.{key}"
    return next(_registration_errors(settings), None) if "registration" in named else None


def trigger_parameters(params: Any) -> Any:
    """The parameters of a trigger: an object or a list, possibly as JSON, or comma-separated names.

    Raises ValueError for invalid JSON.
    """
    if not js.truthy(params):
        return {}
    if not isinstance(params, str):
        return params
    if params.strip()[:1] in ("[", "{"):
        return json.loads(params)
    return params.split(",")


def enabled(settings: Settings, process: str) -> tuple[str, ...]:
    """The transitions of a process that the settings enable, whether they are valid or not, in their order."""
    configured = settings.get("transitions")
    names = [name for name, value in configured.items() if _is_enabled(value)] if isinstance(configured, dict) else []
    return tuple(name for name in TRANSITIONS if name in names and not (process == SERVER and name in SENTINEL_ONLY))


def _is_enabled(value: Any) -> bool:
    return js.truthy(value) and not (isinstance(value, dict) and js.truthy(value.get("disable")))


def _registration_errors(settings: Settings) -> Iterator[str]:
    registrations = settings.get("registrations")
    if not isinstance(registrations, list):
        yield "registration needs a list in registrations"
        return
    for one in registrations:
        for event in _mappings(_mapping(one).get("events")):
            about = f"registration {_mapping(one).get('form')!r}, {event.get('trigger')}"
            yield from (f"{about}: {error}" for error in _event_errors(settings, event))


def _event_errors(settings: Settings, event: Mapping[str, Any]) -> Iterator[str]:
    trigger = event.get("trigger")
    try:
        parameters = trigger_parameters(event.get("params"))
    except ValueError:
        yield "its params are not valid JSON"
        return
    named = parameters if isinstance(parameters, dict) else {}
    if trigger == "add_patient":
        if named.get("patient_id_field") == "patient_id":
            yield "patient_id_field must not be patient_id"
        yield from _type_errors(settings, named.get("contact_type") or "person", person=True)
    elif trigger == "add_place":
        yield from _type_errors(settings, named.get("contact_type"), person=False)
    elif trigger in ("assign_schedule", "clear_schedule") and not (
        js.truthy(event.get("params")) and isinstance(parameters, list)
    ):
        yield "its params must name schedules"


def _type_errors(settings: Settings, type_id: Any, *, person: bool) -> Iterator[str]:
    found = contact_type(settings, type_id)
    if found is None:
        yield f"contact_types has no type {type_id!r}"
    elif is_person_type(found) != person:
        yield f"the type {type_id!r} is {'a place' if person else 'a person'}"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _mappings(value: Any) -> Sequence[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
