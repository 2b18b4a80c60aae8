"""Legacy actions. Source: goflow flows/definition/legacy/definition.go."""

from __future__ import annotations

from typing import Any

from fakes.rapidpro.flows.context import SCHEMES
from fakes.rapidpro.flows.engine.legacy.templates import current_template
from fakes.rapidpro.flows.engine.legacy.texts import Json, Localization, translations
from fakes.rapidpro.flows.engine.refused import Refused


def current_action(action: Json, localization: Localization) -> Json:
    """The current form of a legacy action. Refused if its type is not known."""
    kind = str(action.get("type") or "")
    build = _BUILDERS.get(kind)
    if build is None:
        raise Refused(f"unable to migrate legacy action type: {kind}")
    return {"uuid": action.get("uuid") or "", **build(action, localization)}


def _text(action: Json, name: str) -> str:
    value = action.get(name)
    if value is not None and not isinstance(value, str):
        raise Refused(f"json: cannot unmarshal value into Go struct field Action.{name} of type string")
    return value or ""


def _reference(value: Any) -> Json:
    found = value if isinstance(value, dict) else {}
    return {"uuid": found.get("uuid") or "", "name": found.get("name") or ""}


def reference_or_name(value: Any) -> Json:
    """A group or label: a reference, or a name that may be an expression."""
    if isinstance(value, dict) and value.get("uuid"):
        return _reference(value)
    name = value if isinstance(value, str) else str((value or {}).get("name") or "")
    return {"name_match": current_template(name) if name.startswith("@") else name}


def _list(action: Json, name: str) -> list[Any]:
    value = action.get(name)
    return [one for one in value if one is not None] if isinstance(value, list) else []


def _add_label(action: Json, _localization: Localization) -> Json:
    return {"type": "add_input_labels", "labels": [reference_or_name(one) for one in _list(action, "labels")]}


def _email(action: Json, _localization: Localization) -> Json:
    return {
        "type": "send_email",
        "addresses": [current_template(str(one)) for one in _list(action, "emails")],
        "subject": current_template(_text(action, "subject")),
        "body": current_template(_text(action, "msg")),
    }


def _language(action: Json, _localization: Localization) -> Json:
    return {"type": "set_contact_language", "language": _text(action, "lang")}


def _channel(action: Json, _localization: Localization) -> Json:
    channel = {"uuid": _text(action, "channel"), "name": _text(action, "name")}
    return {"type": "set_contact_channel", "channel": channel}


def _flow(action: Json, _localization: Localization) -> Json:
    return {"type": "enter_flow", "flow": _reference(action.get("flow")), "terminal": True}


def _others(action: Json) -> tuple[Json, bool]:
    """The recipients, and whether a new contact is one of them."""
    variables = [str(one.get("id") or "") for one in _list(action, "variables") if isinstance(one, dict)]
    return {
        "contacts": [_reference(one) for one in _list(action, "contacts")],
        "groups": [reference_or_name(one) for one in _list(action, "groups")],
        "legacy_vars": [current_template(one) for one in variables if one != "@new_contact"],
    }, "@new_contact" in variables


def _trigger_flow(action: Json, _localization: Localization) -> Json:
    others, creates = _others(action)
    return {
        "type": "start_session", "flow": _reference(action.get("flow")), **others,
        **({"create_contact": True} if creates else {}),
    }  # fmt: skip


def _message(action: Json, localization: Localization) -> Json:
    uuid = str(action.get("uuid") or "")
    text = localization.add(translations(action.get("msg")), uuid, "text")
    media = {language: _absolute(one) for language, one in translations(action.get("media")).items()}
    attachment = localization.add(media, uuid, "attachments")
    replies = _quick_replies(_list(action, "quick_replies"), uuid, localization)
    return {
        "text": text,
        **({"attachments": [attachment]} if attachment else {}),
        **({"quick_replies": replies} if replies else {}),
    }


def _absolute(attachment: str) -> str:
    """An uploaded file has an address on the installation, which is not known here; an expression stays."""
    kind, colon, url = attachment.partition(":")
    if not colon:
        kind, url = "image", attachment
    if "@" in url:
        return attachment
    return f"{kind}:{url}" if url.startswith(("http://", "https://")) else f"{kind}:/{url.removeprefix('/')}"


def _quick_replies(replies: list[Any], uuid: str, localization: Localization) -> list[str]:
    found: dict[str, list[str]] = {}
    for index, reply in enumerate(replies):
        for language, text in translations(reply).items():
            found.setdefault(language, [""] * len(replies))[index] = text
    for language, texts in found.items():
        if language not in (localization.language, "base"):
            localization.put(language, uuid, "quick_replies", [current_template(one) for one in texts])
    return [current_template(one) for one in found.get(localization.language, [])]


def _reply(action: Json, localization: Localization) -> Json:
    all_urns = {"all_urns": True} if action.get("send_all") else {}
    return {"type": "send_msg", **_message(action, localization), **all_urns}


def _send(action: Json, localization: Localization) -> Json:
    return {"type": "send_broadcast", **_message(action, localization), **_others(action)[0]}


def _add_group(action: Json, _localization: Localization) -> Json:
    return {"type": "add_contact_groups", "groups": [reference_or_name(one) for one in _list(action, "groups")]}


def _remove_group(action: Json, _localization: Localization) -> Json:
    groups = [reference_or_name(one) for one in _list(action, "groups")]
    return {"type": "remove_contact_groups", **({"groups": groups} if groups else {"all_groups": True})}


def _save(action: Json, _localization: Localization) -> Json:
    field, value = _text(action, "field"), current_template(_text(action, "value"))
    if field == "first_name":
        value = f"{value.strip()} @(word_slice(contact.name, 1, -1))"
    if field in ("name", "first_name"):
        return {"type": "set_contact_name", "name": value}
    if field in SCHEMES or field == "tel_e164":
        return {"type": "add_contact_urn", "scheme": "tel" if field == "tel_e164" else field, "path": value}
    return {"type": "set_contact_field", "field": {"key": field, "name": _text(action, "label")}, "value": value}


def _say(action: Json, localization: Localization) -> Json:
    uuid = str(action.get("uuid") or "")
    text = localization.add(translations(action.get("msg")), uuid, "text")
    audio = localization.add(translations(action.get("recording")), uuid, "audio_url")
    return {"type": "say_msg", "text": text, **({"audio_url": audio} if audio else {})}


def _play(action: Json, _localization: Localization) -> Json:
    return {"type": "play_audio", "audio_url": current_template(_text(action, "url"))}


_BUILDERS = {
    "add_group": _add_group, "add_label": _add_label, "channel": _channel, "del_group": _remove_group,
    "email": _email, "flow": _flow, "lang": _language, "play": _play, "reply": _reply, "save": _save, "say": _say,
    "send": _send, "trigger-flow": _trigger_flow,
}  # fmt: skip
