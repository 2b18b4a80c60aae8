"""Recipients of messages: `reporting_unit`, `parent`, `clinic`, a field, a number, ... (cht-core `message-utils`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fakes.cht.javascript import js
from fakes.cht.javascript.inherited import look_up
from fakes.cht.javascript.paths import UNDEFINED, get_path
from fakes.cht.javascript.sandbox import evaluate
from fakes.cht.messages.phone_number import normalize

View = Mapping[str, Any]
Resolver = tuple[Callable[[View, str], Any], Callable[[View, str], Any]]


def phone_of(settings: Mapping[str, Any], view: View, recipient: Any) -> Any:
    """The phone number of a recipient, or of the first known one in a list; None if there is none.

    An unknown recipient stands for the sender, unless `sms.default_to_sender` is false: then it stays as it is.
    """
    phone = _recipient(view, recipient, _default_to_sender(settings))
    return _apply_filters(settings, _replace_prefix(settings, phone))


def parent_of(doc: Any, type_: str) -> Any:
    """The nearest place of a type at or above a contact or the contact of a report."""
    at = doc if _get(doc, "parent") else _get(doc, "contact")
    while isinstance(at, Mapping) and at.get("type") != type_ and at.get("contact_type") != type_:
        at = at.get("parent")
    return at or None


def _default_to_sender(settings: Mapping[str, Any]) -> bool:
    sms = settings.get("sms")
    value = sms.get("default_to_sender") if isinstance(sms, Mapping) else None
    return True if value is None else js.truthy(value)


def _recipient(view: View, recipient: Any, default_to_sender: bool) -> Any:
    sender = _sender(view)
    listed = recipient if isinstance(recipient, list) else [recipient]
    texts = [
        js.trim(js.string(one)) for one in listed if isinstance(one, (str, int, float)) and not isinstance(one, bool)
    ]
    names = [text for text in texts if text]
    if not names:
        return sender
    found = next(filter(js.truthy, (_resolve(view, name) for name in names)), None)
    if found is not None:
        return found
    return (sender if default_to_sender else None) or names[0]


def _resolve(view: View, name: str) -> Any:
    for match, resolve in RESOLVERS:
        if js.truthy(match(view, name)):
            return resolve(view, name)
    return None


def _get(value: Any, *path: str) -> Any:
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _property(value: Any, name: str) -> Any:
    """A property of an object, an inherited one too."""
    return look_up(value, name) if isinstance(value, Mapping) else None


def _sender(view: View, _name: str = "") -> Any:
    return view.get("from") or _get(view, "contact", "phone")


def _first(candidates: Iterable[Any]) -> Any:
    return next(filter(None, candidates), None)


def _phone_of_parent(doc: Any, type_: str) -> Any:
    return _get(parent_of(doc, type_), "contact", "phone") if doc else None


def _ancestor(view: View, name: str) -> Any:
    type_ = name.split(":")[1]
    return _first(_phone_of_parent(doc, type_) for doc in (view.get("patient"), view.get("place"), view))


def _linked(view: View, name: str) -> Any:
    tag = name.split(":")[1]
    docs = [view.get(key) for key in ("patient", "place", "contact")]
    return _first((*(_phone_of_link(doc, tag) for doc in docs), *(_phone_of_parent(doc, tag) for doc in docs)))


def _phone_of_link(doc: Any, tag: str) -> Any:
    at = doc if _get(doc, "parent") else _get(doc, "contact")
    while isinstance(at, Mapping):
        linked = _property(at.get("linked_docs"), tag)
        if js.truthy(linked):
            return _get(linked, "phone")
        at = at.get("parent")
    return None


def _above(levels: int) -> Callable[[View, str], Any]:
    def resolve(view: View, _name: str) -> Any:
        at: Any = view.get("patient") or view.get("place") or view
        at = at if _get(at, "parent") else _get(at, "contact")
        return _get(at, *["parent"] * levels, "contact", "phone")

    return resolve


def _place(type_: str, *, or_contact: bool = False) -> Callable[[View, str], Any]:
    def resolve(view: View, _name: str) -> Any:
        found = _first(_phone_of_parent(doc, type_) for doc in (view.get("patient"), view.get("place"), view))
        return found or (_get(view, "contact", "phone") if or_contact else None)

    return resolve


def _is(expected: str) -> Callable[[View, str], bool]:
    return lambda _view, name: name == expected


def _by_path(view: View, name: str) -> Any:
    found = get_path(dict(view), name)
    return None if found is UNDEFINED else found


RESOLVERS: tuple[Resolver, ...] = (
    (_is("reporting_unit"), _sender),
    (lambda _view, name: name.startswith("ancestor:"), _ancestor),
    (lambda _view, name: name.startswith("link:"), _linked),
    (_is("parent"), _above(2)),
    (_is("grandparent"), _above(3)),
    (_is("clinic"), _place("clinic", or_contact=True)),
    (_is("health_center"), _place("health_center")),
    (_is("district"), _place("district_hospital")),
    (lambda view, name: _property(view.get("fields"), name), lambda view, name: _property(view.get("fields"), name)),
    (lambda view, name: _property(view, name), lambda view, name: _property(view, name)),
    (lambda _view, name: "." in name, _by_path),
    (lambda _view, name: bool(normalize({}, name)), lambda _view, name: name),
)
"""Pairs of a test for a kind of name and the resolver for it; the first match counts."""


def _replace_prefix(settings: Mapping[str, Any], phone: Any) -> Any:
    """`outgoing_phone_replace`: replaces the prefix of the number. Raises TypeError for a recipient that is no text."""
    rule = settings.get("outgoing_phone_replace")
    match = _get(rule, "match")
    if not match or not js.truthy(phone):
        return phone
    if isinstance(phone, list) and phone[:1] != [match]:
        return phone
    if not isinstance(phone, str):
        raise TypeError(f"phone.{'substring' if isinstance(phone, list) else 'indexOf'} is not a function")
    return f"{_get(rule, 'replace') or ''}{phone[len(str(match)) :]}" if phone.startswith(str(match)) else phone


def _apply_filters(settings: Mapping[str, Any], phone: Any) -> Any:
    """`outgoing_phone_filters`: JavaScript patterns, each replaced once. Raises TypeError for what is no text."""
    filters = settings.get("outgoing_phone_filters")
    if not js.truthy(phone) or not isinstance(filters, list):
        return phone
    for rule in filters:
        if _get(rule, "match") and _get(rule, "replace"):
            if not isinstance(phone, str):
                raise TypeError("phone.replace is not a function")
            names = {"phone": phone, "match": str(rule["match"]), "by": str(rule["replace"])}
            phone = evaluate("phone.replace(new RegExp(match), by)", names).value
    return phone
