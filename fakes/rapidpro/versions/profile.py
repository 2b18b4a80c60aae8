"""What can differ between RapidPro's versions: one field per difference. The versions themselves are in `profiles`.

A version in brackets is the release that made the change.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from fakes.rapidpro.versions import profile_values
from fakes.rapidpro.versions.profile_values import Headers


@dataclass(frozen=True, slots=True)
class Profile:
    """How one version of RapidPro answers where versions differ. The defaults are those of 9.3."""

    name: str
    about: str
    common_headers: Headers = profile_values.COMMON_HEADERS
    """Headers of every answer."""
    workspace_header: str | None = "X-Temba-Org"
    """Header that names the caller's workspace: by number, or by UUID in X-Temba-Workspace (v10.3.120)."""
    not_found_is_page: bool = True
    """The 404 for unknown paths is a whole HTML document; before, one line of HTML."""
    not_found_charset: bool = True
    """The content type of the 404 names its charset."""
    escapes_unicode: bool = False
    """JSON as ASCII with escapes (up to v8.1.124)."""
    checks_method_first: bool = True
    """405 for a wrong method, HEAD and OPTIONS first of all (v8.3.37); before, 403, HEAD 200, 405 after the quota."""
    public_documentation: bool = True
    """GET without `.json` answers 200 without a token, POST there 403 (v9.1.186); before, 403 and as with `.json`."""
    public_root: bool = True
    """The root of the API needs no token."""
    strict_basic_auth: bool = True
    """A Basic header without a colon is refused as invalid base64 (Django REST framework 3.15)."""
    staff_tokens: bool = True
    """Tokens of staff work in every workspace (gone from v9.3.112)."""
    surveyor_resources: frozenset[str] = frozenset()
    """What the token of a user with the role Surveyor may use (until tokens lost their own role)."""
    rates: Mapping[str, str] = field(default_factory=lambda: profile_values.RATES)
    """The rate limit of each scope."""
    broadcast_scope: str = "v2.broadcasts"
    """The scope that POSTs and GETs of broadcasts are counted in."""
    throttled_by_user: bool = False
    """Requests are counted per workspace and user (before v7.1.64)."""
    broadcast_fields: tuple[str, ...] = profile_values.BROADCAST
    """Keys of a broadcast."""
    broadcast_statuses: Mapping[str, str] | None = None
    """Stored to shown status of broadcasts, where they differ."""
    boundary_needed: bool = True
    """A multipart form without a boundary is refused; Django 2.2 reads it as an empty form."""
    engine_by_http: bool = True
    """Broadcasts are passed to mailroom while the caller waits (v9.1.147): a 500 if mailroom is down."""
    serializer: str = "new"
    """How broadcasts are validated: `old` up to v8.1.24."""
    checks_text_languages: bool = False
    """Old serializer: keys of `text` must be languages."""
    counts_items_first: bool = False
    """A list of too many items is refused before they are checked, and in words of its own (until v8.1.35)."""
    text_limit: int = 640
    """Maximum number of code points of a text after trimming (4096 from v10.1.45)."""
    null_text_allowed: bool = True
    """A broadcast that has only attachments shows null for its text; before, an empty text."""
    filter_by_uuid: bool = False
    """`uuid=` filters broadcasts (v10.3.81) and messages (v10.3.79); on POST it is 404, before 500."""
    numeric_media_allowed: bool = False
    """An attachment given as a number is refused as missing; before, a 500."""
    quick_replies: bool = False
    """Broadcasts accept quick_replies (v10.1.54); plain strings among them are a 500."""
    broadcast_filter: bool = True
    """`broadcast=` filters messages (deprecated since v10.3.79)."""
    message_fields: tuple[str, ...] = profile_values.MESSAGE
    """Keys of a message."""
    message_statuses: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({"initializing": "queued"}))
    """Stored to shown status of messages, where they differ."""
    message_types: bool = True
    """Types text, voice, optin; before v8.1.73 inbox, flow, ivr."""
    posts_messages: bool = True
    """POST messages sends one message to one contact (v8.1.35); before, 405."""
    outbox_statuses: frozenset[str] = frozenset({"initializing", "queued", "errored"})
    """Stored statuses of the messages in folder `outbox`."""
    sent_statuses: frozenset[str] = frozenset({"wired", "sent", "delivered", "read"})
    """Stored statuses of the messages in folder `sent`."""
    sent_ordered_by_sent_on: bool = True
    """Folder `sent` is ordered by sent_on; before, by created_on."""
    voice_in_inbox: bool = False
    """Folders `inbox` and `flows` also show incoming messages that are not texts."""
    incoming_folder: bool = True
    """Folder `incoming` shows all incoming messages, deleted ones too (gone from v10.3.74)."""
    incoming_unhandled: bool = False
    """Folder `incoming` also shows messages that are not handled yet."""
    deleted_visibility: str | None = None
    """The visibility shown for deleted messages."""
    start_fields: tuple[str, ...] = profile_values.START
    """Keys of a flow start."""
    start_statuses: Mapping[str, str] | None = None
    """Stored to shown status of flow starts, where they differ (v9.3.46)."""
    starts_by_id: bool = False
    """`id=` filters flow starts (until v9.3.34)."""
    narrows_params: bool = True
    """Params of flow starts are normalized to flat texts (until v10.1.40); `extra` always is."""
    params_limit: int | None = None
    """Maximum length of the JSON of a flow start's params (v10.1.41)."""
    null_params: bool = False
    """A new start without params shows null."""
    empty_exclusions: bool = True
    """A start without stored exclusions shows an empty object for exclude_active."""
    reads_starts_back: bool = False
    """A new start is read back from the database, which orders keys by length, then alphabetically."""
    invalid_uuid_text: str = "Value for {name} must be a valid UUID"
    """The error for an invalid `uuid=` (v10.1.165)."""
    validates_uuids: bool = False
    """An invalid `uuid=` is a 400 everywhere."""
    contact_fields: tuple[str, ...] = profile_values.CONTACT
    """Keys of a contact."""
    anon_fields: tuple[str, ...] = ("anon_display",)
    """Additional keys of a contact in an anonymous workspace (anon_display: v7.5.28, ref: v10.3.49)."""
    run_contact_display: bool = True
    """Contacts of runs show urn_display and in anonymous workspaces a masked urn (v7.5.28); before, no urn there."""
    urn_in_use_by_index: bool = True
    """A URN of another contact is reported at its index; before, for the list as a whole."""
    steals_urns: bool = True
    """A change takes URNs away from other contacts; later such URNs are left out."""
    deleted_contact_text: str = "Deleted contacts can't be modified."
    """The error for a change to a deleted contact."""
    dated_actions: frozenset[str] = frozenset({"label", "unlabel"})
    """Message actions that set modified_on."""
    urn_display_kept: bool = False
    """Lists show the display name of a contact's URNs."""
    max_cursor_offset: int = 100_000
    """Maximum number of rows of equal time that a cursor may skip (v8.1.37)."""
    paths_optional: bool = True
    """`paths=false` shows runs without their paths (v7.3.10)."""
    expands_urns: bool = True
    """`expand_urns=` shows the parts of contacts' URNs (v8.1.120)."""
    orders_urns: bool = False
    """`urn_order=priority` keeps the contact's order of expanded URNs (v26.3.20); else those with a channel lead."""
    labels_archived: bool = True
    """`label=` finds archived messages too (v8.3.13)."""
    labels_by_any_uuid_form: bool = True
    """A label's UUID may be written in any form (v7.5.14); an invalid one in a list is a 500 until v10.1.164."""
    not_found_text: str = "No {model} matches the given query."
    """The error for a missing object (Django REST framework 3.15)."""
    no_contact_name: str = ""
    """Name of a nameless contact in the answer to POST messages; lists say null."""
    run_fields: tuple[str, ...] = profile_values.RUN
    """Keys of a run."""
    run_value_fields: tuple[str, ...] = ("value", "category", "node", "time", "input", "name")
    """Keys of a run's value (input gone from v9.3.129)."""
    run_steps_timed: bool = True
    """Each step of a run's path has its own time; else all show when the run was created."""
    accepts_ticket: frozenset[str] = frozenset({"messages"})
    """What accepts a `ticket`: broadcasts (until v8.1.74), messages (v8.1.35 to v26.1.21); others ignore it."""
    user_fields: tuple[str, ...] = (*profile_values.USER, "avatar")
    """Keys of a user (avatar from v9.1.20)."""
    user_filters: frozenset[str] = frozenset()
    """Filters of users besides `role`: email (v9.3.119), uuid (v10.1.165); each may be repeated."""
    channel_type_shown: bool = False
    """Channels show their type."""
    workspace_fields: tuple[str, ...] = profile_values.WORKSPACE
    """Keys of the workspace."""
    credits: int = -1
    """Credits used and remaining; -1: credits no longer exist."""
    counts_runs: bool = True
    """The runs of flows are counted in the recordings (rows stored by hand were not, before v9.3)."""
    field_fields: tuple[str, ...] = profile_values.FIELD
    """Keys of a field of contacts."""
    system_groups: bool = True
    """The workspace's system group is listed, and each group shows whether it is one."""
    lenient_names: bool = False
    """Names of groups and labels need only begin with a letter, digit or _; from v7.3.33 on no quote or backslash."""
    group_names: frozenset[str] = profile_values.GROUP_NAMES
    """Names of the groups that every workspace has (v9.3.63): no other group may have them."""
    field_names: frozenset[str] = profile_values.FIELD_NAMES
    """Names of the fields that every workspace has: no other field may have them."""
    reserved_keys: frozenset[str] = profile_values.RESERVED_KEYS
    """Keys that no field may have (few since v9.1.120)."""
    duplicate_key_fails: bool = True
    """A new field whose key already exists is a 500 (v7.3.29); before, it renamed the existing field."""
    limit_status: int = 409
    """Status for a group, label, field or global too many (v7.3.36); before, 400, for changes too, except to fields."""
    limit_text: str = "Cannot create object because workspace has reached limit of {limit}."
    """The error when there are too many (without the limit from v10.1.108)."""
    flow_run_counts: tuple[str, ...] = ("active", "waiting", "completed", "expired", "interrupted", "failed")
    """Keys of a flow's runs."""
    resources: tuple[str, ...] = profile_values.RESOURCES
    """What the root of the API lists."""
    suspended_text: str = (
        "Sorry, your workspace is currently suspended. To re-enable starting flows and sending messages, please "
        "contact support."
    )
    """The error for a write in a suspended workspace."""
    flagged_text: str = (
        "Sorry, your workspace is currently flagged. To re-enable starting flows and sending messages, please contact "
        "support."
    )
    """The error for a write in a flagged workspace."""
