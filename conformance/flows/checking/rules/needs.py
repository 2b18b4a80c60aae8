"""What a flow needs that the export does not bring along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from conformance.flows.checking.finding import Hit, Rule, Severity
from conformance.flows.checking.reading import Reading

SERVICES: Mapping[str, str] = MappingProxyType(
    {
        "call_classifier": "a classifier",
        "call_llm": "a language model",
        "call_resthook": "a resthook with subscribers",
        "open_ticket": "tickets",
        "request_optin": "a channel with opt-ins",
        "send_email": "an e-mail account",
        "set_contact_channel": "that channel",
        "transfer_airtime": "an airtime service",
    }
)
"""Actions that do nothing unless the workspace has the service."""


def refused(reading: Reading) -> Iterator[Hit]:
    """The engine does not read the flow."""
    if reading.refusal:
        yield Hit(f"flow is refused because {reading.refusal}")


def voice(reading: Reading) -> Iterator[Hit]:
    """The flow is for calls."""
    if reading.flow.type == "voice":
        yield Hit("the flow is of type voice")


def missing_flow(reading: Reading) -> Iterator[Hit]:
    """A sub-flow is not in the export."""
    for node, action in reading.actions("enter_flow", "start_session"):
        flow = action.values.get("flow") or {}
        if flow.get("uuid") not in reading.flows.uuids():
            yield Hit(f"the flow {_named(flow)} is not in the export", node, action, str(flow.get("uuid")))


def missing_group(reading: Reading) -> Iterator[Hit]:
    """A group is not in the export."""
    known = reading.bundle.groups
    if known is None:
        return
    for node in reading.flow.nodes:
        for action in node.actions:
            for group in action.values.get("groups") or ():
                if group and group.get("uuid") and group["uuid"] not in known:
                    yield Hit(f"the group {_named(group)} is not in the export", node, action, group["uuid"])
        for case in node.router.cases if node.router is not None else ():
            if case.test == "has_group" and case.arguments and case.arguments[0] not in known:
                name = case.arguments[1] if len(case.arguments) > 1 else case.arguments[0]
                yield Hit(f"the group {name!r} is not in the export", node, subject=case.arguments[0])


def missing_field(reading: Reading) -> Iterator[Hit]:
    """A contact field is not in the export."""
    if reading.bundle.fields is None:
        return
    known = {key.lower() for key in reading.bundle.fields}
    for node, action in reading.actions("set_contact_field"):
        key = str((action.values.get("field") or {}).get("key") or "")
        if key.lower() not in known:
            yield Hit(f"the contact field {key!r} is not in the export", node, action, key.lower())
    for used, mention in reading.mentions():
        path = mention.path[1:] if mention.path[0] in ("contact", "child", "parent") else mention.path
        if len(path) > 1 and path[0] == "fields" and path[1] not in known:
            yield Hit(f"the contact field {path[1]!r} is not in the export", used.node, used.action, path[1])


def missing_label(reading: Reading) -> Iterator[Hit]:
    """Labels are never in an export."""
    for node, action in reading.actions("add_input_labels"):
        for label in action.values.get("labels") or ():
            if label and label.get("uuid"):
                yield Hit(f"the label {_named(label)}", node, action, label["uuid"])


def missing_template(reading: Reading) -> Iterator[Hit]:
    """Message templates are never in an export."""
    for node, action in reading.actions("send_msg", "send_broadcast"):
        template = action.values.get("template") or (action.values.get("templating") or {}).get("template")
        if template:
            yield Hit(f"the message template {_named(template)}", node, action, str(template.get("uuid")))


def needed_service(reading: Reading) -> Iterator[Hit]:
    """An action needs a service."""
    for node, action in reading.actions(*SERVICES):
        yield Hit(f"{action.type} needs {SERVICES[action.type]}", node, action, action.type)


def needed_global(reading: Reading) -> Iterator[Hit]:
    """Globals are never in an export; which there are is not known."""
    if reading.globals is None:
        yield from _globals(reading, set(), "the workspace needs the global {!r}")


def missing_global(reading: Reading) -> Iterator[Hit]:
    """Globals were given, and this is not among them."""
    if reading.globals is not None:
        yield from _globals(reading, set(reading.globals), "no value was given for the global {!r}")


def _globals(reading: Reading, known: set[str], words: str) -> Iterator[Hit]:
    for used, mention in reading.mentions():
        if mention.path[0] == "globals" and len(mention.path) > 1 and mention.path[1] not in known:
            yield Hit(words.format(mention.path[1]), used.node, used.action, mention.path[1])


def _named(reference: Mapping[str, Any]) -> str:
    return repr(reference.get("name") or reference.get("uuid") or "")


RULES = (
    Rule("refused", "The engine refuses the flow", Severity.ERROR,
         "RapidPro does not import it, or no run starts.",
         "Mend the definition at the place that the message names; a newer specification needs a newer RapidPro.",
         refused),
    Rule("voice", "The flow is for calls", Severity.ERROR, "An SMS channel never starts it.",
         "Make it a messaging flow.", voice),
    Rule("missing-flow", "A flow that is entered or started is not in the export", Severity.ERROR,
         "In a workspace without that flow the run fails at this action, and what comes later does not happen.",
         "Export the flows together.", missing_flow),
    Rule("missing-global", "A global has no value", Severity.ERROR,
         "The expression fails and writes nothing: a URL is empty and is not called, a token is missing.",
         "Create the global, or correct its name; give its value with --global.", missing_global),
    Rule("needs-global", "The workspace needs a global", Severity.NOTE, "Globals are never part of an export.",
         "Create it in the workspace; with --global NAME=VALUE its value is judged too.", needed_global),
    Rule("missing-field", "A contact field is not in the export", Severity.WARNING,
         "In a workspace without the field its value is not saved, and reading it is an error.",
         "Export again, or create the field.", missing_field),
    Rule("missing-group", "A group is not in the export", Severity.WARNING,
         "In a workspace without the group nobody joins it, and a split on it takes the other way.",
         "Export again, or create the group.", missing_group),
    Rule("needs-label", "The workspace needs a label", Severity.NOTE, "Labels are never part of an export.",
         "Create the label in the workspace, and choose it again in the action.", missing_label),
    Rule("needs-template", "The workspace needs a message template", Severity.NOTE,
         "Templates are never part of an export; without it the plain text is sent.",
         "Create the template in the workspace; SMS channels do not use templates.", missing_template),
    Rule("needs-service", "An action needs a service that SMS workspaces often lack", Severity.WARNING,
         "Without the service the action only leaves an error, and nobody is told.",
         "Set the service up in the workspace, or remove the action.", needed_service),
)  # fmt: skip
"""In the order of docs/flow-rules.md."""
