"""What exists in a workspace besides its flows, as frozen data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class FieldDefinition:
    """A contact field; `type`: text, number, datetime, or state, district, ward, which show nothing here."""

    key: str
    name: str
    type: str = "text"


@dataclass(frozen=True, slots=True)
class Group:
    """A group; one with a query is filled by the engine."""

    uuid: str
    name: str
    query: str = ""


@dataclass(frozen=True, slots=True)
class Named:
    """A label, topic or classifier."""

    uuid: str
    name: str


@dataclass(frozen=True, slots=True)
class User:
    """A user of the workspace."""

    uuid: str
    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel; `schemes` of the URNs it carries, `roles`: send, receive and others."""

    uuid: str
    name: str
    address: str = ""
    schemes: tuple[str, ...] = ("tel",)
    roles: tuple[str, ...] = ("send", "receive")
    country: str = ""


@dataclass(frozen=True, slots=True)
class GlobalValue:
    """A global."""

    key: str
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Resthook:
    """A resthook and the addresses that it calls."""

    slug: str
    subscribers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Workspace:
    """A workspace: its settings, and what flows may name. `languages`: the allowed ones, the first is the default."""

    timezone: str = "UTC"
    country: str = ""
    date_format: str = "DD-MM-YYYY"
    time_format: str = "tt:mm"
    decimal: str = "."
    grouping: str = ","
    """The symbols in numbers: before the fraction, and between groups of digits."""
    redacts_urns: bool = False
    languages: tuple[str, ...] = ()
    fields: tuple[FieldDefinition, ...] = ()
    groups: tuple[Group, ...] = ()
    labels: tuple[Named, ...] = ()
    channels: tuple[Channel, ...] = ()
    globals: tuple[GlobalValue, ...] = ()
    topics: tuple[Named, ...] = ()
    users: tuple[User, ...] = ()
    classifiers: tuple[Named, ...] = ()
    resthooks: tuple[Resthook, ...] = ()
    templates: tuple[Mapping[str, Any], ...] = field(default=())
    """Message templates as JSON: uuid, name, translations."""

    def group(self, uuid: str) -> Group | None:
        """The group of that UUID."""
        return next((one for one in self.groups if one.uuid == uuid), None)

    def channel(self, uuid: str) -> Channel | None:
        """The channel of that UUID."""
        return next((one for one in self.channels if one.uuid == uuid), None)

    def field(self, key: str) -> FieldDefinition | None:
        """The contact field of that key."""
        return next((one for one in self.fields if one.key == key), None)
