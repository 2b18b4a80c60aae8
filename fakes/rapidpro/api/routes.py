"""The table of the API's endpoints: paths, methods, quota scopes and handlers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from fakes.rapidpro.api.http.endpoint import Endpoint, Handler
from fakes.rapidpro.api.resources import (
    broadcasts,
    contact_actions,
    contacts,
    definition_changes,
    definitions,
    flow_starts,
    message_actions,
    messages,
    runs,
    workspace,
)
from fakes.rapidpro.versions.profile import Profile

PREFIX = "/api/v2/"
DEPRECATED = frozenset({"org", "channel_events"})
"""Offered by every version, although the root no longer lists them."""


def endpoints(profile: Profile) -> Mapping[str, Endpoint]:
    """All endpoints of a version by name."""
    found = (*_message_endpoints(profile), *_contact_endpoints(profile), *_workspace_endpoints(profile))
    return MappingProxyType({one.name: one for one in found if one.name in DEPRECATED or one.name in profile.resources})


def _message_endpoints(profile: Profile) -> Iterator[Endpoint]:
    """Broadcasts, messages, flow starts, runs."""
    messaging: dict[str, Handler] = {"GET": messages.read_list}
    if profile.posts_messages:
        messaging["POST"] = messages.create
    exclusive, flow = messages.exclusive(profile), () if profile.validates_uuids else ("flow",)
    yield Endpoint("broadcasts", {"GET": broadcasts.read_list, "POST": broadcasts.create}, profile.broadcast_scope)
    yield Endpoint("messages", messaging, "v2.messages", exclusive=exclusive, text_parameters=("contact", "label"))
    post_fields = {
        "messages": _post_field("field"),
        "action": _post_field("choice", choices=message_actions.ACTIONS),
        "label": _post_field("field", required=False),
        "label_name": _post_field("string", required=False, max_length=64),
    }
    yield Endpoint("message_actions", {"POST": message_actions.act}, own_permission=True, post_fields=post_fields)
    yield Endpoint("flow_starts", {"GET": flow_starts.read_list, "POST": flow_starts.create})
    runs_text = ("contact", *flow)
    yield Endpoint("runs", {"GET": runs.read_list}, "v2.runs", exclusive=("contact", "flow"), text_parameters=runs_text)
    yield Endpoint("channel_events", {"GET": definitions.channel_events}, text_parameters=("contact",))


def _contact_endpoints(profile: Profile) -> Iterator[Endpoint]:
    """Contacts, groups, fields."""
    uuid = () if profile.validates_uuids else ("uuid",)
    writing: dict[str, Handler] = {"GET": contacts.read_list, "POST": contacts.write, "DELETE": contacts.delete}
    yield Endpoint("contacts", writing, "v2.contacts", text_parameters=("group", *uuid))
    post_fields = {
        "contacts": _post_field("field"),
        "action": _post_field("choice", choices=contact_actions.ACTIONS),
        "group": _post_field("field", required=False),
    }
    yield Endpoint("contact_actions", {"POST": contact_actions.act}, own_permission=True, post_fields=post_fields)
    grouping: dict[str, Handler] = {
        "GET": definitions.groups, "POST": definition_changes.write_group, "DELETE": definition_changes.delete_group,
    }  # fmt: skip
    yield Endpoint("groups", grouping, exclusive=("uuid", "name"), text_parameters=("name", *uuid))
    yield Endpoint(
        "fields", {"GET": definitions.contact_fields, "POST": definition_changes.write_field}, text_parameters=("key",)
    )


def _workspace_endpoints(profile: Profile) -> Iterator[Endpoint]:
    """Everything else in a workspace."""
    uuid = () if profile.validates_uuids else ("uuid",)
    labelling: dict[str, Handler] = {
        "GET": definitions.labels, "POST": definition_changes.write_label, "DELETE": definition_changes.delete_label,
    }  # fmt: skip
    yield Endpoint("labels", labelling, exclusive=("uuid", "name"), text_parameters=("name", *uuid))
    yield Endpoint(
        "globals", {"GET": definitions.global_values, "POST": definition_changes.write_global}, text_parameters=("key",)
    )
    yield Endpoint("flows", {"GET": definitions.flows}, text_parameters=uuid)
    yield Endpoint("channels", {"GET": definitions.channels}, text_parameters=("address", *uuid))
    yield Endpoint("users", {"GET": definitions.users}, text_parameters=tuple(profile.user_filters - {"uuid"}))
    yield Endpoint("workspace", {"GET": workspace.read}, own_permission=True)
    yield Endpoint("org", {"GET": workspace.read}, own_permission=True)


def _post_field(kind: str, *, required: bool = True, **more: Any) -> Mapping[str, Any]:
    """A POST field as OPTIONS describes it, without its label."""
    if "choices" in more:
        more["choices"] = [{"value": one, "display_name": one} for one in more["choices"]]
    return {"type": kind, "required": required, "read_only": False, **more}


ROOT = Endpoint("", {"GET": workspace.root})
