"""Info documents: CHT's metadata of a document, in sentinel's database (cht-core `shared-libs/infodoc`)."""

from __future__ import annotations

from typing import Any

from fakes.cht.couch.documents import Doc, Documents


def info_id(doc_id: str) -> str:
    """The id of the info document of a document."""
    return f"{doc_id}-info"


def info_of(doc_id: str, sentinel: Documents, written_at: int | None) -> Doc:
    """The info document, created if it does not exist.

    `written_at` (ms) is when the document arrived; None if that is unknown.
    """
    found = sentinel.get(info_id(doc_id))
    if found is not None:
        return found
    date: Any = written_at or "unknown"
    dates = {"initial_replication_date": date, "latest_replication_date": date}
    sentinel.save({"_id": info_id(doc_id), "type": "info", "doc_id": doc_id, **dates})
    return sentinel.get(info_id(doc_id)) or {}


def save_transitions(doc_id: str, info: Doc, sentinel: Documents) -> None:
    """Store which transitions have run."""
    _save(doc_id, {"transitions": info.get("transitions") or {}}, info, sentinel)


def save_completed_tasks(doc_id: str, info: Doc, sentinel: Documents) -> None:
    """Store the completed pushes; those of a concurrent push are overwritten, as in the real CHT."""
    _save(doc_id, {"completed_tasks": info.get("completed_tasks") or []}, info, sentinel)


def save_muting(doc_id: str, history: list[Any], info: Doc, sentinel: Documents) -> None:
    """Store the muting history of a contact."""
    _save(doc_id, {"muting_history": history}, info, sentinel)


def _save(doc_id: str, part: Doc, info: Doc, sentinel: Documents) -> None:
    present = sentinel.get(info_id(doc_id))
    base = present if present is not None else {key: value for key, value in info.items() if key != "_rev"}
    sentinel.save({**base, **part, "_id": info_id(doc_id)})
