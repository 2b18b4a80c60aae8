"""Groups, labels and recipients that actions name. Source: goflow flows/actions/base.go."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fakes.rapidpro.flows.engine.changes.phones import is_valid_urn, normalized, phone_number
from fakes.rapidpro.flows.engine.definitions import Action
from fakes.rapidpro.flows.engine.state.session import Run
from fakes.rapidpro.flows.engine.state.workspace import Group, Named
from fakes.rapidpro.flows.engine.work.stretch import Stretch
from fakes.rapidpro.flows.engine.work.templates import environment, text_of

_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Recipients:
    """Who gets a broadcast or is started: groups and contacts as {"uuid", "name"}, URNs, a query."""

    groups: list[dict[str, str]]
    contacts: list[dict[str, str]]
    urns: list[str]
    query: str

    @property
    def is_empty(self) -> bool:
        """Whether there is nobody."""
        return not (self.groups or self.contacts or self.urns)


def groups_of(action: Action, stretch: Stretch, run: Run) -> list[Group]:
    """The groups that an action names; what does not exist is noted."""
    return _found(action.values.get("groups") or (), stretch.workspace.groups, "group", stretch, run)


def labels_of(action: Action, stretch: Stretch, run: Run) -> list[Named]:
    """The labels that an action names; what does not exist is noted."""
    return _found(action.values.get("labels") or (), stretch.workspace.labels, "label", stretch, run)


def _found(
    references: Sequence[Mapping[str, Any] | None], known: Sequence[Any], kind: str, stretch: Stretch, run: Run
) -> list[Any]:
    found = []
    for reference in references:
        if reference is None:
            continue
        if reference.get("name_match"):
            name, whole = text_of(reference["name_match"], stretch, run)
            one = next((one for one in known if one.name.lower() == name.strip().lower()), None)
            if not whole:
                continue
            if one is None:
                stretch.error(f"No such {kind} with name '{name}'", run)
        else:
            one = next((one for one in known if one.uuid == reference.get("uuid")), None)
            if one is None:
                stretch.missing(kind, reference, run)
        if one is not None:
            found.append(one)
    return found


def recipients_of(action: Action, stretch: Stretch, run: Run) -> Recipients:
    """The recipients that an action names; what cannot be resolved is noted."""
    workspace, env = stretch.workspace, environment(stretch)
    urns = action.texts("urns")
    contacts = [_reference(one.get("uuid"), one.get("name")) for one in action.values.get("contacts") or () if one]
    groups = [_reference(one.uuid, one.name) for one in groups_of(action, stretch, run)]
    for variable in action.texts("legacy_vars"):
        text = text_of(variable, stretch, run)[0].strip()
        group = next((one for one in workspace.groups if one.name.lower() == text.lower()), None)
        if _UUID.match(text):
            contacts.append(_reference(text, ""))
        elif group is not None:
            groups.append(_reference(group.uuid, group.name))
        elif is_valid_urn(text, env):
            urns.append(normalized(text, env))
        elif phone := phone_number(text, env):
            urns.append(f"tel:{phone}")
        else:
            stretch.raw_error(f"'{text}' couldn't be resolved to a contact, group or URN", run)
    return Recipients(groups, contacts, urns, _query(action, stretch, run))


def _reference(uuid: Any, name: Any) -> dict[str, str]:
    return {"uuid": str(uuid or ""), "name": str(name or "")}


def _query(action: Action, stretch: Stretch, run: Run) -> str:
    """The contact query; the text of each expression is quoted."""
    return text_of(action.text("contact_query"), stretch, run, escape=_quoted)[0].strip()


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
