"""The table of what the API offers: paths, methods, scopes of the quota, and who answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from fakes.rapidpro.api import (
    broadcasts,
    changes,
    contacts,
    definitions,
    flow_starts,
    message_actions,
    messages,
    runs,
    workspace,
)
from fakes.rapidpro.api.context import Context
from fakes.rapidpro.api.wire import Call
from fakes.rapidpro.profile import Profile

Handler = Callable[[Call, Context], Any]
PREFIX = "/api/v2/"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One resource. `single`: one answer, no list; HEAD and OPTIONS are answered there."""

    name: str
    methods: Mapping[str, Handler]
    scope: str = "v2"
    single: bool = False

    @property
    def allow(self) -> str:
        """The Allow header, which promises more than is kept."""
        return ", ".join((*self.methods, "HEAD", "OPTIONS"))


def endpoints(profile: Profile) -> Mapping[str, Endpoint]:
    """All resources of a version by name."""
    messaging: dict[str, Handler] = {"GET": messages.listed}
    if profile.posts_messages:
        messaging["POST"] = messages.create
    found = (
        Endpoint("broadcasts", {"GET": broadcasts.listed, "POST": broadcasts.create}, profile.broadcast_scope),
        Endpoint("messages", messaging, "v2.messages"),
        Endpoint("message_actions", {"POST": message_actions.act}),
        Endpoint("flow_starts", {"GET": flow_starts.listed, "POST": flow_starts.create}),
        Endpoint("flows", {"GET": definitions.flows}),
        Endpoint("runs", {"GET": runs.listed}, "v2.runs"),
        Endpoint(
            "contacts", {"GET": contacts.listed, "POST": contacts.write, "DELETE": contacts.delete}, "v2.contacts"
        ),
        Endpoint("contact_actions", {"POST": contacts.act}),
        Endpoint("groups", {"GET": definitions.groups, "POST": changes.write_group, "DELETE": changes.delete_group}),
        Endpoint("fields", {"GET": definitions.contact_fields, "POST": changes.write_field}),
        Endpoint("globals", {"GET": definitions.global_values, "POST": changes.write_global}),
        Endpoint("labels", {"GET": definitions.labels, "POST": changes.write_label, "DELETE": changes.delete_label}),
        Endpoint("channels", {"GET": definitions.channels}),
        Endpoint("channel_events", {"GET": definitions.channel_events}),
        Endpoint("users", {"GET": definitions.users}),
        Endpoint("workspace", {"GET": workspace.shown}, single=True),
        Endpoint("org", {"GET": workspace.shown}, single=True),
    )
    offered = {*profile.resources, "org"}
    return MappingProxyType({one.name: one for one in found if one.name in offered})


ROOT = Endpoint("", {"GET": workspace.root}, single=True)
