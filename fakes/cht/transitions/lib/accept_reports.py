"""The logic that both transitions that accept reports share: check the report, answer it, clear reminders."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any

from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.couch.documents import Doc
from fakes.cht.messages.generator import Context, Messages
from fakes.cht.state import State
from fakes.cht.transitions.lib.change import Change
from fakes.cht.transitions.lib.conditions import condition_holds
from fakes.cht.transitions.lib.forms import entry_for, is_valid_submission
from fakes.cht.transitions.lib.schedules import Schedules
from fakes.cht.transitions.lib.validations import Validations


class AcceptReports(ABC):
    """Base of both transitions. A subclass sets `name` and `setting`, and says what it does with a valid report."""

    name: str
    setting: str
    """The app setting that lists the forms."""

    def __init__(
        self, state: State, views: ContactViews, messages: Messages, schedules: Schedules, validations: Validations
    ) -> None:
        self._state = state
        self._views = views
        self._messages = messages
        self._schedules = schedules
        self._validations = validations

    def filter(self, change: Change) -> bool:
        """A report of a configured form, from a known sender or of a public form, that was not accepted before."""
        doc, settings = change.doc, self._state.settings
        return bool(
            doc.get("type") == "data_record"
            and doc.get("form")
            and doc.get("reported_date")
            and not change.has_run(self.name)
            and entry_for(settings, self.setting, doc.get("form")) is not None
            and is_valid_submission(settings, doc)
        )

    def on_match(self, change: Change) -> bool:
        """Check the report, then accept it. Returns whether the document counts as changed."""
        doc = change.doc
        configuration = entry_for(self._state.settings, self.setting, doc.get("form")) or {}
        if not self._validations.passes(doc, configuration, self._validation_context(doc)):
            return True
        return self._accept(doc, configuration)

    @abstractmethod
    def _validation_context(self, doc: Doc) -> Context:
        """What the replies to an invalid report may mention."""

    @abstractmethod
    def _accept(self, doc: Doc, configuration: Mapping[str, Any]) -> bool:
        """Process a valid report. Returns whether the document counts as changed."""

    def _reject_unregistered(self, doc: Doc, configuration: Mapping[str, Any]) -> bool:
        self._messages.reject(doc, configuration, "registration_not_found")
        return True

    def _add_messages(self, doc: Doc, messages: Iterable[Mapping[str, Any]], context: Context) -> None:
        for message in messages:
            if message.get("event_type") == "report_accepted" and condition_holds(message, doc):
                self._messages.add(doc, message, message.get("recipient"), context)
