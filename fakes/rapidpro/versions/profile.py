"""What can differ between RapidPro's versions: one field a difference. The versions themselves are in `profiles`.

A version in brackets is the release in which the change came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from fakes.rapidpro.versions import profile_values
from fakes.rapidpro.versions.profile_values import Headers


@dataclass(frozen=True, slots=True)
class Profile:
    """How one version of RapidPro answers, where versions differ. Defaults are those of 9.3."""

    name: str
    about: str
    ambient: Headers = profile_values.AMBIENT
    """Headers on every answer."""
    workspace_header: str | None = "X-Temba-Org"
    """Header that names the caller's workspace: by number, or by UUID in X-Temba-Workspace (v10.3.120)."""
    not_found_is_page: bool = True
    """The 404 for unknown paths is a whole HTML document; before, one line of HTML."""
    not_found_charset: bool = True
    """The 404's content type tells its charset."""
    escapes_unicode: bool = False
    """JSON as ASCII with escapes (up to v8.1.124)."""
    wrong_method_first: bool = True
    """405 for a wrong method, HEAD and OPTIONS first of all (v8.3.37); before, 403, HEAD 200, 405 after the quota."""
    documents_without_token: bool = True
    """GET without `.json` answers 200 without a token, POST there 403 (v9.1.186); before, 403 and as with `.json`."""
    root_open: bool = True
    """The root of the API needs no token."""
    basic_split_strictly: bool = True
    """A Basic header without a colon is no base64 (Django REST framework 3.15)."""
    staff_tokens: bool = True
    """Tokens of staff work in every workspace (gone from v9.3.112)."""
    surveyor_resources: frozenset[str] = frozenset()
    """What a token of somebody with the role Surveyor opens (until tokens lost their own role)."""
    rates: Mapping[str, str] = field(default_factory=lambda: profile_values.RATES)
    """Requests that are granted by scope."""
    broadcast_scope: str = "v2.broadcasts"
    """The scope that broadcasts are counted in."""
    throttled_by_user: bool = False
    """Requests are counted per workspace and user (before v7.1.64)."""
    broadcast_fields: tuple[str, ...] = profile_values.BROADCAST
    """Keys of a broadcast."""
    broadcast_words: Mapping[str, str] | None = None
    """Stored to shown status, where words differ."""
    boundary_needed: bool = True
    """A multipart form that names no boundary is refused; Django 2.2 reads it as an empty one."""
    engine_by_http: bool = True
    """Broadcasts are handed to mailroom while the caller waits (v9.1.147): it being down is a 500."""
    serializer: str = "new"
    """How broadcasts are validated: `old` up to v8.1.24."""
    checks_text_languages: bool = False
    """Old serializer: keys of `text` must be languages."""
    text_limit: int = 640
    """Code points a text may have after trimming (4096 from v10.1.45)."""
    unsets_text: bool = True
    """A broadcast with attachments only shows null for its text; before, an empty one."""
    filter_by_uuid: bool = False
    """`uuid=` filters broadcasts (v10.3.81) and messages (v10.3.79); on POST it is 404, before 500."""
    numbers_as_media: bool = False
    """An attachment that is a number is one that is not there; before, a 500."""
    quick_replies: bool = False
    """Broadcasts take quick_replies (v10.1.54); plain strings among them are a 500."""
    broadcast_filter: bool = True
    """`broadcast=` filters messages (deprecated since v10.3.79)."""
    message_fields: tuple[str, ...] = profile_values.MESSAGE
    """Keys of a message."""
    message_words: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({"initializing": "queued"}))
    """Stored to shown status of messages, where words differ."""
    message_types: bool = True
    """Types text, voice, optin; before v8.1.73 inbox, flow, ivr."""
    posts_messages: bool = True
    """POST messages sends one to one contact (v8.1.35); before, 405."""
    outbox: frozenset[str] = frozenset({"initializing", "queued", "errored"})
    """Stored statuses in folder `outbox`."""
    sent_folder: frozenset[str] = frozenset({"wired", "sent", "delivered", "read"})
    """Stored statuses in folder `sent`."""
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
    start_fields: tuple[str, ...] = profile_values.START
    """Keys of a flow start."""
    start_words: Mapping[str, str] | None = None
    """Stored to shown status of flow starts, where words differ (v9.3.46)."""
    starts_by_id: bool = False
    """`id=` filters flow starts (until v9.3.34)."""
    cleans_params: bool = True
    """Params of flow starts are brought into a narrow form (until v10.1.40); `extra` always is."""
    params_limit: int | None = None
    """Characters that the JSON of a flow start's params may have (v10.1.41)."""
    unset_params: bool = False
    """A new start without params shows null."""
    unset_exclusions: bool = True
    """A start without exclusions on record shows an empty object for exclude_active."""
    reads_starts_back: bool = False
    """A new start is read back from the database, which orders keys by length and letter."""
    uuid_message: str = "Value for {name} must be a valid UUID"
    """What is said of a `uuid=` that is none (v10.1.165)."""
    checks_uuids: bool = False
    """A `uuid=` that is none is 400 everywhere."""
    contact_fields: tuple[str, ...] = profile_values.CONTACT
    """Keys of a contact."""
    anon_fields: tuple[str, ...] = ("anon_display",)
    """What a contact in an anonymous workspace shows besides (anon_display: v7.5.28, ref: v10.3.49)."""
    run_contact_display: bool = True
    """Contacts of runs show urn_display and in anonymous workspaces a masked urn (v7.5.28); before, no urn there."""
    urn_in_use_by_index: bool = True
    """A URN that belongs to another contact is told by its index; before, for the list as a whole."""
    steals_urns: bool = True
    """A change gives a contact URNs that others have and takes them away there; later those are left out."""
    deleted_contact: str = "Deleted contacts can't be modified."
    """What is said of a change to a deleted contact."""
    dated_actions: frozenset[str] = frozenset({"label", "unlabel"})
    """Message actions that count as a change, so that modified_on is now."""
    urn_display_kept: bool = False
    """Lists show the display part of a contact's URNs."""
    most_skipped: int = 100_000
    """Rows of equal time that a cursor may skip (v8.1.37)."""
    paths_left_out: bool = True
    """`paths=false` shows runs without their paths (v7.3.10)."""
    expands_urns: bool = True
    """`expand_urns=` shows the parts of contacts' URNs (v8.1.120)."""
    orders_urns: bool = False
    """`urn_order=priority` leaves expanded URNs in the contact's order (v26.3.20); else those with a channel lead."""
    labels_archived: bool = True
    """`label=` finds archived messages too (v8.3.13)."""
    typed_labels: bool = True
    """A label's UUID may be written in any form (v7.5.14); in lists what is none is a 500 until v10.1.164."""
    no_match: str = "No {model} matches the given query."
    """What is said of an object that is not there (Django REST framework 3.15)."""
    no_contact_name: str = ""
    """Name of a nameless contact in the answer to POST messages; lists say null."""
    run_fields: tuple[str, ...] = profile_values.RUN
    """Keys of a run."""
    run_value_fields: tuple[str, ...] = ("value", "category", "node", "time", "input", "name")
    """Keys of a run's value (input gone from v9.3.129)."""
    run_steps_timed: bool = True
    """Each step of a run's path has its own time; else all show the run's first."""
    takes_ticket: frozenset[str] = frozenset({"messages"})
    """What may be part of a ticket: broadcasts (until v8.1.74), messages (v8.1.35 to v26.1.21); else it is ignored."""
    user_fields: tuple[str, ...] = (*profile_values.USER, "avatar")
    """Keys of a user (avatar from v9.1.20)."""
    user_filters: frozenset[str] = frozenset()
    """What users are filtered by beside `role`: email (v9.3.119), uuid (v10.1.165), each several times."""
    channel_type_shown: bool = False
    """Channels tell their type."""
    workspace_fields: tuple[str, ...] = profile_values.WORKSPACE
    """Keys of the workspace."""
    credits: int = -1
    """Credits used and remaining; -1: there are none any more."""
    counts_runs: bool = True
    """The runs of flows are counted in the recordings (rows stored by hand were not, before v9.3)."""
    field_fields: tuple[str, ...] = profile_values.FIELD
    """Keys of a field of contacts."""
    system_groups: bool = True
    """The workspace's own group is listed, and each group tells whether it is one."""
    old_names: bool = False
    """Names of groups and labels need only begin with a letter, digit or _; from v7.3.33 on no quote or backslash."""
    group_names: frozenset[str] = profile_values.GROUP_NAMES
    """Names of groups that every workspace has (v9.3.63): no other one may have them."""
    field_names: frozenset[str] = profile_values.FIELD_NAMES
    """Names of fields that every workspace has: no other one may have them."""
    reserved_keys: frozenset[str] = profile_values.RESERVED_KEYS
    """Keys that no field may have (few since v9.1.120)."""
    same_key_breaks: bool = True
    """A new field whose key is another's already is a 500 (v7.3.29); before, it became that one's new name."""
    limit_status: int = 409
    """Status of one group, label, field or global too many (v7.3.36); before, 400, of changes too but for fields."""
    limit_text: str = "Cannot create object because workspace has reached limit of {limit}."
    """What is said of one too many (without the limit from v10.1.108)."""
    flow_run_counts: tuple[str, ...] = ("active", "waiting", "completed", "expired", "interrupted", "failed")
    """Keys of a flow's runs."""
    resources: tuple[str, ...] = profile_values.RESOURCES
    """What the root of the API lists."""
    suspended: str = (
        "Sorry, your workspace is currently suspended. To re-enable starting flows and sending messages, please "
        "contact support."
    )
    """What a write in a suspended workspace is told."""
    flagged: str = (
        "Sorry, your workspace is currently flagged. To re-enable starting flows and sending messages, please contact "
        "support."
    )
    """What a write in a flagged workspace is told."""
