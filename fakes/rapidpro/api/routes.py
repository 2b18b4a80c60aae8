"""The table of what the API offers: paths, methods, scopes of the quota, and who answers."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fakes.rapidpro.api import (
    broadcasts,
    changes,
    contact_actions,
    contacts,
    definitions,
    flow_starts,
    message_actions,
    messages,
    runs,
    workspace,
)
from fakes.rapidpro.api.endpoint import Endpoint, Handler
from fakes.rapidpro.profile import Profile

PREFIX = "/api/v2/"
DEPRECATED = frozenset({"org", "channel_events"})
"""Offered by every version, though the root does not name them any more."""


def endpoints(profile: Profile) -> Mapping[str, Endpoint]:
    """All resources of a version by name."""
    messaging: dict[str, Handler] = {"GET": messages.listed}
    if profile.posts_messages:
        messaging["POST"] = messages.create
    found = (
        Endpoint("broadcasts", {"GET": broadcasts.listed, "POST": broadcasts.create}, profile.broadcast_scope),
        Endpoint("messages", messaging, "v2.messages", exclusive=messages.exclusive(profile)),
        Endpoint(
            "message_actions", {"POST": message_actions.act}, own_permission=True,
            takes={
                "messages": _told("field"),
                "action": _told("choice", choices=message_actions.ACTIONS),
                "label": _told("field", required=False),
                "label_name": _told("string", required=False, max_length=64),
            },
        ),
        Endpoint("flow_starts", {"GET": flow_starts.listed, "POST": flow_starts.create}),
        Endpoint("flows", {"GET": definitions.flows}),
        Endpoint("runs", {"GET": runs.listed}, "v2.runs", exclusive=("contact", "flow")),
        Endpoint(
            "contacts", {"GET": contacts.listed, "POST": contacts.write, "DELETE": contacts.delete}, "v2.contacts"
        ),
        Endpoint(
            "contact_actions", {"POST": contact_actions.act}, own_permission=True,
            takes={
                "contacts": _told("field"),
                "action": _told("choice", choices=contact_actions.ACTIONS),
                "group": _told("field", required=False),
            },
        ),
        Endpoint(
            "groups", {"GET": definitions.groups, "POST": changes.write_group, "DELETE": changes.delete_group},
            exclusive=("uuid", "name"),
        ),
        Endpoint("fields", {"GET": definitions.contact_fields, "POST": changes.write_field}),
        Endpoint("globals", {"GET": definitions.global_values, "POST": changes.write_global}),
        Endpoint(
            "labels", {"GET": definitions.labels, "POST": changes.write_label, "DELETE": changes.delete_label},
            exclusive=("uuid", "name"),
        ),
        Endpoint("channels", {"GET": definitions.channels}),
        Endpoint("channel_events", {"GET": definitions.channel_events}),
        Endpoint("users", {"GET": definitions.users}),
        Endpoint("workspace", {"GET": workspace.shown}, own_permission=True),
        Endpoint("org", {"GET": workspace.shown}, own_permission=True),
    )  # fmt: skip
    return MappingProxyType({one.name: one for one in found if one.name in DEPRECATED or one.name in profile.resources})


def _told(kind: str, *, required: bool = True, **more: Any) -> Mapping[str, Any]:
    """A field as OPTIONS tells of it; the label is put in there."""
    if "choices" in more:
        more["choices"] = [{"value": one, "display_name": one} for one in more["choices"]]
    return {"type": kind, "required": required, "read_only": False, **more}


ROOT = Endpoint("", {"GET": workspace.root})
