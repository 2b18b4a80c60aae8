"""Generating the messages of a record: fill in the template, find the recipient, set the state.

Source: cht-core `shared-libs/message-utils/src/index.js`, `shared-libs/transitions/src/lib/messages.js`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fakes.cht.couch.documents import Doc
from fakes.cht.javascript import bikram_sambat, js, moments
from fakes.cht.javascript.inherited import PROTOTYPE, Inherited
from fakes.cht.javascript.month_names import language_of
from fakes.cht.javascript.mustache import TemplateError, render
from fakes.cht.messages.history import History
from fakes.cht.messages.multipart import DEFAULT_LIMIT, truncated
from fakes.cht.messages.outgoing_allowed import outgoing_allowed
from fakes.cht.messages.recipients import parent_of, phone_of
from fakes.cht.messages.task_state import set_task_state
from fakes.cht.messages.texts import locale_of, message_template
from fakes.cht.state import State

NO_CODE = "invalid_report"
"""The code of an error without its own."""
NO_TEXT = "messages.errors.message.empty"


@dataclass(frozen=True)
class Context:
    """What a message may mention besides its record. `registrations` None means that they were not looked up."""

    patient: Doc | None = None
    place: Doc | None = None
    registrations: Sequence[Doc] | None = None
    place_registrations: Sequence[Doc] | None = None
    more: Mapping[str, Any] = field(default_factory=dict)


NO_CONTEXT = Context()


class Messages:
    """Adds messages and errors to records. `history` is that of its process."""

    def __init__(self, state: State, history: History) -> None:
        self._state = state
        self._history = history

    def add(self, doc: Doc, content: Mapping[str, Any], recipient: Any = None, context: Context = NO_CONTEXT) -> None:
        """Add a task with one message to `doc.tasks`; a template that cannot be filled in becomes an error of `doc`."""
        tasks = doc.setdefault("tasks", [])
        try:
            source = {key: content[key] for key in ("translation_key", "message") if key in content}
            messages = self.generate(doc, source, recipient or "reporting_unit", context)
            task: Doc = {"messages": messages}
            set_task_state(task, self._initial_state(doc.get("from"), messages[0]), now=self._state.now())
            tasks.append(task)
        except (TemplateError, TypeError, ValueError) as fault:
            add_error(doc, "parse_error", f"{fault}: {js.string(content.get('translation_key'))}")

    def generate(self, doc: Doc, content: Mapping[str, Any], recipient: Any, context: Context) -> list[Doc]:
        """One message as a list. A message without text, or about an unknown patient or place, has an `error`.

        Raises TemplateError, and TypeError or ValueError for settings of an unexpected shape.
        """
        settings = self._state.settings
        to = phone_of(self._phone_settings(), view_of(doc, context), recipient)
        message: Doc = {
            "uuid": self._state.new_uuid(),
            **({} if to is None or isinstance(to, Inherited) else {"to": to}),
        }
        text = self.fill(doc, content, context)
        if not text or text == content.get("translation_key"):
            return [{**message, "error": NO_TEXT}]
        short = truncated(text, int(settings.get("multipart_sms_limit") or DEFAULT_LIMIT))
        message |= {"message": text} if short is None else {"message": short, "original_message": text}
        if context.registrations and not context.patient:
            message["error"] = "messages.errors.patient.missing"
        if context.place_registrations and not context.place:
            message["error"] = "messages.errors.place.missing"
        return [message]

    def _phone_settings(self) -> Mapping[str, Any]:
        """The settings as far as this release knows them."""
        settings = self._state.settings
        sms = settings.get("sms")
        if self._state.release.knows_default_to_sender or not isinstance(sms, Mapping):
            return settings
        return {**settings, "sms": {key: value for key, value in sms.items() if key != "default_to_sender"}}

    def fill(self, doc: Doc, content: Any, context: Context = NO_CONTEXT) -> str:
        """The text of a message, from its template. Raises TemplateError."""
        template = self.template(doc, content)
        if not isinstance(template, str) or not template:
            return ""
        view = {**view_of(doc, context), **_helpers(self._state.settings, locale_of(self._state.settings, doc))}
        return render(template, view)

    def template(self, doc: Doc, content: Any) -> Any:
        """The template of a message in the language of the record."""
        return message_template(self._state, content, locale_of(self._state.settings, doc))

    def reject(self, doc: Doc, configuration: Mapping[str, Any], code: str, context: Context = NO_CONTEXT) -> None:
        """Record an error and answer it, with the configured message for `code` or the generic one.

        Raises TypeError for a text that cannot be had: then nothing is recorded.
        """
        listed = configuration.get("messages")
        entries = listed if isinstance(listed, list) else []
        own = next((one for one in entries if isinstance(one, Mapping) and one.get("event_type") == code), None)
        content = own if own is not None else {"translation_key": f"messages.generic.{code}"}
        sentence = self.template(doc, content)
        self.add(doc, content, (own or {}).get("recipient") or "from", context)
        self.record_error(doc, {"message": sentence, "code": code}, context)

    def record_error(self, doc: Doc, fault: dict[str, Any], context: Context = NO_CONTEXT) -> None:
        """Add an error (`code`, maybe `message`) to a record. Fills in its message, in `fault` too."""
        if not fault.get("message"):
            fault["message"] = f"Error: {js.dumps(fault)}"
        try:
            fault["message"] = self.fill(doc, fault, context)
            add_error(doc, fault.get("code", NO_CODE), fault["message"])
        except (TemplateError, TypeError) as broken:
            add_error(doc, "parse_error", f"{broken}: {js.dumps(fault)}")

    def _initial_state(self, sender: Any, message: Doc) -> str:
        settings = self._state.settings
        if not outgoing_allowed(settings, sender):
            return "denied"
        now = self._state.now_ms()
        duplicate = self._history.is_duplicate(message.get("to"), message.get("message"), settings, now)
        return "duplicate" if duplicate else "pending"


def add_error(doc: Doc, code: str, message: Any) -> None:
    """Add an error to a record, once for each code; an error without a message is ignored."""
    if not message:
        return
    errors = doc.setdefault("errors", [])
    if not any(isinstance(error, Mapping) and error.get("code") == code for error in errors):
        errors.append({"code": code, "message": message})


def view_of(doc: Doc, context: Context) -> dict[str, Any]:
    """All variables of a template; earlier ones hide later ones."""
    found: dict[str, Any] = dict(context.more)
    if context.patient:
        found["patient"] = context.patient
        _fill_up(found, _variables_of(context.patient))
        if not found.get("patient_name") and "name" in context.patient:
            found["patient_name"] = context.patient["name"]
    if context.place:
        found["place"] = context.place
        _fill_up(found, _variables_of(context.place))
    _fill_up(found, _variables_of(doc))
    for registrations in (context.registrations, context.place_registrations):
        if registrations:
            _fill_up(found, _variables_of(registrations[0]))
    return found


def _variables_of(doc: Doc) -> dict[str, Any]:
    """The places above a document by their usual names, then its fields, then its own members."""
    clinic, centre, district = (parent_of(doc, type_) for type_ in ("clinic", "health_center", "district_hospital"))
    places = {
        "clinic": clinic, "health_center": centre, "district": district, "parent": centre, "grandparent": district,
    }  # fmt: skip
    found = {name: place for name, place in places.items() if place is not None}
    fields = doc.get("fields")
    _fill_up(found, fields if isinstance(fields, Mapping) else {})
    _fill_up(found, doc)
    return found


def _fill_up(target: dict[str, Any], source: Mapping[str, Any]) -> None:
    for key, value in source.items():
        if key != PROTOTYPE:  # every object has that one already
            target.setdefault(key, value)


def _helpers(settings: Mapping[str, Any], locale: str) -> dict[str, Callable[[str], str]]:
    """The sections that transform their content."""

    def dated(layout: Any) -> Callable[[str], str]:
        return lambda text: _date(text, layout if isinstance(layout, str) else None, locale)

    def local_phone(text: str) -> str:
        code = settings.get("default_country_code")
        return js.trim(text).removeprefix(f"+{code}") if code else js.trim(text)

    return {
        "date": dated(settings.get("date_format")),
        "datetime": dated(settings.get("reported_date_format")),
        "local_phone": local_phone,
        "bikram_sambat_date": _bikram_sambat,
    }


def _date(text: str, layout: str | None, locale: str) -> str:
    moment = _moment(text)
    return moments.INVALID if moment is None else moments.write(moment, layout, language_of(locale))


def _bikram_sambat(text: str) -> str:
    """The date in Nepal's calendar. Raises TemplateError for a text that is no date, or one outside the known years."""
    moment = _moment(text)
    if moment is None:
        raise TemplateError(f"Date outside supported range: {moments.INVALID} AD")
    try:
        return bikram_sambat.written(moment.date())
    except ValueError as fault:
        raise TemplateError(str(fault)) from None


def _moment(text: str) -> datetime | None:
    number = js.trim(text)
    return moments.read(float(number) if number.lstrip("-").isdigit() else number)
