"""Texts by language as broadcasts take them: the checks of today's RapidPro, and those up to v8.1.24.

Source: rapidpro temba/api/v2/fields.py (LanguageDictField, before it TranslatableField).
"""

from __future__ import annotations

from typing import Any

from fakes.rapidpro.api import fields
from fakes.rapidpro.api.fields import Invalid, invalid
from fakes.rapidpro.api.languages import is_language
from fakes.rapidpro.api.wire import Broken
from fakes.rapidpro.profile import Profile
from fakes.rapidpro.rows import Workspace

NO_LANGUAGE = "Not an allowed ISO 639-3 language code."


def language(value: Any) -> str:
    """A code of three letters."""
    code = fields.text(value)
    if not is_language(code):
        raise invalid(NO_LANGUAGE)
    return code


def texts(value: Any, workspace: Workspace, profile: Profile) -> dict[str, str]:
    """`text` of a broadcast: a string stands for the workspace's first language."""
    given = {_first(workspace): value} if isinstance(value, str) else value
    return fields.dictionary(given, lambda key, item: _text(key, item, profile))


def _text(key: str, value: Any, profile: Profile) -> str:
    if not is_language(key):
        raise invalid(NO_LANGUAGE)
    return fields.text(value, limit=profile.text_limit)


def attachments(value: Any, workspace: Workspace) -> dict[str, list[Any]]:
    """`attachments` of a broadcast: a list stands for the first language. There is no media library: none is found."""
    given = {_first(workspace): value} if isinstance(value, list) else value
    return fields.dictionary(given, _attachments)


def _attachments(key: str, value: Any) -> list[Any]:
    if not is_language(key):
        raise invalid(NO_LANGUAGE)
    if not isinstance(value, list):
        raise invalid(f'Expected a list of items but got type "{type(value).__name__}".')
    for item in value:
        raise invalid(f"No such object: {item}")
    return []


def quick_replies(value: Any, workspace: Workspace) -> dict[str, list[Any]]:
    """`quick_replies` by language. Plain strings break the real one (v26.3.54)."""
    given = {_first(workspace): value} if isinstance(value, list) else value
    return fields.dictionary(given, _quick_replies)


def _quick_replies(key: str, value: Any) -> list[Any]:
    if not is_language(key):
        raise invalid(NO_LANGUAGE)
    if not isinstance(value, list):
        raise invalid(f'Expected a list of items but got type "{type(value).__name__}".')
    if not all(isinstance(item, dict) for item in value):
        raise Broken
    return [{"type": item.get("type", "text"), "text": fields.text(item.get("text"), limit=64)} for item in value]


def old_texts(value: Any, workspace: Workspace, profile: Profile) -> dict[str, str]:
    """`text` up to v8.1.24: kept as it is, must be there in the workspace's first language."""
    if value is None:
        raise invalid(fields.NULL)
    base = workspace.languages[0] if workspace.languages else "base"
    if isinstance(value, str):
        value = {base: value}
    if not isinstance(value, dict):
        raise invalid("Value must be a string or dict of strings.")
    _check_old(value, base, profile)
    if any("\x00" in text or (not text.isprintable() and _has_surrogates(text)) for text in value.values()):
        raise Broken
    return value


def _check_old(value: dict[str, Any], base: str, profile: Profile) -> None:
    if not value:
        raise invalid("Must include at least one translation.")
    if not all(isinstance(text, str) for text in value.values()):
        raise invalid("Translations must be strings.")
    if any(len(text) > profile.text_limit for text in value.values()):
        raise invalid(f"Ensure this field has no more than {profile.text_limit} characters.")
    if base not in value:
        raise Invalid([f"Must include translation for base language '{base}'"])
    strange = next((key for key in value if not is_language(key)), None)
    if profile.checks_text_languages and strange is not None:
        raise Invalid([f"Language code {strange} is not valid."])


def _has_surrogates(text: str) -> bool:
    return any(ord(char) in fields.SURROGATES for char in text)


def _first(workspace: Workspace) -> str:
    return workspace.languages[0] if workspace.languages else "und"
