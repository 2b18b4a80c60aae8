"""Translated texts of legacy definitions: an object by language, or one text for all."""

from __future__ import annotations

import random
from typing import Any

from fakes.rapidpro.flows.engine.checks import json_kind
from fakes.rapidpro.flows.engine.legacy.templates import current_template
from fakes.rapidpro.flows.engine.refused import Refused
from fakes.rapidpro.uuids import uuid4

Json = dict[str, Any]


def translations(value: Any) -> dict[str, str]:
    """Texts by language. Refused if it is something else."""
    if value is None:
        return {}
    if isinstance(value, str):
        return {"base": value}
    if not isinstance(value, dict):
        raise Refused(f"json: cannot unmarshal {json_kind(value)} into Go value of type map[i18n.Language]string")
    wrong = next((one for one in value.values() if not isinstance(one, str | None)), None)
    if wrong is not None:
        raise Refused(f"json: cannot unmarshal {json_kind(wrong)} into Go value of type string")
    return {language: text or "" for language, text in value.items()}


def json_object(value: Any) -> Json:
    """An object; an empty one if it is something else."""
    return value if isinstance(value, dict) else {}


def base_of(texts: dict[str, str], language: str) -> str:
    """The text in the flow's language."""
    return texts[language] if language in texts else texts.get("base", "")


def made_uuid(*parts: Any) -> str:
    """A UUID for what has none in a legacy definition, the same for the same place."""
    return uuid4(random.Random("/".join(str(part) for part in parts)))


class Localization:
    """The translations of a flow while it is migrated."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.values: dict[str, dict[str, dict[str, list[str]]]] = {}

    def add(self, texts: dict[str, str], item: str, name: str) -> str:
        """Note the translations of a text; returns the one in the flow's language. All are rewritten."""
        for language, text in texts.items():
            if language not in (self.language, "base"):
                self.put(language, item, name, [current_template(text)])
        return current_template(texts.get(self.language, ""))

    def put(self, language: str, item: str, name: str, texts: list[str]) -> None:
        """Note one translation."""
        self.values.setdefault(language, {}).setdefault(item, {})[name] = texts
