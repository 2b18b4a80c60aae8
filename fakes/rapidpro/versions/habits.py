"""How mailroom and courier work behind the API, where versions differ: one field a difference, one row a version.

A version in brackets is the release of mailroom, or of courier where it says so, in which the change came. The table
is part of docs/profiles.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from fakes.rapidpro.versions.generation import Generation


@dataclass(frozen=True, slots=True)
class Habits:
    """What happens between a request and a phone in one version. Defaults are those of today's."""

    user_agent: str
    """How webhook calls name their sender."""
    generation: Generation = "new"
    """Which engine plays flows and expressions: "9" (goflow before spec 14) or "new"."""
    sends_to_urn_asked_for: bool = False
    """A broadcast goes to the URN that was asked for (until v8.1.17); later to the contact's first sendable one."""
    sends_to_both: bool = False
    """A contact named by itself and by a URN that is not its first gets the broadcast on both (until v8.1.17)."""
    stores_unreachable: bool = True
    """A contact that cannot be reached or is not active gets a failed message (v8.1.17); before, none at all."""
    merges_translations: bool = True
    """Text and quick replies each come from the first language that has some (v9.1.74); before, both from the first."""
    sends_emptied: bool = True
    """A text that its expressions leave empty is sent as it is (v9.1.76); before, no message was made."""
    loop_limit: int | None = 21
    """This many equal texts to one contact in five minutes fail, and all further ones (20: v7.1.12, 21: v10.3.80)."""
    refusals_are_errors: bool = False
    """Whatever an aggregator refuses is tried again (courier, until v9.1.5)."""
    empties_sent_on: bool = True
    """An error or failure empties sent_on, and later reports keep the first one (courier v7.5.30)."""
    knows_read: bool = True
    """Read reports are taken (courier v9.1.99)."""
    fails_removed: bool = True
    """What waits for a removed channel fails 5 seconds later, with a reason; before v8.0, at once and without one."""
    ids_tell_duplicates: bool = True
    """A text with an external id is compared by that id, with those of a day (courier v8.1.33); before, by its text."""
    cleans_controls: bool = False
    """All control characters are taken out of a text that comes in (courier, until v7.5.60); later NUL only."""
    seen_after_flow: bool = True
    """That a person was seen is noted after the flow, of blocked ones too (v26.1.20); until then before it."""
    repeats_calls: bool = False
    """What asks for it is called again (until v10.2): without its body, which ends as without a connection."""


def _table() -> Mapping[str, Habits]:
    current = Habits("Mailroom/26.3")
    ten = replace(
        current, user_agent="RapidProMailroom/10.0.1", generation="9", loop_limit=20, seen_after_flow=False,
        repeats_calls=True,
    )  # fmt: skip
    main = replace(ten, user_agent="RapidProMailroom/9.3.45")
    nine = replace(
        main, user_agent="RapidProMailroom/9.0.0", merges_translations=False, sends_emptied=False,
        refusals_are_errors=True, knows_read=False,
    )  # fmt: skip
    eight = replace(
        nine, user_agent="RapidProMailroom/8.0.0", sends_to_urn_asked_for=True, sends_to_both=True,
        stores_unreachable=False, ids_tell_duplicates=False,
    )  # fmt: skip
    seven = replace(
        eight, user_agent="RapidProMailroom/7.4.0", empties_sent_on=False, cleans_controls=True, fails_removed=False
    )
    six = replace(seven, user_agent="RapidProMailroom/6.4.0", loop_limit=None)
    return MappingProxyType({
        "6.4": six, "7.4": seven, "8.0": eight, "9.0": nine, "9.3": main, "10": ten, "26": current, "next": current,
    })  # fmt: skip


HABITS: Mapping[str, Habits] = _table()


def habits_of(profile_name: str) -> Habits:
    """The habits of a profile. Raises ValueError with the list of those there are."""
    if profile_name not in HABITS:
        raise ValueError(f"no version of RapidPro is called {profile_name!r}; there are: {', '.join(HABITS)}")
    return HABITS[profile_name]
