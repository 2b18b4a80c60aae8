"""What a broadcast says to one contact: whose translation, and what becomes of the expressions in it.

Source: goflow core/msg.go (BroadcastTranslations, MsgContent), mailroom core/models/broadcast.go and msg.go.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fakes.rapidpro.context import context_of
from fakes.rapidpro.engine import Work
from fakes.rapidpro.records import Contact, Content, Records, Workspace
from fakes.rapidpro.templates import written

Translations = Mapping[str, Mapping[str, Any]]
"""By language: text, attachments, quick_replies."""


def content_for(broadcast: Any, contact: Contact, workspace: Workspace, records: Records, work: Work) -> Content | None:
    """What the contact gets; none if it is nothing."""
    wished = list(_languages(contact, workspace, broadcast.base_language))
    chosen = (_merged if work.habits.merges_translations else _first)(records.translations_of(broadcast), wished)
    if chosen.empty:
        return None
    content = _evaluated(chosen, contact, workspace, records, work)
    return None if content.empty and not work.habits.sends_emptied else content


def _languages(contact: Contact, workspace: Workspace, base: str) -> Iterator[str]:
    """The contact's if the workspace has it, the workspace's first, the broadcast's base."""
    if contact.language in workspace.languages:
        yield contact.language or ""
    yield from workspace.languages[:1]
    yield base


def _merged(given: Translations, languages: Sequence[str]) -> Content:
    """Each part in the first language that has it."""

    def first(part: str) -> Any:
        return next((given[one][part] for one in languages if one in given and given[one].get(part)), ())

    return Content(first("text") or "", first("attachments"), first("quick_replies"))


def _first(given: Translations, languages: Sequence[str]) -> Content:
    """All parts in the first language there is."""
    one = next((given[language] for language in languages if language in given), {})
    return Content(one.get("text") or "", one.get("attachments") or (), one.get("quick_replies") or ())


def _evaluated(content: Content, contact: Contact, workspace: Workspace, records: Records, work: Work) -> Content:
    if "@" not in content.text and not content.quick_replies:
        return content
    context = context_of(records, workspace, contact)
    replies = [
        {
            key: written(value, context, workspace, work) if key == "text" else value
            for key, value in one.items()
            if value
        }
        for one in content.quick_replies
    ]
    return replace(content, text=written(content.text, context, workspace, work), quick_replies=replies)
