"""The releases of CHT that the fake can be, each written as its difference from the one before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any

from fakes.cht.releases.release import Release

OLDEST = Release(
    name="3.11",
    about="the first release with RapidPro support",
    version="3.11.0",
    right_path=False,
    negotiates_errors=False,
    push_cron=False,
    limits_logins=False,
    unknown_is_queued=False,
    refusal_is_final=False,
    fetches=False,
    request_ids=False,
    parses_answers_twice=False,
    push_user_agent=False,
    gateway_user_agent=False,
    clears_failing_schedules=False,
    knows_default_to_sender=False,
    only_scheduled_become_due=False,
    uuid_version=4,
)
DIFFERENCES: tuple[Mapping[str, Any], ...] = (
    {"name": "4.4", "about": "the last one that knows no `cron` and no limit on logins", "right_path": True},
    {
        "name": "4.13",
        "about": "the last one that sends texts again after an unknown status",
        "negotiates_errors": True,
        "push_cron": True,
        "limits_logins": True,
    },
    {
        "name": "4.17",
        "about": "the first with `fetch`; texts by Africa's Talking stay pending",
        "unknown_is_queued": True,
        "refusal_is_final": True,
        "fetches": True,
        "request_ids": True,
        "parses_answers_twice": True,
    },
    {
        "name": "4.21",
        "about": "texts by Africa's Talking are sent once again",
        "parses_answers_twice": False,
        "push_user_agent": True,
        "gateway_user_agent": True,
    },
    {
        "name": "5.1",
        "about": "the last one that sets delivered reminders to pending again",
        "clears_failing_schedules": True,
        "knows_default_to_sender": True,
    },
    {"name": "5.2", "about": "the newest one", "only_scheduled_become_due": True, "uuid_version": 7},
)
NEWEST = "5.2"


def _table() -> Mapping[str, Release]:
    rows = [OLDEST]
    for difference in DIFFERENCES:
        rows.append(replace(rows[-1], version=f"{difference['name']}.0", **difference))
    return MappingProxyType({row.name: row for row in rows})


RELEASES = _table()
"""All releases by name, the oldest first."""


def release_named(name: str) -> Release:
    """The release of that name. ValueError lists the known names."""
    if name not in RELEASES:
        raise ValueError(f"release: expected one of {', '.join(RELEASES)}, got {name!r}")
    return RELEASES[name]


def switched(release: Release, changes: Mapping[str, Any]) -> Release:
    """The release with some of its fields changed."""
    return replace(release, **changes)


def switches(release: Release) -> Mapping[str, bool]:
    """The fields of a release that are `yes` or `no`, by name: what can be switched in a running fake."""
    values = {field.name: getattr(release, field.name) for field in fields(release)}
    return {name: value for name, value in values.items() if isinstance(value, bool)}
