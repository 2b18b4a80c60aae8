"""Validating a report by the `validations` of its settings, and answering an invalid report.

Sources in cht-core `shared-libs`: `validation/src/validation.js`, `transitions/src/lib/messages.js` (addErrors).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.couch.documents import Doc
from fakes.cht.javascript import js
from fakes.cht.javascript import values as jv
from fakes.cht.javascript.inherited import look_up
from fakes.cht.javascript.paths import UNDEFINED
from fakes.cht.messages.generator import NO_CONTEXT, Context, Messages
from fakes.cht.reports.validation.functions import RuleError
from fakes.cht.reports.validation.lookup_functions import RuleFunctions
from fakes.cht.reports.validation.rules import holds
from fakes.cht.state import State

CODE = "invalid_"
SEPARATOR = "  "
"""The separator of the messages in one answer."""
Fault = dict[str, Any]
"""An error for a report: `code`, and maybe `message`."""


class Validations:
    """Evaluates the rules of the settings."""

    def __init__(self, state: State, views: ContactViews, messages: Messages) -> None:
        self._messages = messages
        self._rules = RuleFunctions(state, views)

    def passes(self, doc: Doc, configuration: Mapping[str, Any], context: Context = NO_CONTEXT) -> bool:
        """Whether a report is valid; else its errors are added to it and answered.

        The answer is the first error, or with `join_responses` all of them in one text. A rule that throws is the only
        error.
        """
        try:
            faults = self._faults(doc, configuration)
        except RuleError as fault:
            faults = [{"message": f"Error on pupil validations: {fault}"}]
        if faults:
            self._refuse(doc, configuration, faults, context)
        return not faults

    def _faults(self, doc: Doc, configuration: Mapping[str, Any]) -> list[Fault]:
        fields = doc.get("fields")
        values = {**doc, **(fields if isinstance(fields, dict) else {})}
        found = []
        for one in _listed(configuration):
            name = jv.text(one.get("property", UNDEFINED))
            found_value = look_up(values, name)
            values[name] = "" if found_value is None else found_value
            if not holds(one.get("rule"), values, name, self._rules.functions):
                found.append({"code": f"{CODE}{name}", **self._message(doc, one)})
        return found

    def _message(self, doc: Doc, one: Mapping[str, Any]) -> Fault:
        if not js.truthy(one.get("message")) and not js.truthy(one.get("translation_key")):
            return {}
        return {"message": self._messages.template(doc, one)}

    def _refuse(self, doc: Doc, configuration: Mapping[str, Any], faults: list[Fault], context: Context) -> None:
        for fault in faults:
            self._messages.record_error(doc, fault, context)
        validations = configuration.get("validations")
        if validations is None:
            raise TypeError("Cannot read properties of null (reading 'join_responses')")
        together = isinstance(validations, Mapping) and js.truthy(validations.get("join_responses"))
        texts = [fault["message"] or jv.text(fault) for fault in faults]
        self._messages.add(doc, {"message": SEPARATOR.join(texts) if together else faults[0]["message"]})


def _listed(configuration: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The validations of a form. Raises RuleError if they are not a list of objects."""
    found = configuration.get("validations", [])
    if js.truthy(found):
        found = found.get("list", []) if isinstance(found, Mapping) else []
    if found == "":
        return []
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise RuleError
    return found
