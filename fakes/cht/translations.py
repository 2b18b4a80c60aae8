"""Texts that CHT puts into records, in the language of the record (cht-core `api/src/config.js`, `translate`)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from fakes.cht.javascript import js
from fakes.cht.javascript.inherited import Inherited, inherited, look_up
from fakes.cht.state import State

DEFAULTS = {
    "extra_fields": "Extra fields.",
    "sys.empty": "Message appears empty.",
    "sys.form_not_found": "Form '{{form}}' not found.",
    "sys.incorrect_type": "Incorrect type of field {{key}}, expected {{expectedType}}.",
    "sys.missing_fields": "Missing or invalid fields: {{fields}}.",
}
"""The built-in English texts, used unless a `messages-en` document overrides them."""
PLACEHOLDER = re.compile(r"\{\{(.+?)\}\}")


def translate(state: State, key: Any, locale: Any = None, context: Mapping[str, Any] | None = None) -> Any:
    """The text for a key, or from an object with texts by locale, with its `{{placeholders}}` filled in.

    Texts come from the documents `messages-<locale>`, then `messages-en`, then the built-in ones; a key without a text
    stands for itself. A text with a placeholder that `context` lacks is returned unchanged. For a key or locale that
    every object has a property for, that property is found: its text, or as the text of a locale an Inherited.
    """
    if isinstance(locale, (dict, list)):  # the original takes it for the context
        locale, context = None, locale if isinstance(locale, dict) else {}
    locale = locale or state.settings.get("locale") or "en"
    if isinstance(key, (dict, list)):
        return _message(key, locale) or key
    found = stored_text(state, key, locale)
    text = js.string(found) if isinstance(found, (Inherited, dict)) else found or DEFAULTS.get(key, key)
    return fill(text, context or {})


def stored_text(state: State, key: Any, locale: Any) -> Any:
    """The text of a key in a language, else in English; an Inherited or `{}` for what every object has; else None."""
    for language in (locale, "en"):
        found = _stored(state, language, key)
        if not found and (language == "en" or _texts(state, language) is not None):
            found = inherited(key)
        if found is not None:
            return found
    return None


def fill(text: Any, context: Mapping[str, Any]) -> Any:
    """`text` with its placeholders filled in; unchanged if one is unknown."""
    if not isinstance(text, str):
        return text
    if any(name.strip() not in context for name in PLACEHOLDER.findall(text)):
        return text
    return PLACEHOLDER.sub(lambda match: _shown(context[match[1].strip()]), text)


def _shown(value: Any) -> str:
    return "" if value is None else js.string(value)


def _texts(state: State, locale: Any) -> Mapping[str, Any] | None:
    doc = state.docs.get(f"messages-{locale}")
    return None if doc is None or doc.get("type") != "translations" else doc


def _stored(state: State, locale: Any, key: Any) -> Any:
    doc = _texts(state, locale) or {}
    for part in ("custom", "generic"):
        texts = doc.get(part)
        if isinstance(texts, dict) and texts.get(key):
            return texts[key]
    return None


def _message(value: Any, locale: str) -> Any:
    if not isinstance(value, dict):
        return None
    listed = value.get("translations")
    translations = [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []
    by_locale = {entry.get("locale"): entry.get("content") for entry in reversed(translations)}
    source = by_locale if "translations" in value else value
    first = translations[0].get("content") if translations else None
    own = by_locale.get(locale) if source is by_locale else look_up(value, locale)
    if js.truthy(own):
        return own
    return value.get("default") or source.get("en") or first or next(iter(value.values()), None)
