"""Messages under a condition, which may read earlier reports (cht-core `transitions/conditional_alerts.js`).

A condition such as `V(0).fields.x > 5 && V(1).fields.x > 5` calls the form's name as a function, for the latest report
of the form, the previous one and so on, from the same place.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.couch.documents import Doc
from fakes.cht.javascript import js
from fakes.cht.javascript import values as jv
from fakes.cht.javascript.sandbox import ScriptError, holds
from fakes.cht.messages.generator import Messages
from fakes.cht.state import State
from fakes.cht.transitions.lib.change import Change
from fakes.cht.transitions.lib.forms import is_valid_submission

NAME = "conditional_alerts"
SETTING = "alerts"
NO_PLACE = "Missing required argument `parentId` for match query."
LATEST = "globalThis[{name}] = (all => back => all[all.length - 1 - back])({reports});\n{condition}"


class ConditionalAlerts:
    """Adds the messages of a form's alerts."""

    def __init__(self, state: State, views: ContactViews, messages: Messages) -> None:
        self._state = state
        self._views = views
        self._messages = messages

    def filter(self, change: Change) -> bool:
        """A report of a form, from a known sender or of a public form."""
        doc = change.doc
        return bool(
            doc.get("form")
            and doc.get("type") == "data_record"
            and not change.has_run(NAME)
            and is_valid_submission(self._state.settings, doc)
        )

    def on_match(self, change: Change) -> bool:
        """Add the messages of the alerts that apply, those that read other reports last.

        Raises ValueError for a condition that throws; messages that were added before stay.
        """
        doc, changed = change.doc, False
        for alert in sorted(self._alerts(doc), key=_reads_reports):
            if self._applies(doc, alert):
                self._messages.add(doc, alert, alert.get("recipient"))
                changed = True
        return changed

    def _alerts(self, doc: Doc) -> Iterator[Mapping[str, Any]]:
        alerts = self._state.settings.get(SETTING)
        listed = alerts.values() if isinstance(alerts, dict) else alerts if isinstance(alerts, list) else ()
        yield from (one for one in listed if isinstance(one, Mapping) and one.get("form") == doc.get("form"))

    def _applies(self, doc: Doc, alert: Mapping[str, Any]) -> bool:
        condition = str(alert.get("condition"))
        if _reads_reports(alert):
            about = {"name": json.dumps(alert["form"]), "reports": json.dumps(self._reports(doc, alert["form"]))}
            condition = LATEST.format(condition=condition, **about)
        try:
            return holds(condition, {"doc": doc})
        except ScriptError as fault:
            raise ValueError(js.dumps(fault.message)) from None

    def _reports(self, doc: Doc, form: str) -> list[Doc]:
        """The reports of a form from the place of the sender, by date; `doc` itself in its current form."""
        place = ((doc.get("contact") or {}).get("parent") or {}).get("_id")
        if not js.truthy(place):
            raise ValueError(js.dumps(NO_PLACE))
        with self._state.lock:
            ids = self._views.reports_by_form_and_parent(form, place)
            found = [self._state.docs.get(doc_id) if doc_id != doc["_id"] else doc for doc_id in ids]
        reports = [one for one in found if one is not None]
        if doc["_id"] not in ids:
            reports.append(doc)
        return sorted(reports, key=lambda one: jv.number(one.get("reported_date")))


def _reads_reports(alert: Mapping[str, Any]) -> bool:
    """Whether the condition mentions the form."""
    return str(alert.get("form")) in str(alert.get("condition"))
