"""Names of groups, labels, fields and globals, and how many of them a workspace may have.

Source: rapidpro temba/api/v2/serializers.py (ContactField-, ContactGroup-, Global-, LabelWriteSerializer),
temba/contacts/models.py (ContactField), temba/globals/models.py, temba/api/views.py (WriteAPIMixin),
temba/settings_common.py (ORG_LIMIT_DEFAULTS).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from fakes.rapidpro.api.http.wire import detail, non_field_error
from fakes.rapidpro.api.values import fields
from fakes.rapidpro.api.values.fields import Invalid, invalid
from fakes.rapidpro.store.rows import Field, Global, Named, Workspace
from fakes.rapidpro.versions.profile import Profile

NOT_UNIQUE = "This field must be unique."
ILLEGAL = "Name contains illegal characters."
LIMIT = 250
"""How many of each a workspace may have, unless it has a limit of its own."""
GROUP_LENGTH, FIELD_LENGTH, KEY_LENGTH = 64, 36, 36
_KEY = re.compile(r"[a-z][a-z0-9_]*")
_FIELD_NAME = re.compile(r"[A-Za-z0-9\- ]+")
_GLOBAL_NAME = re.compile(r"[A-Za-z0-9_\- ]+")


def key_of(name: str) -> str:
    """The key that a field or global of that name gets."""
    return re.sub(r"[^a-z0-9]+", " ", name.lower()).strip().replace(" ", "_")


def group_or_label(profile: Profile, taken: Iterable[str]) -> Callable[[Any], str]:
    """A check for names of groups or labels; `taken` are the names of others."""

    def check(value: Any) -> str:
        if profile.lenient_names:
            name = _free(fields.text(value, limit=GROUP_LENGTH), taken)
            if not re.match(r"\w", name):
                raise invalid(ILLEGAL)
            return name
        try:
            return _free(fields.name(value, limit=GROUP_LENGTH), taken)
        except Invalid as problem:
            if isinstance(value, str) and _is_taken(value.strip(), taken) and NOT_UNIQUE not in problem.errors:
                raise Invalid([*problem.errors, NOT_UNIQUE]) from None
            raise

    return check


def field(profile: Profile, taken: Iterable[str]) -> Callable[[Any], str]:
    """A check for names of contact fields."""

    def check(value: Any) -> str:
        name = _free(fields.text(value, limit=FIELD_LENGTH), taken)
        if not _FIELD_NAME.fullmatch(name):
            raise invalid("Can only contain letters, numbers and hypens.")
        key = key_of(name)
        if not _is_key(key) or key in profile.reserved_keys:
            raise invalid(f'Generated key "{key}" is invalid or a reserved name.')
        return name

    return check


def global_value(taken: Iterable[str]) -> Callable[[Any], str]:
    """A check for names of globals."""

    def check(value: Any) -> str:
        name = _free(fields.text(value, limit=FIELD_LENGTH), taken)
        if not _GLOBAL_NAME.fullmatch(name):
            raise invalid(ILLEGAL)
        if not _is_key(key_of(name)):
            raise invalid("Name creates Key that is invalid")
        return name

    return check


def others(rows: Iterable[Any], workspace: Workspace, existing: Any) -> list[str]:
    """Names of a workspace's rows, except the one that is being changed."""
    return [one.name for one in rows if one.workspace is workspace and one is not existing]


def refuse_beyond_limit(
    rows: Iterable[Named | Field | Global], what: str, workspace: Workspace, profile: Profile
) -> None:
    """Refuse another of the `groups`, `labels`, `fields` or `globals` if the workspace has reached its limit."""
    count, limit = sum(one.workspace is workspace for one in rows), workspace.limits.get(what, LIMIT)
    if count < limit:
        return
    if profile.limit_status == 400:  # a non-field error, in which fields are called contact fields
        raise non_field_error(
            profile.limit_text.format(count=count, what="contact fields" if what == "fields" else what, limit=limit)
        )
    raise detail(profile.limit_status, profile.limit_text.format(limit=limit))


def _is_key(key: str) -> bool:
    return _KEY.fullmatch(key) is not None and len(key) <= KEY_LENGTH


def _is_taken(name: str, taken: Iterable[str]) -> bool:
    return any(one.lower() == name.lower() for one in taken)


def _free(name: str, taken: Iterable[str]) -> str:
    if _is_taken(name, taken):
        raise invalid(NOT_UNIQUE)
    return name
