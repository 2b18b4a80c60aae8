"""Actions that change the contact. Source: goflow flows/actions/set_contact_*.go, *_contact_*.go."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from fakes.rapidpro.flows.engine.actions.references import groups_of
from fakes.rapidpro.flows.engine.changes import contact as changes
from fakes.rapidpro.flows.engine.changes.phones import is_valid_urn, normalized
from fakes.rapidpro.flows.engine.checks import is_language
from fakes.rapidpro.flows.engine.definitions import Action
from fakes.rapidpro.flows.engine.state.contact import Urn
from fakes.rapidpro.flows.engine.state.session import Run
from fakes.rapidpro.flows.engine.work.stretch import Stretch
from fakes.rapidpro.flows.engine.work.templates import environment, text_of


def set_contact_name(action: Action, stretch: Stretch, run: Run) -> None:
    """The contact's name."""
    name, whole = text_of(action.text("name"), stretch, run)
    if whole:
        changes.set_property(stretch, run, "name", name.strip())


def set_contact_language(action: Action, stretch: Stretch, run: Run) -> None:
    """The contact's language, a code of three letters or nothing."""
    text, whole = text_of(action.text("language"), stretch, run)
    language = text.strip()
    if not whole:
        return
    if language:
        if len(language.encode("utf-8", "replace")) != 3:
            stretch.raw_error(f"iso-639-3 codes must be 3 characters, got: {language}", run)
            return
        if not is_language(language):
            stretch.raw_error(f"unrecognized language code: {language}", run)
            return
    changes.set_property(stretch, run, "language", language)


def set_contact_status(action: Action, stretch: Stretch, run: Run) -> None:
    """The contact's status."""
    changes.set_property(stretch, run, "status", action.text("status"))


def set_contact_timezone(action: Action, stretch: Stretch, run: Run) -> None:
    """The contact's timezone, a known name or nothing."""
    text, whole = text_of(action.text("timezone"), stretch, run)
    name = text.strip()
    if not whole:
        return
    if name and not _is_zone(name):
        stretch.error(f"Unrecognized timezone: '{name}'", run)
        return
    changes.set_property(stretch, run, "timezone", name)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True


def set_contact_field(action: Action, stretch: Stretch, run: Run) -> None:
    """One field of the contact."""
    value, whole = text_of(action.text("value"), stretch, run)
    if not whole:
        return
    reference = action.values["field"]
    definition = stretch.workspace.field(reference["key"])
    if definition is None:
        stretch.missing("field", reference, run)
    else:
        changes.set_field(stretch, run, definition, value.strip())


def set_contact_channel(action: Action, stretch: Stretch, run: Run) -> None:
    """The channel that the contact's URNs prefer."""
    reference = action.values.get("channel")
    channel = None if reference is None else stretch.workspace.channel(reference["uuid"])
    if reference is not None and channel is None:
        stretch.missing("channel", reference, run)
    else:
        changes.prefer_channel(stretch, run, channel)


def add_contact_groups(action: Action, stretch: Stretch, run: Run) -> None:
    """Into groups."""
    changes.add_to_groups(stretch, run, groups_of(action, stretch, run))


def remove_contact_groups(action: Action, stretch: Stretch, run: Run) -> None:
    """Out of groups; `all_groups` leaves those with a query."""
    if action.values.get("all_groups"):
        groups = [one for one in stretch.workspace.groups if not one.query]
    else:
        groups = groups_of(action, stretch, run)
    changes.remove_from_groups(stretch, run, groups)


def add_contact_urn(action: Action, stretch: Stretch, run: Run) -> None:
    """A further URN."""
    path = text_of(action.text("path"), stretch, run)[0].strip()
    if not path:
        stretch.error("Can't add URN with empty path", run)
        return
    env = environment(stretch)
    urn = normalized(f"{action.text('scheme')}:{path}", env)
    added = is_valid_urn(urn, env)
    if added:
        added = changes.add_urn(stretch, run, Urn(urn))
    else:
        stretch.raw_error(f"'{urn}' is not valid URN", run)
    if stretch.rules.is_new:
        run.locals["_new_urn"] = urn if added else ""
