"""Actions that need a service: each has the outcome that an SMS workspace without that service has.

Source: goflow flows/actions of the same names, and deprecated.go.
"""

from __future__ import annotations

import re

from fakes.rapidpro.flows.engine.actions.references import labels_of, recipients_of
from fakes.rapidpro.flows.engine.changes.contact import correct_groups
from fakes.rapidpro.flows.engine.definitions import Action
from fakes.rapidpro.flows.engine.state.contact import Ticket
from fakes.rapidpro.flows.engine.state.session import Run
from fakes.rapidpro.flows.engine.state.summary import summary_json
from fakes.rapidpro.flows.engine.state.workspace import Named, User
from fakes.rapidpro.flows.engine.work import results
from fakes.rapidpro.flows.engine.work.languages import translation_of
from fakes.rapidpro.flows.engine.work.stretch import Stretch
from fakes.rapidpro.flows.engine.work.templates import text_of

MAX_ANCESTORS = 5
GENERAL = "General"
NO_OUTPUT = "<ERROR>"


def add_input_labels(action: Action, stretch: Stretch, run: Run) -> None:
    """Label the contact's text."""
    if stretch.session.input is None:
        stretch.error("No input to add labels to", run)
        return
    labels = [one.name for one in labels_of(action, stretch, run)]
    if labels:
        stretch.note("input_labels_added", {"input": stretch.session.input.uuid, "labels": labels}, run)


def send_email(action: Action, stretch: Stretch, run: Run) -> None:
    """Send an e-mail; it counts as sent."""
    subject = text_of(translation_of(action.uuid, "subject", action.text("subject"), stretch, run), stretch, run)[0]
    subject = re.sub(r"[ \t\n\r\f\v]+", " ", subject).strip()
    if not subject:
        stretch.error("Email subject evaluated to empty string, skipping", run)
        return
    body = text_of(translation_of(action.uuid, "body", action.text("body"), stretch, run), stretch, run)[0]
    if not body:
        stretch.error("Email body evaluated to empty string, skipping", run)
        return
    addresses = []
    for template in action.texts("addresses"):
        address = text_of(template, stretch, run)[0]
        if address:
            addresses.append(address.removeprefix("mailto:"))
        else:
            stretch.error("Email address evaluated to empty string, skipping", run)
    if addresses:
        stretch.note("email_sent", {"to": addresses, "subject": subject, "body": body}, run)


def start_session(action: Action, stretch: Stretch, run: Run) -> None:
    """Start a flow for other contacts; the caller of the engine starts them."""
    recipients = recipients_of(action, stretch, run)
    reference = action.values["flow"]
    flow = stretch.around.flows.find(reference["uuid"])
    if flow is None:
        stretch.missing("flow", reference, run)
        return
    if stretch.around.batch and (recipients.groups or recipients.query):
        stretch.error("Can't start new sessions for groups or queries during batch starts", run)
        return
    if stretch.session.trigger.ancestors_since_input >= MAX_ANCESTORS:
        stretch.error("Too many sessions have been spawned since the last time input was received", run)
        return
    creates = bool(action.values.get("create_contact"))
    if recipients.is_empty and not action.text("contact_query") and not creates:
        return
    session = stretch.session
    stretch.note("session_triggered", {
        "flow": {"uuid": flow.uuid, "name": flow.name},
        "groups": recipients.groups,
        "contacts": recipients.contacts,
        "urns": recipients.urns,
        "query": recipients.query,
        "exclusions": {"in_a_flow": _in_a_flow(action)},
        "create_contact": creates,
        "parent": summary_json(run, stretch.session.contact),
        "ancestors_since_input": 0 if session.had_input else session.trigger.ancestors_since_input + 1,
    }, run)  # fmt: skip


def _in_a_flow(action: Action) -> bool:
    exclusions = action.values.get("exclusions")
    return isinstance(exclusions, dict) and exclusions.get("in_a_flow") is True


def open_ticket(action: Action, stretch: Stretch, run: Run) -> None:
    """Open a ticket, unless the contact has one."""
    assignee = _assignee(action, stretch, run)
    note = text_of(action.text("note" if stretch.rules.is_new else "body"), stretch, run)[0]
    ticket = _opened(action, note.strip() if stretch.rules.is_new else note, assignee, stretch, run)
    if stretch.rules.is_new:
        run.locals["_new_ticket"] = "" if ticket is None else ticket.uuid
    elif ticket is None:
        results.save(stretch, run, action.text("result_name"), "", results.FAILURE)
    else:
        results.save(stretch, run, action.text("result_name"), ticket.uuid, results.SUCCESS)


def _assignee(action: Action, stretch: Stretch, run: Run) -> User | None:
    reference = action.values.get("assignee")
    if reference is None:
        return None
    match = reference.get("email_match") or (reference.get("email") if stretch.rules.is_new else None)
    email = reference.get("email") or ""
    if match:
        email, whole = text_of(match, stretch, run)
        if not whole:
            return None
    uuid = reference.get("uuid")
    user = next((one for one in stretch.workspace.users if one.uuid == uuid or one.email == email), None)
    if user is None and match:
        stretch.error(f"No such user with email '{email}'", run)
    elif user is None:
        stretch.error(f"Missing dependency: user[email={email},name={reference.get('name') or ''}]", run)
    return user


def _opened(action: Action, note: str, assignee: User | None, stretch: Stretch, run: Run) -> Ticket | None:
    if stretch.around.batch:
        stretch.error("Can't open tickets during batch starts", run)
        return None
    reference, topics = action.values.get("topic"), stretch.workspace.topics
    if reference is None:
        topic = next((one for one in topics if one.name == GENERAL), None)
    else:
        topic = next((one for one in topics if one.uuid == reference["uuid"]), None)
        if topic is None:
            stretch.missing("topic", reference, run)
            return None
    contact = stretch.session.contact
    if contact.tickets:
        return None
    ticket = Ticket(stretch.uuid(), "" if topic is None else topic.uuid, "" if assignee is None else assignee.uuid)
    contact.tickets.append(ticket)
    _note_ticket(ticket, topic, note, stretch, run)
    correct_groups(stretch, run)
    return ticket


def _note_ticket(ticket: Ticket, topic: Named | None, note: str, stretch: Stretch, run: Run) -> None:
    new = stretch.rules.is_new
    name = "" if topic is None else topic.name
    stretch.note("ticket_opened", {"uuid": ticket.uuid, "topic": name, "note": None if new else note}, run)
    if new and note:
        stretch.note("ticket_note_added", {"uuid": ticket.uuid, "note": note}, run)


def call_classifier(action: Action, stretch: Stretch, run: Run) -> None:
    """There is no classifier: `new` has none at all, `9` has none that is set up."""
    text = text_of(action.text("input"), stretch, run)[0]
    name = action.text("result_name")
    if stretch.rules.is_new:
        stretch.warning("NLU classifiers are no longer supported", run)
        results.save(stretch, run, name, "0", results.FAILURE, given=text)
        return
    reference = action.values["classifier"]
    if not text:
        stretch.raw_error("can't classify empty input, skipping classification", run)
        results.save(stretch, run, name, "0", results.SKIPPED, given=text)
        return
    if all(one.uuid != reference["uuid"] for one in stretch.workspace.classifiers):
        stretch.missing("classifier", reference, run)
    else:
        stretch.raw_error("no classification service factory configured", run)
    results.save(stretch, run, name, "0", results.FAILURE, given=text)


def transfer_airtime(action: Action, stretch: Stretch, run: Run) -> None:
    """There is no airtime service."""
    if any(urn.scheme == "tel" for urn in stretch.session.contact.urns):
        stretch.raw_error("no airtime service factory configured", run)
    else:
        what = "phone number" if stretch.rules.is_new else "tel URN"
        stretch.raw_error(f"can't transfer airtime to contact without a {what}", run)
    if stretch.rules.is_new:
        run.locals["_new_transfer"] = ""
    else:
        results.save(stretch, run, action.text("result_name"), "0", results.FAILURE)


def request_optin(action: Action, stretch: Stretch, run: Run) -> None:
    """`new` knows no opt-ins any more; the channels of `9` here have none, and then it does nothing."""
    if stretch.rules.is_new:
        stretch.raw_error("opt-in requests are no longer supported", run)
    else:
        stretch.note("optin_not_requested", {"optin": dict(action.values["optin"])}, run)


def call_llm(action: Action, stretch: Stretch, run: Run) -> None:
    """There is no language model."""
    text_of(action.text("instructions"), stretch, run)
    text_of(action.text("input"), stretch, run)
    stretch.missing("llm", action.values["llm"], run)
    run.locals[action.text("output_local")] = NO_OUTPUT
