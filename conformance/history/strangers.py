"""What happened to strangers: reports and messages under numbers that are nobody's in a scenario.

Worlds follow each other between the same services. What was there before a scenario began is not its own. Neither is
what belongs to the people of an earlier scenario: a text of theirs may still be on its way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

from conformance.history.model import Message, StoredReport, Strangers
from conformance.history.reading import message_of, recipients, reports_in


@dataclass(frozen=True, slots=True)
class Before:
    """What was there when a scenario began, and whether others write to this CHT too."""

    documents: frozenset[str] = frozenset()
    messages: frozenset[int | str] = frozenset()
    others_write: bool = False


def before(documents: Iterable[Mapping[str, Any]], rows: Iterable[Mapping[str, Any]], *, others_write: bool) -> Before:
    """What is there now: CHT's documents, and RapidPro's messages as its control API shows them."""
    ids = frozenset(str(doc["_id"]) for doc in documents)
    return Before(ids, frozenset(row["id"] for row in rows), others_write)


def strangers(
    documents: Sequence[Mapping[str, Any]], rows: Iterable[Mapping[str, Any]], known: Set[str], earlier: Before
) -> Strangers:
    """What happened since `earlier` to all but the people with the `known` numbers, of this scenario or before."""
    new = (doc for doc in documents if doc.get("_id") not in earlier.documents)
    reports: list[StoredReport] = [report for report in reports_in(new) if report.number not in known]
    messages: list[Message] = [
        message_of(row)
        for row in rows
        if row["direction"] == "out" and row["number"] not in known and row["id"] not in earlier.messages
    ]
    due = frozenset(pair for pair in recipients(documents) if pair[0] not in known)
    return Strangers(tuple(reports), tuple(messages), due, earlier.others_write)
