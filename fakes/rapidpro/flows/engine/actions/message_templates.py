"""Message templates of channels that need them. Source: goflow core/template.go, flows/actions/send_msg.go."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fakes.rapidpro.flows.engine.checks import is_attachment
from fakes.rapidpro.flows.engine.definitions import Action
from fakes.rapidpro.flows.engine.state.session import Run
from fakes.rapidpro.flows.engine.state.workspace import Channel
from fakes.rapidpro.flows.engine.work.languages import texts_of
from fakes.rapidpro.flows.engine.work.stretch import Stretch
from fakes.rapidpro.flows.engine.work.templates import text_of

Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Templated:
    """A template with its variables filled in. `templating`: as it goes with the message."""

    text: str
    attachments: tuple[str, ...]
    quick_replies: tuple[str, ...]
    templating: Json


def templated(action: Action, channel: Channel, stretch: Stretch, run: Run) -> Templated | None:
    """The action's template for the channel; None if there is none, or no translation for the channel."""
    old = action.values.get("templating") or {}
    reference = old.get("template") if old else action.values.get("template")
    template = _find(reference, stretch)
    if reference is None or template is None:
        return None
    if stretch.rules.is_new:
        variables = [text_of(one, stretch, run)[0] for one in action.texts("template_variables")]
        found = _translation(template, channel, stretch)
        return None if found is None else _new(reference, found, variables)
    found = _translation(template, channel, stretch)
    if found is None:
        return None
    texts = texts_of(old.get("uuid") or "", "variables", old.get("variables") or (), stretch, run)
    return _old(reference, found, [text_of(one, stretch, run)[0] for one in texts])


def _find(reference: Json | None, stretch: Stretch) -> Json | None:
    uuid = (reference or {}).get("uuid")
    return next((one for one in stretch.workspace.templates if one.get("uuid") == uuid), None)


def _translation(template: Json, channel: Channel, stretch: Stretch) -> Json | None:
    """The translation of the channel that fits the contact's language best, else the workspace's, else the first."""
    candidates = [
        one for one in template.get("translations") or () if (one.get("channel") or {}).get("uuid") == channel.uuid
    ]
    languages, own = stretch.workspace.languages, stretch.session.contact.language
    wanted = ([own] if own in languages else []) + list(languages[:1])
    for language in wanted:
        for one in candidates:
            if str(one.get("locale") or "").partition("-")[0] == language:
                return one  # type: ignore[no-any-return] # translations are JSON
    return candidates[0] if candidates else None


def _old(reference: Json, translation: Json, variables: list[str]) -> Templated:
    text = str(translation.get("content") or "")
    for number, value in enumerate(variables, 1):
        text = text.replace(f"{{{{{number}}}}}", value)
    return Templated(text, (), (), {"template": dict(reference), "variables": variables})


def _new(reference: Json, translation: Json, given: list[str]) -> Templated:
    variables = [
        {"type": one.get("type") or "text", "value": given[index] if index < len(given) else ""}
        for index, one in enumerate(translation.get("variables") or ())
    ]
    texts, attachments, replies = [], [], []
    for component in translation.get("components") or ():
        content = str(component.get("content") or "")
        for key, index in (component.get("variables") or {}).items():
            if not 0 <= index < len(variables):
                continue
            variable = variables[index]
            if variable["type"] == "text":
                content = content.replace(f"{{{{{key}}}}}", variable["value"])
            elif is_attachment(variable["value"]):
                attachments.append(variable["value"])
        kind = str(component.get("type") or "")
        if content and kind in ("header/text", "body/text", "footer/text"):
            texts.append(content)
        elif content and kind.startswith("button/"):
            replies.append(content[:64])
    templating = {"template": dict(reference), **({"variables": variables} if variables else {})}
    return Templated("\n\n".join(texts), tuple(attachments), tuple(replies), templating)
