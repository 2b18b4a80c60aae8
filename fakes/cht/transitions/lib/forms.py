"""The settings of a record's form, and whether a record is a valid submission (cht-core `lib/utils.js`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.couch.documents import Doc
from fakes.cht.javascript.inherited import Inherited, look_up
from fakes.cht.state import State

Settings = Mapping[str, Any]


def form_of(settings: Settings, doc: Doc) -> Mapping[str, Any] | None:
    """The definition of a record's form, or None; without members for a code that every object has a property for."""
    forms = settings.get("forms")
    code = doc.get("form")
    found = look_up(forms, code) if isinstance(forms, Mapping) and isinstance(code, str) else None
    return {} if isinstance(found, Inherited) else found if isinstance(found, Mapping) else None


def is_valid_submission(settings: Settings, doc: Doc) -> bool:
    """Whether a record counts: created in the app, or of a public form, or from a known sender."""
    if doc.get("content_type") == "xml" and doc.get("type") == "data_record":
        return True
    form = form_of(settings, doc)
    return form is not None and bool(form.get("public_form") or _has_known_sender(doc))


def _has_known_sender(doc: Doc) -> bool:
    at: Any = doc.get("contact")
    if isinstance(at, Mapping) and at.get("phone"):
        return True
    for step in ("parent", "contact", "phone"):
        at = at.get(step) if isinstance(at, Mapping) else None
    return bool(at)


def configured(settings: Settings, name: str) -> Iterator[Mapping[str, Any]]:
    """The entries of a setting that is a list."""
    listed = settings.get(name)
    yield from (entry for entry in (listed if isinstance(listed, list) else ()) if isinstance(entry, Mapping))


def entry_for(settings: Settings, name: str, code: Any) -> Mapping[str, Any] | None:
    """The first entry of a list setting for a form, or None."""
    return next((one for one in configured(settings, name) if one.get("form") == code), None)


def registration_for(settings: Settings, code: Any) -> Mapping[str, Any] | None:
    """The registration of a form; letter case and non-word characters after the code are ignored."""
    if not isinstance(code, str):
        return None
    pattern = re.compile(rf"W*{re.escape(code)}\W*", re.IGNORECASE)
    return next((one for one in configured(settings, "registrations") if pattern.fullmatch(str(one.get("form")))), None)


def registrations_about(state: State, views: ContactViews, *ids: Any) -> list[Doc]:
    """The current registrations about patients, places or cases, each once."""
    with state.lock:
        found = dict.fromkeys(doc_id for one in ids if one for doc_id in views.reports_by_subject(one))
        docs = [doc for doc_id in found if (doc := state.docs.get(doc_id)) is not None]
    return [doc for doc in docs if is_registration(state.settings, doc)]


def registrations_of(state: State, views: ContactViews, code: Any) -> list[Doc]:
    """The current registrations of a patient or place by its short id."""
    with state.lock:
        docs = [doc for doc_id in views.registered_patients(code) if (doc := state.docs.get(doc_id)) is not None]
    return [doc for doc in docs if is_registration(state.settings, doc)]


def subject_ids(contact: Doc | None) -> list[Any]:
    """The ids by which reports refer to a contact; for a report, the ids in it."""
    found = contact or {}
    if found.get("type") != "data_record":
        return [found[key] for key in ("_id", "patient_id", "place_id") if found.get(key)]
    fields = found.get("fields")
    sources = (found, fields if isinstance(fields, dict) else {})
    names = ("patient_id", "patient_uuid", "place_id", "place_uuid")
    return [source[name] for name in names for source in sources if source.get(name)]


def is_registration(settings: Settings, doc: Doc) -> bool:
    """Whether a report is a registration: without errors, of a form with a registration, public or from a contact."""
    code = doc.get("form")
    if doc.get("errors") or doc.get("type") != "data_record" or not isinstance(code, str):
        return False
    forms = [re.escape(str(one["form"])) for one in configured(settings, "registrations") if one.get("form")]
    if not any(re.fullmatch(f"[^a-z]*{form}[^a-z]*", code, re.IGNORECASE) for form in forms):
        return False
    form = form_of(settings, doc)
    return doc.get("content_type") == "xml" or (
        form is not None and bool(form.get("public_form") or doc.get("contact"))
    )
