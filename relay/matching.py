"""Which of RapidPro's records belongs to which text, as pure functions.

RapidPro's API has no field for a reference of the sender, so a text is recognised by its phone number, its content and
its time. No record is ever matched to two texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set

from relay.models import OutgoingText, Record

ID_SLACK = 86400.0
"""Seconds by which a message with a known id may seem too old. From a restored backup, RapidPro gives ids again."""


def candidates(texts: Sequence[OutgoingText], records: Iterable[Record]) -> list[Record]:
    """The records that can belong to one of these texts, oldest first."""
    unknown = [text for text in texts if not text.broadcast_id]  # two broadcasts' ids never match: spares most pairs
    possible = (
        record
        for record in records
        if record.ids and any(_can_match(record, text) for text in (unknown if record.broadcast_id else texts))
    )
    return sorted(possible, key=lambda record: record.created_on or 0)


def match(texts: Sequence[OutgoingText], records: Iterable[Record], claimed_ids: Set[str]) -> dict[int, Record]:
    """The record of each text, by the text's seq: oldest to oldest, each record once, none with a claimed id."""
    unclaimed = [record for record in records if record.ids.isdisjoint(claimed_ids)]
    matched: dict[int, Record] = {}
    for text in sorted(texts):
        record = next((record for record in unclaimed if _can_match(record, text)), None)
        if record is not None:
            matched[text.seq] = record
            unclaimed.remove(record)
    return matched


def match_by_id(texts: Iterable[OutgoingText], messages: Iterable[Record]) -> dict[int, Record]:
    """The message of each text, by the text's seq, if the id of the message or of its broadcast is known.

    The phone may differ: RapidPro can send a text to another number of the contact.
    """
    by_id = {id_: message for message in messages for id_ in message.ids}
    pairs = ((text, by_id.get(text.message_ref or "") or by_id.get(text.broadcast_id or "")) for text in texts)
    return {text.seq: message for text, message in pairs if message is not None and _same_text(message, text, ID_SLACK)}


def _can_match(record: Record, text: OutgoingText) -> bool:
    if record.broadcast_id and text.broadcast_id:
        return False  # both ids are known, and they differ
    if not _same_text(record, text):
        return False
    if record.urns is None:  # an anonymous workspace hides phone numbers
        return True
    return len(record.urns) == 1 and same_phone(record.urns[0], text.phone)


def _same_text(record: Record, text: OutgoingText, slack: float = 0) -> bool:
    """Whether words and time agree."""
    if record.created_on and record.created_on + slack < text.search_from:
        return False
    return any(same_content(shown, text.content) for shown in record.texts)


def same_content(shown: str, content: str) -> bool:
    """RapidPro trims texts. It shows `@` doubled in a broadcast and single in a message."""
    return shown.strip() in {content.strip(), content.strip().replace("@", "@@")}


def same_phone(urn: str, phone: str) -> bool:
    """RapidPro shows numbers in full; they end with the digits that it was sent, without leading zeros."""
    shown, sent = ("".join(c for c in number if c in "0123456789") for number in (urn.split("#")[0], phone))
    return bool(sent) and shown.endswith(sent.lstrip("0"))
