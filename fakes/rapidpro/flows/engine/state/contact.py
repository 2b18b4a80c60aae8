"""The contact of a session.

Source: goflow core/contact.go, core/urn.go, core/channel.go.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from urllib.parse import parse_qs

from fakes.rapidpro.flows.engine.state.workspace import Channel, Workspace
from fakes.rapidpro.urns import channel_for, country_of

PORTABLE = frozenset({"tel", "whatsapp"})
"""Schemes whose URNs may change to another channel."""


@dataclass(frozen=True, slots=True)
class FieldValue:
    """A field's value: its text, and the number and ISO time that were read from it."""

    text: str
    number: Decimal | None = None
    datetime: str | None = None


@dataclass(frozen=True, slots=True)
class Urn:
    """A URN and the channel that it prefers."""

    identity: str
    """Scheme and path: `tel:+254712345678`."""
    channel: str = ""
    display: str = ""

    @property
    def scheme(self) -> str:
        """The part before the colon."""
        return self.identity.partition(":")[0]

    @property
    def path(self) -> str:
        """The part after the colon."""
        return self.identity.partition(":")[2]

    @classmethod
    def parse(cls, text: str) -> Urn:
        """The URN of `tel:+254712345678?channel=UUID#display`."""
        text, _, display = text.partition("#")
        identity, _, query = text.partition("?")
        return cls(identity, (parse_qs(query).get("channel") or [""])[0], display)


@dataclass(frozen=True, slots=True)
class Ticket:
    """An open ticket."""

    uuid: str
    topic: str
    """The topic's UUID."""
    assignee: str = ""


@dataclass(slots=True)
class Contact:
    """A contact. `groups` holds UUIDs; `timezone` and `language` may be empty."""

    uuid: str
    id: int = 0
    name: str = ""
    language: str = ""
    status: str = "active"
    timezone: str = ""
    created_on: datetime | None = None
    last_seen_on: datetime | None = None
    urns: list[Urn] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    fields: dict[str, FieldValue] = field(default_factory=dict)
    tickets: list[Ticket] = field(default_factory=list)

    def copy(self) -> Contact:
        """A contact that can be changed without changing this one."""
        return replace(
            self, urns=list(self.urns), groups=list(self.groups), fields=dict(self.fields), tickets=list(self.tickets)
        )

    def routes(self, workspace: Workspace) -> list[tuple[Urn, Channel]]:
        """The URNs that can be reached, each with the channel that would carry a message to it."""
        found = ((urn, sending_channel(urn, workspace)) for urn in self.urns)
        return [(urn, channel) for urn, channel in found if channel is not None]

    def country(self, workspace: Workspace) -> str:
        """The country of the contact's channel, or else of its number; "" if there is none."""
        routes = self.routes(workspace)
        if routes and routes[0][1].country:
            return routes[0][1].country
        return next((found for urn in self.urns if urn.scheme == "tel" and (found := country_of(urn.path))), "")


def sending_channel(urn: Urn, workspace: Workspace) -> Channel | None:
    """The channel that would carry a message to the URN: the one that it prefers, or the best that can send."""
    preferred = workspace.channel(urn.channel) if urn.channel else None
    if preferred is not None and "send" in preferred.roles and urn.scheme in preferred.schemes:
        return preferred
    able = [one for one in workspace.channels if "send" in one.roles]
    # of several that fit a number equally well the last one counts
    return channel_for(urn.identity, able[::-1] if urn.scheme == "tel" else able)
