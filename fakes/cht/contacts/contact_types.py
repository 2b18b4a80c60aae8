"""The type of a contact (cht-core `shared-libs/contact-types-utils`): the setting `contact_types`.

Without that setting only the type `person` exists, and no document is a place.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakes.cht.javascript import js

PERSON = "person"
BUILT_IN = ("district_hospital", "health_center", "clinic", PERSON)
"""Types that are written into `type` itself; other documents have the type `contact` and a `contact_type`."""

Settings = Mapping[str, Any]
ContactType = Mapping[str, Any]


def contact_type(settings: Settings, type_id: Any) -> ContactType | None:
    """The type with an id, or None."""
    listed = settings.get("contact_types")
    entries = listed if isinstance(listed, list) else []
    return next((one for one in entries if isinstance(one, Mapping) and one.get("id") == type_id), None)


def type_id_of(doc: Mapping[str, Any]) -> Any:
    """The id of a contact's type."""
    return doc.get("contact_type") if doc.get("type") == "contact" else doc.get("type")


def type_of(settings: Settings, doc: Mapping[str, Any]) -> ContactType | None:
    """The type of a contact; None for other documents."""
    type_id = type_id_of(doc)
    return contact_type(settings, type_id) if js.truthy(type_id) else None


def is_person_type(type_: ContactType) -> bool:
    """Whether contacts of a type are persons; the others are places."""
    return js.truthy(type_.get("person")) or type_.get("id") == PERSON


def is_person(settings: Settings, doc: Mapping[str, Any]) -> bool:
    """Whether a document is a person."""
    return is_person_type(contact_type(settings, type_id_of(doc)) or {"id": type_id_of(doc)})


def is_place(settings: Settings, doc: Mapping[str, Any]) -> bool:
    """Whether a document is a place."""
    found = type_of(settings, doc)
    return found is not None and not is_person_type(found)


def may_be_parent(settings: Settings, parent: Mapping[str, Any], child: Mapping[str, Any]) -> bool:
    """Whether the settings allow contacts of the type of `child` below `parent`."""
    above, below = type_of(settings, parent), type_of(settings, child)
    parents = below.get("parents") if below is not None else None
    return above is not None and isinstance(parents, list) and above.get("id") in parents
