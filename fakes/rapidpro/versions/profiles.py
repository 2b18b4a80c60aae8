"""RapidPro's versions as data: one profile each, defined by its differences from the neighbouring version.

Sources: the recordings of each version, and the changes in RapidPro's source between two release tags; each
difference was observed in one of these. `next` is the coming version, without deprecated fields and filters.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from types import MappingProxyType
from typing import TypeVar

from fakes.rapidpro.versions import profile_values
from fakes.rapidpro.versions.profile import Profile

__all__ = ["DEFAULT", "PROFILES", "Profile", "differences", "version_of"]

Row = TypeVar("Row")


def _table() -> Mapping[str, Profile]:
    main = Profile("9.3", "v9.3.76 (October 2024): the main recordings")
    with_events = (*main.resources[:6], "channel_events", *main.resources[6:22], "templates", *main.resources[22:])
    nine = replace(
        main,
        name="9.0",
        about="v9.0.0 (January 2024)",
        public_documentation=False,
        strict_basic_auth=False,
        broadcast_fields=profile_values.BROADCAST_9_0,
        broadcast_statuses=profile_values.OLD_BROADCAST_STATUSES,
        engine_by_http=False,
        message_statuses=MappingProxyType({"initializing": "queued", "read": "delivered"}),
        start_fields=profile_values.START_9_0,
        start_statuses=profile_values.OLD_START_STATUSES,
        starts_by_id=True,
        contact_fields=tuple(name for name in profile_values.CONTACT if name != "notes"),
        urn_in_use_by_index=False,
        dated_actions=frozenset({"label", "unlabel", "archive", "restore"}),
        not_found_text="Not found.",
        surveyor_resources=frozenset({"boundaries", "contacts", "fields", "flows", "messages", "org", "workspace"}),
        counts_runs=False,
        user_fields=profile_values.USER,
        group_names=profile_values.OLD_GROUP_NAMES,
        field_names=profile_values.OLD_FIELD_NAMES,
        reserved_keys=profile_values.RESERVED_KEYS_9_0,
        resources=with_events,
    )
    eight = replace(
        nine,
        name="8.0",
        about="v8.0.0 (January 2023)",
        not_found_charset=False,
        escapes_unicode=True,
        checks_method_first=False,
        public_root=False,
        broadcast_fields=profile_values.BROADCAST_6_4,
        serializer="old",
        checks_text_languages=True,
        counts_items_first=True,
        null_text_allowed=False,
        message_fields=profile_values.MESSAGE_6_4,
        message_types=False,
        message_statuses=MappingProxyType({"initializing": "queued", "pending": "queued", "read": "delivered"}),
        posts_messages=False,
        accepts_ticket=frozenset({"broadcasts"}),
        deleted_contact_text="Inactive contacts can't be modified.",
        dated_actions=frozenset({"label", "unlabel", "archive", "restore", "delete"}),
        outbox_statuses=frozenset({"initializing", "queued"}),
        sent_ordered_by_sent_on=False,
        labels_archived=False,
        max_cursor_offset=1_000_000,
        expands_urns=False,
        incoming_unhandled=True,
        start_fields=profile_values.START_8_0,
        null_params=True,
        empty_exclusions=False,
        field_fields=tuple(name for name in profile_values.FIELD if name != "agent_access"),
        reserved_keys=profile_values.RESERVED_KEYS_8_0,
        resources=profile_values.RESOURCES_8_0,
    )
    seven = replace(
        eight,
        name="7.4",
        about="v7.4.0 (July 2022)",
        workspace_header=None,
        labels_by_any_uuid_form=False,
        checks_text_languages=False,
        message_statuses=MappingProxyType({"pending": "queued", "read": "resent"}),
        outbox_statuses=frozenset({"queued"}),
        sent_statuses=frozenset({"wired", "sent", "delivered"}),
        urn_display_kept=True,
        anon_fields=(),
        run_contact_display=False,
        workspace_fields=profile_values.WORKSPACE_7_4,
        credits=0,
        field_fields=("key", "label", "value_type", "pinned", "priority"),
        reserved_keys=profile_values.RESERVED_KEYS_7_4,
        flow_run_counts=("active", "completed", "interrupted", "expired"),
    )
    without = ("archives", "tickets", "ticket_actions", "topics", "users")
    six = replace(
        seven,
        name="6.4",
        about="v6.4.0 (July 2021)",
        common_headers=profile_values.OLD_COMMON_HEADERS,
        not_found_is_page=False,
        throttled_by_user=True,
        boundary_needed=False,
        paths_optional=False,
        deleted_visibility="deleted",
        contact_fields=profile_values.CONTACT_6_4,
        field_fields=("key", "label", "value_type", "pinned"),
        system_groups=False,
        lenient_names=True,
        group_names=frozenset(),
        field_names=frozenset(),
        reserved_keys=profile_values.RESERVED_KEYS_6_4,
        duplicate_key_fails=False,
        limit_status=400,
        limit_text=profile_values.OLD_LIMIT_TEXT,
        resources=tuple(name for name in profile_values.RESOURCES_8_0 if name not in without),
        suspended_text=(
            "Sorry, your workspace is currently suspended. To enable sending messages, please contact support."
        ),
        flagged_text="Sorry, your workspace is currently flagged. To enable sending messages, please contact support.",
    )
    ten = replace(
        main,
        name="10",
        about="v10.0.1 (January 2025)",
        staff_tokens=False,
        run_value_fields=profile_values.RUN_VALUE,
        user_fields=profile_values.USER_10,
        user_filters=frozenset({"email"}),
    )
    current = replace(
        ten,
        name="26",
        about="v26.3.54 (2026), as on textit.com",
        common_headers=profile_values.NEW_COMMON_HEADERS,
        workspace_header="X-Temba-Workspace",
        rates=profile_values.NEW_RATES,
        broadcast_scope="v2",
        broadcast_fields=(*profile_values.BROADCAST_NEXT, "id"),
        text_limit=4096,
        filter_by_uuid=True,
        numeric_media_allowed=True,
        quick_replies=True,
        orders_urns=True,
        steals_urns=False,
        message_fields=(*profile_values.MESSAGE_NEXT, "media", "id", "broadcast"),
        incoming_folder=False,
        voice_in_inbox=True,
        narrows_params=False,
        anon_fields=("ref", "anon_display"),
        params_limit=10_000,
        accepts_ticket=frozenset(),
        user_fields=(*profile_values.USER_NEXT, "first_name", "last_name"),
        user_filters=frozenset({"email", "uuid"}),
        reads_starts_back=True,
        invalid_uuid_text="Param '{name}': {value} is not a valid UUID.",
        validates_uuids=True,
        run_fields=(*profile_values.RUN[1:], "id"),
        run_steps_timed=False,
        channel_type_shown=True,
        limit_text="Cannot create object because workspace has reached limit.",
        resources=tuple(name for name in main.resources if name not in {"boundaries", "classifiers"}),
    )
    coming = replace(
        current,
        name="next",
        about="to come: without the deprecated fields (`id`, `broadcast`) and the filter `broadcast=`",
        broadcast_fields=profile_values.BROADCAST_NEXT,
        message_fields=profile_values.MESSAGE_NEXT,
        user_fields=profile_values.USER_NEXT,
        anon_fields=("ref",),
        broadcast_filter=False,
    )
    return MappingProxyType({one.name: one for one in (six, seven, eight, nine, main, ten, current, coming)})


PROFILES: Mapping[str, Profile] = _table()
DEFAULT = "26"
NAMES = frozenset({"name", "about"})
"""Fields that name a profile: no differences of behaviour."""


def version_of(table: Mapping[str, Row], profile_name: str) -> Row:
    """The row of a profile in `PROFILES` or `HABITS`. ValueError with the list of known profiles."""
    if profile_name not in table:
        raise ValueError(f"unknown profile of RapidPro {profile_name!r}: expected one of {', '.join(table)}")
    return table[profile_name]


def differences(one: Profile, other: Profile) -> tuple[str, ...]:
    """Names of the fields in which two profiles differ."""
    return tuple(
        known.name
        for known in fields(Profile)
        if known.name not in NAMES and getattr(one, known.name) != getattr(other, known.name)
    )
