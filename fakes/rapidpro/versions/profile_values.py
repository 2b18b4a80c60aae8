"""Long values of profiles, such as the keys of objects in their order: `profiles` puts them together.

Sources: the recordings of each version.
"""

from __future__ import annotations

from types import MappingProxyType

Headers = tuple[tuple[str, str], ...]

COMMON_HEADERS: Headers = (
    ("Content-Language", "en-us"),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)
OLD_COMMON_HEADERS: Headers = (("X-Frame-Options", "SAMEORIGIN"), ("X-Content-Type-Options", "nosniff"))
NEW_COMMON_HEADERS: Headers = (
    *COMMON_HEADERS[:3],
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    COMMON_HEADERS[4],
)

RATES = MappingProxyType(
    {
        "v2": "2500/hour",
        "v2.contacts": "2500/hour",
        "v2.messages": "2500/hour",
        "v2.broadcasts": "36000/hour",
        "v2.runs": "2500/hour",
    }
)
NEW_RATES = MappingProxyType(dict.fromkeys(("v2", "v2.contacts", "v2.messages", "v2.runs"), "3600/hour"))

BROADCAST = (
    "id", "status", "progress", "urns", "contacts", "groups", "text", "attachments", "base_language", "created_on",
)  # fmt: skip
BROADCAST_9_0 = (
    "id", "urns", "contacts", "groups", "text", "attachments", "base_language", "status", "created_on",
)  # fmt: skip
BROADCAST_6_4 = ("id", "urns", "contacts", "groups", "text", "status", "created_on")
BROADCAST_NEXT = (
    "uuid", "status", "progress", "urns", "contacts", "groups", "text", "attachments", "quick_replies", "base_language",
    "created_on",
)  # fmt: skip
MESSAGE_6_4 = (
    "id", "broadcast", "contact", "urn", "channel", "direction", "type", "status", "archived", "visibility", "text",
    "labels", "attachments", "created_on", "sent_on", "modified_on", "media",
)  # fmt: skip
MESSAGE = (*MESSAGE_6_4[:12], "flow", *MESSAGE_6_4[12:])
MESSAGE_NEXT = (
    "uuid", "contact", "urn", "channel", "direction", "type", "status", "archived", "visibility", "text", "labels",
    "flow", "attachments", "quick_replies", "created_on", "sent_on", "modified_on",
)  # fmt: skip
START = (
    "uuid", "flow", "status", "progress", "groups", "contacts", "params", "created_on", "modified_on", "id", "extra",
    "restart_participants", "exclude_active",
)  # fmt: skip
START_9_0 = ("id", *(name for name in START if name not in ("id", "progress")))
START_8_0 = (
    "id", "uuid", "flow", "status", "groups", "contacts", "restart_participants", "exclude_active", "extra", "params",
    "created_on", "modified_on",
)  # fmt: skip
CONTACT = (
    "uuid", "name", "status", "language", "urns", "groups", "notes", "fields", "flow", "created_on", "modified_on",
    "last_seen_on", "blocked", "stopped",
)  # fmt: skip
CONTACT_6_4 = (
    "uuid", "name", "language", "urns", "groups", "fields", "blocked", "stopped", "created_on", "modified_on",
    "last_seen_on",
)  # fmt: skip
RUN = (
    "id", "uuid", "flow", "contact", "start", "responded", "path", "values", "created_on", "modified_on", "exited_on",
    "exit_type",
)  # fmt: skip
RUN_VALUE = ("name", "value", "category", "node", "time")
WORKSPACE_7_4 = (
    "uuid", "name", "country", "languages", "primary_language", "timezone", "date_style", "credits", "anon",
)  # fmt: skip
USER = ("email", "first_name", "last_name", "role", "created_on")
USER_10 = ("email", "first_name", "last_name", "role", "team", "created_on", "avatar")
USER_NEXT = ("uuid", "name", "email", "role", "team", "created_on", "avatar")
FIELD = (
    "key", "name", "type", "featured", "priority", "usages", "agent_access", "label", "value_type",
)  # fmt: skip
RESOURCES_8_0 = (
    "archives", "boundaries", "broadcasts", "campaigns", "campaign_events", "channels", "channel_events", "classifiers",
    "contacts", "contact_actions", "definitions", "fields", "flow_starts", "flows", "globals", "groups", "labels",
    "messages", "message_actions", "resthooks", "resthook_events", "resthook_subscribers", "runs", "templates",
    "ticketers", "tickets", "ticket_actions", "topics", "users", "workspace",
)  # fmt: skip

OLD_BROADCAST_STATUSES = MappingProxyType(
    {
        "pending": "queued", "queued": "queued", "started": "queued", "completed": "sent", "interrupted": "sent",
        "failed": "failed",
    }
)  # fmt: skip
OLD_START_STATUSES = MappingProxyType({"queued": "pending", "started": "starting", "completed": "complete"})
RESOURCES = (
    "archives", "boundaries", "broadcasts", "campaigns", "campaign_events", "channels", "classifiers", "contacts",
    "contact_actions", "fields", "flow_starts", "flows", "globals", "groups", "labels", "media", "messages",
    "message_actions", "resthooks", "resthook_events", "resthook_subscribers", "runs", "tickets", "ticket_actions",
    "topics", "users", "workspace",
)  # fmt: skip
WORKSPACE = (
    "uuid", "name", "country", "languages", "timezone", "date_style", "anon", "credits", "primary_language",
)  # fmt: skip

GROUP_NAMES = frozenset({"\\Active", "\\Blocked", "\\Stopped", "\\Archived", "Open Tickets"})
OLD_GROUP_NAMES = frozenset(name.strip("\\") for name in GROUP_NAMES)
FIELD_NAMES = frozenset({"Created On", "Last Seen On"})
OLD_FIELD_NAMES = FIELD_NAMES | {"ID", "Name", "Language"}
RESERVED_KEYS = frozenset({"has", "is", "fields", "urns", "created_on", "last_seen_on"})
_SCHEMES = frozenset(
    {
        "tel", "facebook", "twitter", "twitterid", "viber", "line", "telegram", "mailto", "ext", "jiochat", "wechat",
        "fcm", "whatsapp", "freshchat", "vk", "rocketchat", "discord",
    }
)  # fmt: skip
RESERVED_KEYS_7_4 = (
    RESERVED_KEYS | _SCHEMES | {"instagram", "webchat"}
    | {
        "flow", "group", "history", "id", "language", "name", "status", "urn", "uuid", "channel", "first_name",
        "groups", "tickets", "timezone",
    }
)  # fmt: skip
RESERVED_KEYS_8_0 = RESERVED_KEYS_7_4 | {"slack"}
RESERVED_KEYS_9_0 = RESERVED_KEYS_8_0 | {"ticket"}
RESERVED_KEYS_6_4 = _SCHEMES | {
    "id", "name", "first_name", "language", "groups", "uuid", "created_on", "created_by", "modified_by", "is", "has",
}  # fmt: skip
OLD_LIMIT_TEXT = (
    "This org has {count} {what} and the limit is {limit}. You must delete existing ones before you can create new "
    "ones."
)
