"""The content of a broadcast for one contact: the translation, with its expressions evaluated.

Source: goflow core/msg.go (BroadcastTranslations, MsgContent), mailroom core/models/broadcast.go and msg.go.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fakes.rapidpro.flows.context import EMPTY, contact_context
from fakes.rapidpro.flows.templates import evaluate_template
from fakes.rapidpro.runtime import Runtime
from fakes.rapidpro.store.records import Contact, Content, Records, Workspace

Translation = Mapping[str, Any]
"""text, attachments and quick_replies, as far as present."""


def content_for(
    broadcast: Any, contact: Contact, workspace: Workspace, records: Records, runtime: Runtime
) -> Content | None:
    """The content for the contact; None if it is empty."""
    translations, languages = (
        records.translations_of(broadcast),
        _languages(contact, workspace, broadcast.base_language),
    )
    found = [translations[language] for language in languages if language in translations]
    chosen = _merged(found) if runtime.habits.merges_translations else _content(*found[:1])
    if chosen.empty:
        return None
    content = _evaluated(chosen, contact, workspace, records, runtime)
    return None if content.empty and not runtime.habits.sends_empty_texts else content


def _languages(contact: Contact, workspace: Workspace, base: str) -> Iterable[str]:
    """The contact's language if the workspace has it, the workspace's first, the broadcast's base language."""
    own, known = contact.language, workspace.languages
    return dict.fromkeys((own, *known[:1], base) if own is not None and own in known else (*known[:1], base))


def _merged(found: Sequence[Translation]) -> Content:
    """Each part from the first translation that has it."""
    if len(found) == 1:  # the usual case
        return _content(found[0])
    first = {part: next((one[part] for one in found if one.get(part)), None) for part in Content._fields}
    return _content(first)


def _content(one: Translation = EMPTY) -> Content:
    return Content(one.get("text") or "", one.get("attachments") or (), one.get("quick_replies") or ())


def _evaluated(content: Content, contact: Contact, workspace: Workspace, records: Records, runtime: Runtime) -> Content:
    if "@" not in content.text and not content.quick_replies:
        return content
    context = contact_context(records, workspace, contact)
    replies = [
        {
            key: evaluate_template(value, context, workspace, runtime) if key == "text" else value
            for key, value in one.items()
            if value
        }
        for one in content.quick_replies
    ]
    return content._replace(text=evaluate_template(content.text, context, workspace, runtime), quick_replies=replies)
