"""A client of CHT's public API for documents, settings and credentials. It works with a real CHT, too."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import requests

from conformance.verdicts import HarnessBroken
from fakes.cht.messages.user_message import message_document

__all__ = ["ChtClient", "message_document"]

DATABASE = "medic"
PAGE = {"include_docs": "true"}


class ChtClient:
    """A CHT at `url`, used as an administrator."""

    def __init__(self, session: requests.Session, url: str, user: str, password: str) -> None:
        self._session = session
        self.url = url.rstrip("/")
        self._auth = (user, password)
        self._numbers = itertools.count(1)

    def documents(self) -> list[dict[str, Any]]:
        """All documents except design documents."""
        rows = self._call("GET", f"/{DATABASE}/_all_docs", params=PAGE)["rows"]
        return [row["doc"] for row in rows if row.get("doc") and not str(row["id"]).startswith("_design")]

    def put(self, doc: Mapping[str, Any]) -> None:
        """Store a document under its `_id`."""
        self._call("PUT", f"/{DATABASE}/{doc['_id']}", json=dict(doc))

    def put_all(self, docs: Sequence[Mapping[str, Any]]) -> None:
        """Store many documents in one request."""
        for row in self._call("POST", f"/{DATABASE}/_bulk_docs", json={"docs": list(docs)}):
            if "error" in row:
                raise HarnessBroken(f"CHT at {self.url} refused a document: {row}")

    def settings(self, changes: Mapping[str, Any]) -> None:
        """Change these keys of the application settings."""
        self._call("PUT", "/api/v1/settings", json=dict(changes))

    def read_settings(self) -> dict[str, Any]:
        """The application settings."""
        return dict(self._call("GET", "/api/v1/settings"))

    def replace_settings(self, changes: Mapping[str, Any]) -> None:
        """Replace the values of these keys of the application settings."""
        self._call("PUT", "/api/v1/settings", params={"replace": "true"}, json=dict(changes))

    def overwrite_settings(self, settings: Mapping[str, Any]) -> None:
        """Replace all of the application settings: keys that are not given are gone."""
        self._call("PUT", "/api/v1/settings", params={"overwrite": "true"}, json=dict(settings))

    def delete_all(self, docs: Sequence[Mapping[str, Any]]) -> None:
        """Delete these revisions of documents; a document that has changed since stays."""
        deletions = [{"_id": doc["_id"], "_rev": doc["_rev"], "_deleted": True} for doc in docs]
        if deletions:
            self._call("POST", f"/{DATABASE}/_bulk_docs", json={"docs": deletions})

    def credential(self, key: str, value: str) -> None:
        """Store a credential."""
        self._call("PUT", f"/api/v1/credentials/{key}", data=value, headers={"Content-Type": "text/plain"})

    def _call(self, method: str, path: str, **options: Any) -> Any:
        headers = {"Accept": "application/json", **options.pop("headers", {})}
        try:
            response = self._session.request(
                method, self.url + path, auth=self._auth, timeout=30, headers=headers, allow_redirects=False, **options
            )
        except requests.RequestException as failure:
            raise HarnessBroken(f"CHT at {self.url} does not answer {method} {path}: {failure}") from None
        if not response.ok:
            raise HarnessBroken(f"CHT at {self.url}: {method} {path}: {response.status_code} {response.text[:300]}")
        return response.json()
