"""Which of RapidPro's records is which of our texts. Pure.

RapidPro keeps no reference of the sender's (its API has no field for one), so a text is known again by its phone, its
words, and its time; and no record is ever taken for two texts.
"""

from __future__ import annotations

from collections.abc import Iterable

from relay.messages import Broadcast, Sms
from relay.policy import EPOCH, Outgoing


def match_broadcasts(texts: Iterable[Outgoing], found: Iterable[Broadcast], taken: set[str]) -> dict[int, Broadcast]:
    """Which broadcast is which text's, by text's seq: oldest to oldest, none twice, none in `taken`."""
    free = sorted((b for b in found if b.named and not {b.id, b.uuid} & taken), key=lambda b: b.created_on or EPOCH)
    matched: dict[int, Broadcast] = {}
    for text in sorted(texts, key=lambda t: (t.sent_at or EPOCH, t.seq)):
        own = next((b for b in free if _is_of(b, text)), None)
        if own is not None:
            matched[text.seq] = own
            free.remove(own)
    return matched


def _is_of(broadcast: Broadcast, text: Outgoing) -> bool:
    if broadcast.created_on and text.since and broadcast.created_on < text.since:
        return False
    if not any(same_text(words, text.text) for words in broadcast.texts):
        return False
    if broadcast.urns is None:  # an anonymous workspace hides phone numbers
        return True
    return len(broadcast.urns) == 1 and same_phone(broadcast.urns[0], text.phone)


def same_text(shown: str, text: str) -> bool:
    """RapidPro trims texts, and shows `@` doubled in a broadcast and single in a message."""
    return shown.strip() in {text.strip(), text.strip().replace("@", "@@")}


def same_phone(urn: str, phone: str) -> bool:
    """RapidPro writes numbers in full: the digits we gave, without leading zeros, are the end of its own."""
    shown, ours = ("".join(c for c in number if c in "0123456789") for number in (urn.split("#")[0], phone))
    return bool(ours) and shown.endswith(ours.lstrip("0"))


def match_messages(texts: Iterable[Outgoing], found: Iterable[Sms], taken: set[str]) -> dict[int, Sms]:
    """Which of RapidPro's messages is which text's, by text's seq: by names, else by phone, text and time.

    `taken`: ids of broadcasts that belong to other texts of ours.
    """
    rows = sorted(found, key=lambda sms: sms.created_on or EPOCH)
    by_ref = {sms.ref: sms for sms in rows}
    by_broadcast = {sms.broadcast: sms for sms in rows if sms.broadcast}
    matched: dict[int, Sms] = {}
    nameless: list[Outgoing] = []
    for text in sorted(texts, key=lambda t: ((t.message_at or t.since or t.received_at), t.seq)):
        sms = by_ref.get(text.message_ref or "") or by_broadcast.get(text.broadcast_id or "")
        if sms is not None:
            matched[text.seq] = sms
        elif not text.message_ref:
            nameless.append(text)
    used = {sms.ref for sms in matched.values()}
    free = [sms for sms in rows if sms.ref not in used and (sms.broadcast is None or sms.broadcast not in taken)]
    for text in nameless:
        own = next((sms for sms in free if _is_text(sms, text)), None)
        if own is not None:
            matched[text.seq] = own
            free.remove(own)
    return matched


def _is_text(sms: Sms, text: Outgoing) -> bool:
    if text.broadcast_id and sms.broadcast:
        return False  # both have names, and they differ
    if sms.created_on and text.since and sms.created_on < text.since:
        return False
    return same_text(sms.text, text.text) and (sms.urn is None or same_phone(sms.urn, text.phone))
