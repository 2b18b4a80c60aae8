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
_START_9_0 = (
    "id", "uuid", "flow", "status", "groups", "contacts", "restart_participants", "exclude_active", "params",
    "created_on", "modified_on", "extra",
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
    not_found_page: str = "new"
    """The 404 page: `new` a whole HTML document, `old` one line without charset."""
    escapes_unicode: bool = False
    """JSON as ASCII with escapes (up to v8.1.124)."""
    wrong_method_first: bool = True
    """405 for a wrong method, HEAD and OPTIONS before the token is asked for (v8.3.37); before, 403, HEAD 200."""
    documents_without_token: bool = True
    """GET without `.json` answers 200 without a token, POST there 403 (v9.1.186); before, it was the API itself."""
    basic_auth: bool = True
    basic_split_strictly: bool = True
    """A Basic header without a colon is no base64 (Django REST framework 3.15)."""
    staff_tokens: bool = True
    """Tokens of staff work in every workspace (gone from v9.3.112)."""
    reads_of_viewers: bool = False
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
    incoming_folder: bool = True
    start_fields: tuple[str, ...] = _START
    start_words: Mapping[str, str] | None = None
    starts_by_id: bool = False
    cleans_params: bool = True
    unset_params: bool = False
    """A start without params shows null (old versions)."""
    uuid_message: str = "Value for {name} must be a valid UUID"
    checks_uuids: bool = False
    """A `uuid=` that is none is 400 everywhere."""
    contact_fields: tuple[str, ...] = (
        "uuid", "name", "status", "language", "urns", "groups", "notes", "fields", "flow", "created_on", "modified_on",
        "last_seen_on", "blocked", "stopped",
    )  # fmt: skip
    urn_in_use_by_index: bool = True
    urn_display_kept: bool = False
    """Lists show the display part of a contact's URNs."""
    no_match: str = "No {model} matches the given query."
    no_contact_name: str = ""
    runs: str = "new"
    channel_type_shown: bool = False
    workspace_fields: tuple[str, ...] = (
        "uuid", "name", "country", "languages", "timezone", "date_style", "anon", "credits", "primary_language",
    )  # fmt: skip
    credits_used: int = -1
    credits_remaining: int = -1
    counts_runs: bool = True
    fields_style: str = "9.3"
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
        contact_fields=tuple(name for name in main.contact_fields if name != "notes"),
        urn_in_use_by_index=False,
        no_match="Not found.",
        resources=with_events,
    )
    eight = replace(
        nine,
        name="8.0",
        about="v8.0.0 (January 2023)",
        escapes_unicode=True,
        wrong_method_first=False,
        wrong_methods_count=True,
        broadcast_fields=_BROADCAST_6_4,
        serializer="old",
        checks_text_languages=True,
        unsets_text=False,
        message_fields=_MESSAGE_6_4,
        message_types=False,
        message_words=MappingProxyType({"read": "delivered"}),
        posts_messages=False,
        outbox=frozenset({"queued"}),
    )
    seven = replace(
        eight,
        name="7.4",
        about="v7.4.0 (March 2022)",
        workspace_header=None,
        checks_text_languages=False,
        needs_language=False,
        message_words=MappingProxyType({"read": "resent"}),
    )
    six = replace(
        seven,
        name="6.4",
        about="v6.4.0 (July 2021)",
        ambient=_EARLY_AMBIENT,
        not_found_page="old",
        throttled_by_user=True,
    )
    ten = replace(main, name="10", about="v10.0.1 (January 2025)", staff_tokens=False, runs="without input")
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
        cleans_params=False,
        uuid_message="Param '{name}': {value} is not a valid UUID.",
        checks_uuids=True,
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
