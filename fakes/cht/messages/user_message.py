"""A message that a user writes in CHT's web application."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from fakes.cht.javascript.dates import iso, to_ms


def message_document(
    id_: str,
    texts: Sequence[tuple[str, str]],
    at: datetime,
    *,
    scheduled: bool = False,
    written: datetime | None = None,
) -> dict[str, Any]:
    """A document with a task for each (number, text) pair, as a health worker's app stores it.

    With `scheduled`, the tasks are reminders due at `at`; the document is of the time `written`, by default `at`.
    Source: cht-core `webapp/src/ts/services/send-message.service.ts`.
    """
    stamp, reported = iso(at), written or at
    tasks = [
        {
            "messages": [{"to": number, "message": text, "uuid": f"{id_}-{position}"}],
            "state": "scheduled" if scheduled else "pending",
            "state_history": [{"state": "scheduled" if scheduled else "pending", "timestamp": iso(reported)}],
            **({"due": stamp, "type": "reminder", "group": 1} if scheduled else {}),
        }
        for position, (number, text) in enumerate(texts)
    ]
    return {
        "_id": id_,
        "type": "data_record",
        "form": None,
        "kujua_message": True,
        "reported_date": to_ms(reported),
        "tasks": [] if scheduled else tasks,
        "scheduled_tasks": tasks if scheduled else [],
    }
