"""Control routes for flows: importing bundles, what was imported, and what a person's sessions did."""

from __future__ import annotations

from typing import Any

from werkzeug.exceptions import BadRequest

from fakes.rapidpro.flows.bundles.reading import read_bundle
from fakes.rapidpro.mailroom.mailroom import Mailroom
from fakes.serving.json_fields import json_body


def import_bundle(mailroom: Mailroom) -> Any:
    """Import a bundle: what RapidPro exports, perhaps with globals, resthooks, ignore_triggers and a trigger."""
    return mailroom.import_flows(read_bundle(json_body()))


def show_flows(mailroom: Mailroom) -> Any:
    """The imported flows and triggers, and what the workspace lacks."""
    return mailroom.imported_flows()


def show_sessions(mailroom: Mailroom, number: str) -> Any:
    """What the sessions of the person with that number did, oldest first."""
    known = mailroom.incoming.number(number)
    with mailroom.lock:
        workspace = next(iter(mailroom.records.workspaces()), None)
        contact = None if workspace is None else mailroom.records.contact_by_urn(workspace, f"tel:{known}")
        if contact is None:
            raise BadRequest(f"{known} is no contact here: it has sent and received nothing")
        return {
            "number": known,
            "contact": contact.uuid,
            "waits": mailroom.sessions.waiting(contact) is not None,
            "sessions": mailroom.sessions.history.sessions_of(contact),
        }
