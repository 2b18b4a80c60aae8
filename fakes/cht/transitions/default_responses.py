"""The automatic answer to a text that is not a form (cht-core `transitions/default_responses.js`)."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from fakes.cht.couch.documents import Doc
from fakes.cht.javascript import js
from fakes.cht.javascript.dates import parse_date, to_ms
from fakes.cht.messages.generator import Messages
from fakes.cht.messages.outgoing_allowed import is_gateway
from fakes.cht.state import State
from fakes.cht.transitions.lib.change import Change

NAME = "default_responses"
STARTED = re.compile(r"[^0-9]*([0-9]{1,4})(?:[^0-9]*([0-9]{1,2})(?:[^0-9]*([0-9]{1,2}))?)?")
LAST_OF_THIS_CENTURY = 68
"""The last two-digit year that moment.js puts into this century."""


class DefaultResponses:
    """Answers texts from `default_responses.start_date` on, never those of the gateway itself."""

    def __init__(self, state: State, messages: Messages) -> None:
        self._state = state
        self._messages = messages

    def filter(self, change: Change) -> bool:
        """An incoming text, not from the gateway itself, that was not answered before."""
        doc = change.doc
        return bool(
            doc.get("from")
            and doc.get("type") == "data_record"
            and not js.truthy(doc.get("kujua_message"))
            and self._is_after_start(doc)
            and not change.has_run(NAME)
            and not is_gateway(self._state.settings, (doc.get("sms_message") or {}).get("from"))
        )

    def on_match(self, change: Change) -> bool:
        """Add the answer, if there is one. The document always counts as changed."""
        key = self._key(change.doc)
        if key is not None:
            self._messages.add(change.doc, {"translation_key": key})
        return True

    def _key(self, doc: Doc) -> str | None:
        codes = {error.get("code") for error in doc.get("errors") or () if isinstance(error, dict)}
        unknown = "sys.form_not_found" in codes
        if "sys.empty" in codes:
            return "empty"
        if unknown and js.truthy(self._state.settings.get("forms_only_mode")):
            return "form_not_found"
        return "sms_received" if unknown or not isinstance(doc.get("form"), str) else None

    def _is_after_start(self, doc: Doc) -> bool:
        configured = self._state.settings.get(NAME)
        start = _start(configured.get("start_date") if isinstance(configured, dict) else None)
        reported = doc.get("reported_date")
        if start is None or not reported:
            return False
        when = reported if isinstance(reported, (int, float)) else parse_date(str(reported))
        return when is not None and when > start


def _start(value: Any) -> int | None:
    """`YYYY-MM-DD` as ms since 1970. Other separators are allowed, month and day optional. None for an invalid date."""
    found = STARTED.match(value) if isinstance(value, str) else None
    if found is None:
        return None
    year = int(found[1])
    if len(found[1]) == 2:
        year += 1900 if year > LAST_OF_THIS_CENTURY else 2000
    try:
        return to_ms(datetime(year, int(found[2] or 1), int(found[3] or 1), tzinfo=UTC))
    except ValueError:
        return None
