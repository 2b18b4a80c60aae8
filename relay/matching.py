"""Which of RapidPro's records is which of our texts. Pure.

RapidPro keeps no reference of the sender's (its API has no field for one), so a text is known again by its phone, its
words, and its time; and no record is ever taken for two texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from relay.messages import Record
from relay.policy import Outgoing


def candidates(texts: Sequence[Outgoing], found: Iterable[Record]) -> list[Record]:
    """The records that can be one of these texts, oldest first."""
    fitting = (record for record in found if record.names and any(_fits(record, text) for text in texts))
    return sorted(fitting, key=lambda record: record.created_on or 0)


def match(texts: Sequence[Outgoing], fitting: Iterable[Record], taken: Set[str]) -> dict[int, Record]:
    """Which candidate is which text's, by its seq: oldest to oldest, none twice, none with a name in `taken`."""
    free = [record for record in fitting if record.names.isdisjoint(taken)]
    matched: dict[int, Record] = {}
    for text in sorted(texts):
        own = next((record for record in free if _fits(record, text)), None)
        if own is not None:
            matched[text.seq] = own
            free.remove(own)
    return matched


def match_by_name(texts: Iterable[Outgoing], found: Iterable[Record]) -> dict[int, Record]:
    """Which message is which text's, by text's seq, where it or its broadcast is known by name."""
    by_name = {name: sms for sms in found for name in sms.names}
    named = ((text.seq, by_name.get(text.message_ref or "") or by_name.get(text.broadcast_id or "")) for text in texts)
    return {seq: sms for seq, sms in named if sms is not None}


def _fits(record: Record, text: Outgoing) -> bool:
    if record.broadcast and text.broadcast_id:
        return False  # both have names, and they differ
    if record.created_on and record.created_on < text.since:
        return False
    if not any(same_text(words, text.text) for words in record.texts):
        return False
    if record.urns is None:  # an anonymous workspace hides phone numbers
        return True
    return len(record.urns) == 1 and same_phone(record.urns[0], text.phone)


def same_text(shown: str, text: str) -> bool:
    """RapidPro trims texts, and shows `@` doubled in a broadcast and single in a message."""
    return shown.strip() in {text.strip(), text.strip().replace("@", "@@")}


def same_phone(urn: str, phone: str) -> bool:
    """RapidPro writes numbers in full: the digits we gave, without leading zeros, are the end of its own."""
    shown, ours = ("".join(c for c in number if c in "0123456789") for number in (urn.split("#")[0], phone))
    return bool(ours) and shown.endswith(ours.lstrip("0"))
