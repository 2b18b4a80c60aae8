"""What differs between RapidPro's versions, as data: one row a profile.

Sources: the recordings of each version, and FACTS section 9 of the contract: every difference is one that was seen in
recordings or in the source between two release tags. `next` is what is to come: deprecated fields and filters gone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from types import MappingProxyType

Headers = tuple[tuple[str, str], ...]

_AMBIENT: Headers = (
    ("Content-Language", "en-us"),
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
)
_EARLY_AMBIENT: Headers = (("X-Frame-Options", "SAMEORIGIN"), ("X-Content-Type-Options", "nosniff"))
_NEW_AMBIENT: Headers = (*_AMBIENT[:3], ("Referrer-Policy", "strict-origin-when-cross-origin"), _AMBIENT[4])

_RATES = MappingProxyType(
    {
        "v2": "2500/hour",
        "v2.contacts": "2500/hour",
        "v2.messages": "2500/hour",
        "v2.broadcasts": "36000/hour",
        "v2.runs": "2500/hour",
    }
)
_NEW_RATES = MappingProxyType(dict.fromkeys(("v2", "v2.contacts", "v2.messages", "v2.runs"), "3600/hour"))

_BROADCAST = (
    "id", "status", "progress", "urns", "contacts", "groups", "text", "attachments", "base_language", "created_on",
)  # fmt: skip
_BROADCAST_9_0 = (
    "id", "urns", "contacts", "groups", "text", "attachments", "base_language", "status", "created_on",
)  # fmt: skip
_BROADCAST_6_4 = ("id", "urns", "contacts", "groups", "text", "status", "created_on")
_BROADCAST_NEXT = (
    "uuid", "status", "progress", "urns", "contacts", "groups", "text", "attachments", "quick_replies", "base_language",
    "created_on",
)  # fmt: skip
_MESSAGE_6_4 = (
    "id", "broadcast", "contact", "urn", "channel", "direction", "type", "status", "archived", "visibility", "text",
    "labels", "attachments", "created_on", "sent_on", "modified_on", "media",
)  # fmt: skip
_MESSAGE = (*_MESSAGE_6_4[:12], "flow", *_MESSAGE_6_4[12:])
_MESSAGE_NEXT = (
    "uuid", "contact", "urn", "channel", "direction", "type", "status", "archived", "visibility", "text", "labels",
    "flow", "attachments", "quick_replies", "created_on", "sent_on", "modified_on",
)  # fmt: skip
_START = (
    "uuid", "flow", "status", "progress", "groups", "contacts", "params", "created_on", "modified_on", "id", "extra",
    "restart_participants", "exclude_active",
)  # fmt: skip
_START_9_0 = ("id", *(name for name in _START if name not in ("id", "progress")))
_START_8_0 = (
    "id", "uuid", "flow", "status", "groups", "contacts", "restart_participants", "exclude_active", "extra", "params",
    "created_on", "modified_on",
)  # fmt: skip
_CONTACT = (
    "uuid", "name", "status", "language", "urns", "groups", "notes", "fields", "flow", "created_on", "modified_on",
    "last_seen_on", "blocked", "stopped",
)  # fmt: skip
_CONTACT_6_4 = (
    "uuid", "name", "language", "urns", "groups", "fields", "blocked", "stopped", "created_on", "modified_on",
    "last_seen_on",
)  # fmt: skip
_RUN = (
    "id", "uuid", "flow", "contact", "start", "responded", "path", "values", "created_on", "modified_on", "exited_on",
    "exit_type",
)  # fmt: skip
_RUN_VALUE = ("name", "value", "category", "node", "time")
_WORKSPACE_7_4 = (
    "uuid", "name", "country", "languages", "primary_language", "timezone", "date_style", "credits", "anon",
)  # fmt: skip
_FIELD = (
    "key", "name", "type", "featured", "priority", "usages", "agent_access", "label", "value_type",
)  # fmt: skip
_RESOURCES_8_0 = (
    "archives", "boundaries", "broadcasts", "campaigns", "campaign_events", "channels", "channel_events", "classifiers",
    "contacts", "contact_actions", "definitions", "fields", "flow_starts", "flows", "globals", "groups", "labels",
    "messages", "message_actions", "resthooks", "resthook_events", "resthook_subscribers", "runs", "templates",
    "ticketers", "tickets", "ticket_actions", "topics", "users", "workspace",
)  # fmt: skip

_OLD_BROADCAST_WORDS = MappingProxyType(
    {
        "pending": "queued", "queued": "queued", "started": "queued", "completed": "sent", "interrupted": "sent",
        "failed": "failed",
    }
)  # fmt: skip
_OLD_START_WORDS = MappingProxyType({"queued": "pending", "started": "starting", "completed": "complete"})


@dataclass(frozen=True, slots=True)
class Profile:
    """How one version of RapidPro answers, where versions differ. Defaults are those of 9.3."""

    name: str
    about: str
    ambient: Headers = _AMBIENT
    """Headers on every answer."""
    workspace_header: str | None = "X-Temba-Org"
    not_found_is_page: bool = True
    """The 404 for unknown paths is a whole HTML document; before, one line of HTML."""
    not_found_charset: bool = True
    """The 404's content type tells its charset."""
    escapes_unicode: bool = False
    """JSON as ASCII with escapes (up to v8.1.124)."""
    wrong_method_first: bool = True
    """405 for a wrong method, HEAD and OPTIONS before the token is asked for (v8.3.37); before, 403, HEAD 200."""
    documents_without_token: bool = True
    """GET without `.json` answers 200 without a token, POST there 403 (v9.1.186); before, 403 and as with `.json`."""
    root_open: bool = True
    """The root of the API needs no token."""
    basic_auth: bool = True
    basic_split_strictly: bool = True
    """A Basic header without a colon is no base64 (Django REST framework 3.15)."""
    staff_tokens: bool = True
    """Tokens of staff work in every workspace (gone from v9.3.112)."""
    rates: Mapping[str, str] = field(default_factory=lambda: _RATES)
    broadcast_scope: str = "v2.broadcasts"
    throttled_by_user: bool = False
    """Requests are counted per workspace and user (before v7.1.64)."""
    wrong_methods_count: bool = False
    """405 used a place in the quota (before v8.3.37)."""
    broadcast_fields: tuple[str, ...] = _BROADCAST
    broadcast_words: Mapping[str, str] | None = None
    """Stored to shown status, where words differ."""
    first_status: str = "pending"
    engine_by_http: bool = True
    """Broadcasts are handed to mailroom while the caller waits (v9.1.147): it being down is a 500."""
    serializer: str = "new"
    """How broadcasts are validated: `old` up to v8.1.24."""
    checks_text_languages: bool = False
    """Old serializer: keys of `text` must be languages."""
    needs_language: bool = True
    text_limit: int = 640
    unsets_text: bool = True
    """A broadcast with attachments only shows null for its text; before, an empty one."""
    filter_by_uuid: bool = False
    quick_replies: bool = False
    broadcast_filter: bool = True
    """`broadcast=` filters messages (deprecated since v10.3.79)."""
    message_fields: tuple[str, ...] = _MESSAGE
    message_words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({"initializing": "queued"}))
    message_types: bool = True
    """Types text, voice, optin; before v8.1.73 inbox, flow, ivr."""
    posts_messages: bool = True
    outbox: frozenset[str] = frozenset({"initializing", "queued", "errored"})
    sent_folder: frozenset[str] = frozenset({"wired", "sent", "delivered", "read"})
    sent_by_time: bool = True
    """Folder `sent` is ordered by sent_on; before, by created_on."""
    voice_in_inbox: bool = False
    """Folders `inbox` and `flows` show other incoming messages than texts."""
    incoming_folder: bool = True
    """There is a folder `incoming` with all of them, deleted ones too (gone from v10.3.74)."""
    incoming_unhandled: bool = False
    """Folder `incoming` shows what is not handled yet."""
    deleted_word: str | None = None
    """Visibility that is shown of deleted messages."""
    start_fields: tuple[str, ...] = _START
    start_words: Mapping[str, str] | None = None
    starts_by_id: bool = False
    cleans_params: bool = True
    unset_params: bool = False
    """A new start without params shows null."""
    unset_exclusions: bool = True
    """A start without exclusions on record shows an empty object for exclude_active."""
    reads_starts_back: bool = False
    """A new start is read back from the database, which orders keys by length and letter."""
    uuid_message: str = "Value for {name} must be a valid UUID"
    checks_uuids: bool = False
    """A `uuid=` that is none is 400 everywhere."""
    contact_fields: tuple[str, ...] = _CONTACT
    urn_in_use_by_index: bool = True
    urn_display_kept: bool = False
    """Lists show the display part of a contact's URNs."""
    no_match: str = "No {model} matches the given query."
    no_contact_name: str = ""
    run_fields: tuple[str, ...] = _RUN
    run_value_fields: tuple[str, ...] = ("value", "category", "node", "time", "input", "name")
    run_steps_timed: bool = True
    """Each step of a run's path has its own time; else all show the run's first."""
    channel_type_shown: bool = False
    workspace_fields: tuple[str, ...] = (
        "uuid", "name", "country", "languages", "timezone", "date_style", "anon", "credits", "primary_language",
    )  # fmt: skip
    credits: int = -1
    """Credits used and remaining; -1: there are none any more."""
    counts_runs: bool = True
    """The runs of flows are counted in the recordings (rows stored by hand were not, before v9.3)."""
    field_fields: tuple[str, ...] = _FIELD
    system_groups: bool = True
    """The workspace's own group is listed, and each group tells whether it is one."""
    flow_run_counts: tuple[str, ...] = ("active", "waiting", "completed", "expired", "interrupted", "failed")
    resources: tuple[str, ...] = (
        "archives", "boundaries", "broadcasts", "campaigns", "campaign_events", "channels", "classifiers", "contacts",
        "contact_actions", "fields", "flow_starts", "flows", "globals", "groups", "labels", "media", "messages",
        "message_actions", "resthooks", "resthook_events", "resthook_subscribers", "runs", "tickets", "ticket_actions",
        "topics", "users", "workspace",
    )  # fmt: skip
    suspended: str = (
        "Sorry, your workspace is currently suspended. To re-enable starting flows and sending messages, please "
        "contact support."
    )
    flagged: str = (
        "Sorry, your workspace is currently flagged. To re-enable starting flows and sending messages, please contact "
        "support."
    )


def _table() -> Mapping[str, Profile]:
    main = Profile("9.3", "v9.3.76 (October 2024): the main recordings")
    with_events = (*main.resources[:6], "channel_events", *main.resources[6:22], "templates", *main.resources[22:])
    nine = replace(
        main,
        name="9.0",
        about="v9.0.0 (January 2024)",
        documents_without_token=False,
        basic_split_strictly=False,
        broadcast_fields=_BROADCAST_9_0,
        broadcast_words=_OLD_BROADCAST_WORDS,
        first_status="queued",
        engine_by_http=False,
        message_words=MappingProxyType({"initializing": "queued", "read": "delivered"}),
        start_fields=_START_9_0,
        start_words=_OLD_START_WORDS,
        starts_by_id=True,
        contact_fields=tuple(name for name in _CONTACT if name != "notes"),
        urn_in_use_by_index=False,
        no_match="Not found.",
        counts_runs=False,
        resources=with_events,
    )
    eight = replace(
        nine,
        name="8.0",
        about="v8.0.0 (January 2023)",
        not_found_charset=False,
        escapes_unicode=True,
        wrong_method_first=False,
        wrong_methods_count=True,
        root_open=False,
        broadcast_fields=_BROADCAST_6_4,
        serializer="old",
        checks_text_languages=True,
        unsets_text=False,
        message_fields=_MESSAGE_6_4,
        message_types=False,
        message_words=MappingProxyType({"initializing": "queued", "pending": "queued", "read": "delivered"}),
        posts_messages=False,
        outbox=frozenset({"initializing", "queued"}),
        sent_by_time=False,
        incoming_unhandled=True,
        start_fields=_START_8_0,
        unset_params=True,
        unset_exclusions=False,
        field_fields=tuple(name for name in _FIELD if name != "agent_access"),
        resources=_RESOURCES_8_0,
    )
    seven = replace(
        eight,
        name="7.4",
        about="v7.4.0 (March 2022)",
        workspace_header=None,
        checks_text_languages=False,
        needs_language=False,
        message_words=MappingProxyType({"pending": "queued", "read": "resent"}),
        outbox=frozenset({"queued"}),
        sent_folder=frozenset({"wired", "sent", "delivered"}),
        urn_display_kept=True,
        workspace_fields=_WORKSPACE_7_4,
        credits=0,
        field_fields=("key", "label", "value_type", "pinned", "priority"),
        flow_run_counts=("active", "completed", "interrupted", "expired"),
    )
    without = ("archives", "tickets", "ticket_actions", "topics", "users")
    six = replace(
        seven,
        name="6.4",
        about="v6.4.0 (July 2021)",
        ambient=_EARLY_AMBIENT,
        not_found_is_page=False,
        throttled_by_user=True,
        deleted_word="deleted",
        contact_fields=_CONTACT_6_4,
        field_fields=("key", "label", "value_type", "pinned"),
        system_groups=False,
        resources=tuple(name for name in _RESOURCES_8_0 if name not in without),
        suspended="Sorry, your workspace is currently suspended. To enable sending messages, please contact support.",
        flagged="Sorry, your workspace is currently flagged. To enable sending messages, please contact support.",
    )
    ten = replace(main, name="10", about="v10.0.1 (January 2025)", staff_tokens=False, run_value_fields=_RUN_VALUE)
    current = replace(
        ten,
        name="26",
        about="v26.3.54 (2026), as on textit.com",
        ambient=_NEW_AMBIENT,
        workspace_header="X-Temba-Workspace",
        rates=_NEW_RATES,
        broadcast_scope="v2",
        broadcast_fields=(*_BROADCAST_NEXT, "id"),
        text_limit=4096,
        filter_by_uuid=True,
        quick_replies=True,
        message_fields=(*_MESSAGE_NEXT, "media", "id", "broadcast"),
        incoming_folder=False,
        voice_in_inbox=True,
        cleans_params=False,
        reads_starts_back=True,
        uuid_message="Param '{name}': {value} is not a valid UUID.",
        checks_uuids=True,
        run_fields=(*_RUN[1:], "id"),
        run_steps_timed=False,
        channel_type_shown=True,
        resources=tuple(name for name in main.resources if name not in {"boundaries", "classifiers"}),
    )
    coming = replace(
        current,
        name="next",
        about="to come: deprecated fields (`id`, `broadcast`) and the filter `broadcast=` gone",
        broadcast_fields=_BROADCAST_NEXT,
        message_fields=_MESSAGE_NEXT,
        broadcast_filter=False,
    )
    return MappingProxyType({one.name: one for one in (six, seven, eight, nine, main, ten, current, coming)})


PROFILES: Mapping[str, Profile] = _table()
DEFAULT = "26"


def profile_of(name: str) -> Profile:
    """The profile of that name. Raises ValueError with the list of those there are."""
    if name not in PROFILES:
        raise ValueError(f"no profile of RapidPro is called {name!r}; there are: {', '.join(PROFILES)}")
    return PROFILES[name]


def differences(one: Profile, other: Profile) -> tuple[str, ...]:
    """Names of what differs between two profiles."""
    told = {"name", "about"}
    return tuple(
        known.name
        for known in fields(Profile)
        if known.name not in told and getattr(one, known.name) != getattr(other, known.name)
    )
