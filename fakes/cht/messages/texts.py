"""CHT's own messages, in the language of the record (cht-core `shared-libs/transitions/src/lib/utils.js`).

Texts come from the documents `messages-<locale>`, then `messages-en`. Of the built-in ones, two are
recorded from the real server; the others paraphrase the real texts. CHT has none for `parent_not_found`,
`parent_invalid`, `parent_field_not_provided` and `sender_not_found`: without a text in the settings nothing is sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakes.cht.javascript import js
from fakes.cht.javascript.inherited import Inherited
from fakes.cht.state import State
from fakes.cht.translations import DEFAULTS as TEXTS_OF_RECORDS
from fakes.cht.translations import stored_text

DEFAULTS: Mapping[str, str] = {
    "sms_received": "SMS message received; it will be reviewed shortly. If you were trying to submit a text form, "
    "please enter a correct form code and try again.",
    "empty": "It looks like you sent an empty message, please try to resend. If you continue to have this problem "
    "please contact your supervisor.",
    "form_not_found": "This form is not known. Check its code and send it again.",
    "messages.generic.registration_not_found": "Nobody with the ID '{{patient_id}}' is registered. Check the ID and "
    "send the message again.",
    "messages.generic.no_provided_patient_id": "The message has no patient ID. Add it and send the message again.",
    "messages.generic.provided_patient_id_not_unique": "The ID in the message is already in use. Choose "
    "another one and send the message again.",
    "messages.generic.provided_phone_not_valid": "The phone number in the message is not valid. Check it and send the "
    "message again.",
    "messages.generic.sys.facility_not_found": "This number is not registered for sending reports.",
    "sys.facility_not_found": "Facility not found.",
}


def translate(state: State, key: Any, locale: str) -> str:
    """The text for a key, placeholders included; a key without a text stands for itself.

    Raises TypeError for a key that every object has a property for, and no language a text.
    """
    if not isinstance(key, str):
        return js.string(key)
    found = stored_text(state, key, locale)
    if isinstance(found, (Inherited, dict)):
        raise TypeError("msg.trim is not a function")
    return js.trim(js.string(found or TEXTS_OF_RECORDS.get(key) or DEFAULTS.get(key, key)))


def locale_of(settings: Mapping[str, Any], doc: Mapping[str, Any]) -> str:
    """The language of the answers to a record."""
    message = doc.get("sms_message")
    language = message.get("locale") if isinstance(message, Mapping) else None
    found = doc.get("locale") or language or settings.get("locale_outgoing") or settings.get("locale")
    return str(found or "en")


def message_template(state: State, content: Any, locale: str) -> Any:
    """The template in a setting: by `translation_key`, or in `message` as a string or as texts by locale."""
    if not isinstance(content, Mapping):
        return ""
    key = content.get("translation_key")
    if js.truthy(key):
        return translate(state, key, locale)
    texts = content.get("messages") or content.get("message")
    if not isinstance(texts, list):
        return texts if isinstance(texts, str) else ""
    entries = [entry for entry in texts if isinstance(entry, Mapping)]
    chosen = next((entry for entry in entries if entry.get("locale") == locale), entries[0] if entries else None)
    text = chosen.get("content") if chosen is not None else None
    return js.trim(text) if isinstance(text, str) else ""
