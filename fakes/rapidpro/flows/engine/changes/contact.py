"""Changes of the contact: each makes an event if something changed, and then its groups with queries are corrected.

Source: goflow flows/modifiers.
"""

from __future__ import annotations

from fakes.rapidpro.flows.engine.changes.queries import matches
from fakes.rapidpro.flows.engine.changes.readings import field_value, is_same
from fakes.rapidpro.flows.engine.state.contact import PORTABLE, Urn
from fakes.rapidpro.flows.engine.state.session import Run
from fakes.rapidpro.flows.engine.state.workspace import Channel, FieldDefinition, Group
from fakes.rapidpro.flows.engine.work.stretch import Stretch
from fakes.rapidpro.flows.engine.work.templates import environment

MAX_URNS = 50


def set_property(stretch: Stretch, run: Run, name: str, value: str) -> None:
    """Set name, language, status or timezone."""
    contact = stretch.session.contact
    if name == "name" and value != contact.name and stretch.rules.max_name is not None:
        value = value[: stretch.rules.max_name]
    elif getattr(contact, name) == value:
        return
    setattr(contact, name, value)
    stretch.note(f"contact_{name}_changed", {name: value}, run)
    correct_groups(stretch, run)


def set_field(stretch: Stretch, run: Run, definition: FieldDefinition, text: str) -> None:
    """Set a field; an empty text clears it."""
    contact = stretch.session.contact
    value, old = field_value(text, environment(stretch)), contact.fields.get(definition.key)
    if is_same(value, old):
        return
    if value is None:
        del contact.fields[definition.key]
    else:
        contact.fields[definition.key] = value
    stretch.note("contact_field_changed", {"field": definition.key, "value": value}, run)
    correct_groups(stretch, run)


def add_to_groups(stretch: Stretch, run: Run, groups: list[Group]) -> None:
    """Add the contact to groups that it is not in."""
    _change_groups(stretch, run, groups, adds=True)


def remove_from_groups(stretch: Stretch, run: Run, groups: list[Group]) -> None:
    """Remove the contact from groups."""
    _change_groups(stretch, run, groups, adds=False)


def _change_groups(stretch: Stretch, run: Run, groups: list[Group], *, adds: bool) -> None:
    contact = stretch.session.contact
    if contact.status in ("blocked", "stopped"):
        stretch.error("Can't add blocked or stopped contacts to groups", run)
        return
    changed: list[str] = []
    for group in groups:
        if group.query:
            verb = "add contacts to" if adds else "remove contacts from"
            stretch.error(f"Can't {verb} the query based group '{group.name}'", run)
        elif (group.uuid in contact.groups) is not adds:
            (contact.groups.append if adds else contact.groups.remove)(group.uuid)
            changed.append(group.name)
    if changed:
        added, removed = (changed, []) if adds else ([], changed)
        stretch.note("contact_groups_changed", {"added": added, "removed": removed}, run)
        correct_groups(stretch, run)


def correct_groups(stretch: Stretch, run: Run | None) -> None:
    """After a change: as `fit_queries`; a contact that is not active leaves all other groups too."""
    fit_queries(stretch, run, leaves_all=stretch.session.contact.status != "active")


def fit_queries(stretch: Stretch, run: Run | None, *, leaves_all: bool = False) -> None:
    """Put the contact into the groups whose queries it fits, and out of the others; only if it is active."""
    contact, added, removed = stretch.session.contact, [], []
    queried = [group for group in stretch.workspace.groups if group.query]
    env = environment(stretch) if queried else None
    for group in queried:
        assert env is not None
        fits = contact.status == "active" and matches(group.query, contact, stretch.workspace, env)
        if fits and group.uuid not in contact.groups:
            contact.groups.append(group.uuid)
            added.append(group.name)
        elif not fits and group.uuid in contact.groups:
            contact.groups.remove(group.uuid)
            removed.append(group.name)
    if leaves_all:
        left = (stretch.workspace.group(uuid) for uuid in contact.groups)
        removed += [group.name for group in left if group is not None]
        contact.groups.clear()
    if added or removed:
        stretch.note("contact_groups_changed", {"added": added, "removed": removed}, run)


def add_urn(stretch: Stretch, run: Run, urn: Urn) -> bool:
    """Add a URN behind the others. Returns whether the contact has it now."""
    contact = stretch.session.contact
    if any(one.identity == urn.identity for one in contact.urns):
        return True
    if stretch.rules.is_new and len(contact.urns) >= MAX_URNS:
        stretch.error(f"Contact has too many URNs, limit is {MAX_URNS}", run)
        return False
    contact.urns.append(urn)
    _note_urns(stretch, run)
    return True


def prefer_channel(stretch: Stretch, run: Run, channel: Channel | None) -> None:
    """Let all fitting URNs prefer a channel, and move those that do to the front; None: none prefers one."""
    contact = stretch.session.contact
    old = list(contact.urns)
    if channel is not None and "send" not in channel.roles:
        stretch.error("Can't set channel that can't send as the preferred channel", run)
        return
    if channel is None:
        contact.urns = [Urn(one.identity, "", one.display) for one in old]
    else:
        moved = [_preferring(one, channel) for one in old]
        contact.urns = sorted(moved, key=lambda one: one.channel != channel.uuid)
    if contact.urns != old:
        _note_urns(stretch, run)


def _preferring(urn: Urn, channel: Channel) -> Urn:
    fits = urn.scheme in channel.schemes and (urn.scheme in PORTABLE or not urn.channel)
    return Urn(urn.identity, channel.uuid, urn.display) if fits else urn


def _note_urns(stretch: Stretch, run: Run) -> None:
    stretch.note("contact_urns_changed", {"urns": [one.identity for one in stretch.session.contact.urns]}, run)
    correct_groups(stretch, run)
