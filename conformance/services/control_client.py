"""Clients of the fakes' control API, over sockets and in process."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

import requests

from conformance.verdicts import HarnessBroken
from fakes.ledger import Dropped, Ledger
from fakes.serving.wsgi import WSGIApp, build_environ, call

TIMEOUT = 30.0


class ControlClient:
    """Calls the control API at `url`. HarnessBroken for every answer except 2xx."""

    def __init__(self, session: requests.Session, url: str) -> None:
        self._session = session
        self.url = url.rstrip("/")

    def get(self, path: str, **params: Any) -> Any:
        """The JSON that GET answers; `params` are the query."""
        return self._call("GET", path, params=params)

    def post(self, path: str, body: Any = None) -> Any:
        """The JSON that POST answers."""
        return self._call("POST", path, json={} if body is None else body)

    def put(self, path: str, body: Any) -> Any:
        """The JSON that PUT answers."""
        return self._call("PUT", path, json=body)

    def delete(self, path: str) -> Any:
        """The JSON that DELETE answers."""
        return self._call("DELETE", path)

    def _call(self, method: str, path: str, **options: Any) -> Any:
        try:
            response = self._session.request(method, f"{self.url}{path}", timeout=TIMEOUT, **options)
        except requests.RequestException as failure:
            raise HarnessBroken(
                f"the fakes' control API at {self.url} does not answer {method} {path}: {failure}"
            ) from None
        if not response.ok:
            raise HarnessBroken(f"{method} {path} on the control API: {response.status_code} {response.text[:500]}")
        return response.json() if response.content else None

    # Shortcuts for scenarios.

    def plan_fault(self, fault: Mapping[str, Any]) -> Any:
        """Add a fault or `{"preset": NAME}`."""
        return self.post("/faults", dict(fault))

    def faults(self) -> list[dict[str, Any]]:
        """All planned faults, and how often each was used."""
        return list(self.get("/faults")["faults"])

    def exchanges(self, after: int = 0, *, whole: bool = False) -> list[dict[str, Any]]:
        """The exchanges of the ledger numbered above `after`. `whole`: with bodies of any length that are kept.

        HarnessBroken if some of them are not kept any more.
        """
        found: list[dict[str, Any]] = []
        more = True
        while more:
            answer = self.get("/ledger", after=after, **({"bodies": "whole"} if whole else {}))
            found += answer["exchanges"]
            after, more = answer["last"], answer["more"]
        return found

    def last(self) -> int:
        """The number of the newest exchange."""
        return int(self.get("/ledger", after=2**53)["last"])


class InProcessControlClient(ControlClient):
    """The same for a control app in this process, which is called without an HTTP client.

    The ledger is read directly, since it is long and read often.
    """

    def __init__(self, app: WSGIApp, ledger: Ledger) -> None:
        super().__init__(requests.Session(), "in this process")
        self._app = app
        self._ledger = ledger

    def exchanges(self, after: int = 0, *, whole: bool = False) -> list[dict[str, Any]]:
        try:
            return self._ledger.export(self._ledger.after(after), whole=whole)
        except Dropped as gone:
            raise HarnessBroken(f"the ledger of the fakes: {gone}") from None

    def last(self) -> int:
        return self._ledger.last

    def _call(self, method: str, path: str, **options: Any) -> Any:
        bare, _, query = path.partition("?")
        query = query or urlencode(options.get("params") or {})
        body = json.dumps(options["json"]).encode() if "json" in options else b""
        headers = {"Content-Type": "application/json"} if body else {}
        reply = call(self._app, build_environ(method, quote(bare), query, headers, body))
        if not 200 <= reply.status < 300:
            shown = reply.body.decode("utf-8", "replace")[:500]
            raise HarnessBroken(f"{method} {path} on the control API: {reply.status} {shown}")
        return json.loads(reply.body) if reply.body else None
