"""Texts by language in broadcasts: the current checks, and those up to v8.1.24.

Source: rapidpro temba/api/v2/fields.py (LanguageDictField, before it TranslatableField).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fakes.rapidpro.api.http.wire import ServerError
from fakes.rapidpro.api.values import fields, references
from fakes.rapidpro.api.values.fields import Invalid, invalid
from fakes.rapidpro.api.values.languages import is_language
from fakes.rapidpro.store.rows import Workspace
from fakes.rapidpro.versions.profile import Profile

MAX_LANGUAGES = 50
MAX_ATTACHMENTS = MAX_REPLIES = 10
REPLY_TYPES = ("text", "form", "url", "location")
NO_LANGUAGE = "Not an allowed ISO 639-3 language code."


def language(value: Any) -> str:
    """A code of three letters."""
    found = []
    try:
        code = fields.text(value, limit=3)
    except Invalid as problem:
        if value is None or isinstance(value, bool | list | dict) or not str(value).strip():
            raise
        code, found = str(value).strip(), problem.errors
    if not is_language(code):
        raise Invalid([*found, NO_LANGUAGE])
    return code


def texts(value: Any, workspace: Workspace, profile: Profile) -> dict[str, str]:
    """`text` of a broadcast: a string stands for the workspace's first language."""
    single = str if not profile.quick_replies else str | list
    values = {_first(workspace): value} if isinstance(value, single) else value
    return _by_language(values, lambda item: fields.text(item, limit=profile.text_limit))


def _by_language(value: Any, check: Callable[[Any], Any]) -> dict[str, Any]:
    """Values by language. Errors of the values come first, then those of the keys, then of their number."""
    found = fields.dictionary(value, lambda _key, item: check(item))
    unknown = {key: [NO_LANGUAGE] for key in found if not is_language(key)}
    if unknown:
        raise Invalid(unknown)
    if len(found) > MAX_LANGUAGES:
        raise invalid(f"Ensure this field has no more than {MAX_LANGUAGES} elements.")
    return found


def attachments(value: Any, workspace: Workspace, profile: Profile) -> dict[str, list[Any]]:
    """`attachments` of a broadcast: a list stands for the first language."""
    single = list if not profile.quick_replies else str | list
    values = {_first(workspace): value} if isinstance(value, single) else value
    return _by_language(values, lambda value: media(value, profile))


def media(value: Any, profile: Profile) -> list[Any]:
    """Uploaded files. There is no media library, so none is found."""
    few = isinstance(value, list) and 0 < len(value) <= MAX_ATTACHMENTS
    if few and isinstance(value[0], int) and not profile.numeric_media_allowed:
        raise ServerError  # later items are not checked: the first one is missing
    return references.many(value, lambda _name: None, profile, limit=MAX_ATTACHMENTS)


def quick_replies(value: Any, workspace: Workspace, profile: Profile) -> dict[str, list[Any]]:
    """`quick_replies` by language."""
    values = {_first(workspace): value} if isinstance(value, str | list) else value
    return _by_language(values, lambda one: replies(one, profile))


def replies(value: Any, profile: Profile) -> list[Any]:
    """Quick replies of one text. Plain strings, like anything but objects, are a server error (v26.3.54)."""
    return fields.items(value, _reply, profile, limit=MAX_REPLIES)


def _reply(value: Any) -> dict[str, Any]:
    """Source: temba/api/v2/fields.py, QuickReplySerializer: combinations are checked before single fields."""
    if not isinstance(value, dict):
        raise ServerError
    kind, said, extra = value.get("type", "text"), value.get("text"), value.get("extra")
    if kind == "text" and not said:
        raise invalid("Quick replies of type 'text' require a 'text' value.")
    if kind in ("form", "url") and not (said and extra):
        raise invalid(f"Quick replies of type '{kind}' require 'text' and 'extra' values.")
    if kind == "location" and extra:
        raise invalid("Quick replies of type 'location' cannot have an 'extra' value.")
    checks: dict[str, fields.Check] = {
        "type": lambda values: fields.choice(values, REPLY_TYPES),
        "text": lambda values: values if values is None else fields.text(values, limit=64),
        "extra": lambda values: values if values is None else fields.text(values, limit=1000),
    }
    return {"type": "text", **fields.check_fields(value, checks)}


def texts_until_8_1(value: Any, workspace: Workspace, profile: Profile) -> dict[str, str]:
    """`text` up to v8.1.24: stored unchanged; required in the workspace's first language."""
    if value is None:
        raise invalid(fields.NULL)
    base = workspace.languages[0] if workspace.languages else "base"
    if isinstance(value, str):
        if len(value) > profile.text_limit:
            raise invalid(f"Ensure this field has no more than {profile.text_limit} characters.")
        value = {base: value}
    if not isinstance(value, dict):
        raise invalid("Value must be a string or dict of strings.")
    _check_texts_until_8_1(value, base, profile)
    if any("\x00" in text or (not text.isprintable() and _has_surrogates(text)) for text in value.values()):
        raise ServerError
    return value


def _check_texts_until_8_1(value: dict[str, Any], base: str, profile: Profile) -> None:
    if not value:
        raise invalid("Must include at least one translation.")
    if base not in value:
        raise Invalid([f"Must include translation for base language '{base}'"])
    for key, text in value.items():
        if len(key) != 3 if profile.checks_text_languages else key != "base" and len(key) > 3:
            raise Invalid([f"Language code {key} is not valid."])
        if not isinstance(text, str):
            raise invalid("Translations must be strings.")
        if len(text) > profile.text_limit:
            raise invalid(f"Ensure translations have no more than {profile.text_limit} characters.")


def _has_surrogates(text: str) -> bool:
    return any(ord(char) in fields.SURROGATES for char in text)


def _first(workspace: Workspace) -> str:
    return workspace.languages[0] if workspace.languages else "und"
