"""How mailroom and courier behave where versions differ: one field per difference, one row per version.

A version in brackets is the release of mailroom, or of courier where it says so, that made the change. The table is
part of docs/profiles.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from fakes.rapidpro.versions.generation import Generation


@dataclass(frozen=True, slots=True)
class Habits:
    """What happens between a request and a phone in one version. The defaults are those of the newest version."""

    user_agent: str
    """The User-Agent header of webhook calls."""
    generation: Generation = "new"
    """Which engine runs flows and expressions: "9" (goflow before spec 14) or "new"."""
    sends_to_requested_urn: bool = False
    """A broadcast goes to the requested URN (until v8.1.17); later to the contact's first URN that has a channel."""
    sends_to_both: bool = False
    """A contact named both directly and by a URN that is not its first gets the broadcast twice (until v8.1.17)."""
    stores_unreachable: bool = True
    """A contact that has no channel or is not active gets a failed message (v8.1.17); before, no message."""
    merges_translations: bool = True
    """Text and quick replies each come from the first language that has any (v9.1.74); before, from the first one."""
    sends_empty_texts: bool = True
    """A text that is empty after its expressions are evaluated is sent (v9.1.76); before, no message was made."""
    loop_limit: int | None = 21
    """The nth equal text to one contact in five minutes fails, and all after it (n=20: v7.1.12, n=21: v10.3.80)."""
    retries_refusals: bool = False
    """A message that an aggregator refuses is tried again (courier, until v9.1.5)."""
    clears_sent_on: bool = True
    """An error or failure clears sent_on, and later reports keep the first value (courier v7.5.30)."""
    accepts_read_reports: bool = True
    """Read reports are accepted (courier v9.1.99)."""
    unknown_words: frozenset[str] = frozenset()
    """Words of aggregators that courier refuses, after the channel type (AT:Expired: before v7.1.0)."""
    statuses_only_advance: bool = False
    """A report never takes a status back (courier after v26.3.38); before, the last report stands."""
    too_old_statuses: frozenset[str] = frozenset()
    """Messages that are in these statuses after 7 days fail at midnight (rapidpro, until v9.3.5)."""
    delays_removal_failures: bool = True
    """Messages waiting for a removed channel fail 5 seconds later, with a reason; before v8.0, at once and without."""
    duplicates_by_external_id: bool = True
    """A text with an external id is compared by that id with those of a day (courier v8.1.33); before, by its text."""
    takes_all_digits: bool = False
    """A sender of digits that is neither a number nor a short code is taken as it is (courier, until v9.1.33)."""
    strips_control_characters: bool = False
    """All control characters are removed from an incoming text (courier, until v7.5.60); later only NUL."""
    seen_after_flow: bool = True
    """last_seen_on is set after the flow, for blocked contacts too (v26.1.20); until then, before the flow."""
    checks_waits_every: int = 30
    """Seconds between two looks for flows whose wait timed out or expired (60 in the generation 9)."""
    repeats_webhook_calls: bool = False
    """A webhook call is repeated if its answer asks for it (until v10.2): without its body, so it fails to connect."""


def _table() -> Mapping[str, Habits]:
    current = Habits("Mailroom/26.3")
    ten = replace(
        current, user_agent="RapidProMailroom/10.0.1", loop_limit=20, seen_after_flow=False,
        repeats_webhook_calls=True,
    )  # fmt: skip
    main = replace(ten, user_agent="RapidProMailroom/9.3.45", generation="9", checks_waits_every=60)
    nine = replace(
        main, user_agent="RapidProMailroom/9.0.0", merges_translations=False, sends_empty_texts=False,
        retries_refusals=True, accepts_read_reports=False, takes_all_digits=True,
        too_old_statuses=frozenset({"initializing", "queued", "errored"}),
    )  # fmt: skip
    eight = replace(
        nine, user_agent="RapidProMailroom/8.0.0", sends_to_requested_urn=True, sends_to_both=True,
        stores_unreachable=False, duplicates_by_external_id=False,
        too_old_statuses=frozenset({"pending", "queued", "errored"}),
    )  # fmt: skip
    seven = replace(
        eight,
        user_agent="RapidProMailroom/7.4.0",
        clears_sent_on=False,
        strips_control_characters=True,
        delays_removal_failures=False,
    )
    six = replace(
        seven, user_agent="RapidProMailroom/6.4.0", loop_limit=None, unknown_words=frozenset({"AT:Expired"})
    )  # fmt: skip
    coming = replace(current, statuses_only_advance=True)
    return MappingProxyType({
        "6.4": six, "7.4": seven, "8.0": eight, "9.0": nine, "9.3": main, "10": ten, "26": current, "next": coming,
    })  # fmt: skip


HABITS: Mapping[str, Habits] = _table()
