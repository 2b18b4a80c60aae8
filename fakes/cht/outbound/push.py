"""Outbound push: sending the payload of a document to another service.

Source: cht-core `shared-libs/outbound/src/outbound.js`. The receiver's reply is not stored, and no task changes its
state.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import requests

from fakes.cht.couch.documents import Doc
from fakes.cht.http_client import (
    JSON,
    Call,
    CallFailed,
    address,
    fetch_headers,
    fetched_body,
    follow,
    once,
    requested_body,
)
from fakes.cht.outbound.cron import CronError, is_near
from fakes.cht.outbound.payload import OutboundError, as_json, digest, payload_of
from fakes.cht.outbound.urls import join_url
from fakes.cht.state import State

LIMIT = 10.0
"""Timeout of one call in seconds."""
FRAME = timedelta(minutes=5)
"""The maximum distance to a cron time."""
TASK = "task:outbound:"


class Outbound:
    """Makes pushes. `session` makes the calls, never under the lock."""

    def __init__(self, state: State, session: requests.Session) -> None:
        self._state = state
        self._session = session

    def pushes(self) -> dict[str, Mapping[str, Any]]:
        """The configured pushes by name."""
        configured = self._state.settings.get("outbound")
        listed = configured.items() if isinstance(configured, dict) else ()
        return {name: push for name, push in listed if isinstance(push, dict)}

    def is_due(self, push: Mapping[str, Any]) -> bool:
        """Whether a push may be made now: always without a `cron`, never with an invalid one."""
        if not push.get("cron") or not self._state.release.push_cron:
            return True
        try:
            return is_near(str(push["cron"]), self._state.now(), FRAME)
        except CronError:
            return False

    def send(
        self, push: Mapping[str, Any], name: str, doc: Doc, info: Doc | None, request_id: str | None = None
    ) -> bool:
        """Push a document unless the last push of that name had the same payload. Returns whether it was sent.

        Records success in `info`, which the caller saves. Raises OutboundError.
        """
        payload = payload_of(doc, push, name)
        if info is None:
            raise OutboundError(f"{doc['_id']} has no info document")
        hash_ = digest(payload)
        if _last_hash(info, name) == hash_:
            return False
        self._post(payload, push, request_id)
        completed = {"type": "outbound", "name": name, "timestamp": self._state.now_ms(), "hash": hash_}
        info["completed_tasks"] = [*(info.get("completed_tasks") or ()), completed]
        return True

    def _post(self, payload: Any, push: Mapping[str, Any], request_id: str | None) -> None:
        destination = push.get("destination")
        if not isinstance(destination, dict):
            raise OutboundError("no destination")
        url = join_url(destination.get("base_url"), destination.get("path"))
        headers, query = self._auth(destination)
        tracing = {"x-request-id": request_id} if request_id is not None else {}
        headers = {**headers, **tracing, "accept": JSON, "content-type": JSON}
        self._call(f"{url}?{urlencode(query)}" if query else url, headers, as_json(payload).encode(), json_wanted=True)

    def _call(self, url: str, headers: Mapping[str, str], body: bytes, *, json_wanted: bool) -> Any:
        """POST within the timeout. Returns the body of the reply. Raises OutboundError."""
        began = self._state.clock.timestamp()
        try:
            value = self._answer(Call("POST", address(url), headers, body, (LIMIT, LIMIT)), json_wanted=json_wanted)
        except CallFailed as failure:
            raise OutboundError(str(failure)) from failure
        if self._state.clock.timestamp() - began > LIMIT:  # a reply may come in pieces, each in time
            raise OutboundError(f"no reply within {LIMIT:g} s")
        return value

    def _answer(self, call: Call, *, json_wanted: bool) -> Any:
        """The body of the reply, as the HTTP client of the release reads it. Raises CallFailed."""
        release = self._state.release
        if not release.fetches:
            return requested_body(once(self._session, call))
        own = fetch_headers(release.user_agent(release.push_user_agent))
        return fetched_body(
            follow(self._session, replace(call, headers={**own, **call.headers})), json_wanted=json_wanted
        )

    def _auth(self, destination: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
        """Headers and query that authenticate the push. Raises OutboundError if these are missing or not supported."""
        auth = destination.get("auth")
        if not auth:
            return {}, {}
        kind = str(auth.get("type") or "").lower() if isinstance(auth, dict) else ""
        if kind == "basic":
            pair = f"{auth.get('username')}:{self._credential(auth.get('password_key'))}"
            return {"authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}, {}
        if kind == "header":
            if str(auth.get("name") or "").lower() != "authorization":
                raise OutboundError(f"Unsupported header name {auth.get('name')!r}. Supported: authorization")
            return {"authorization": self._credential(auth.get("value_key"))}, {}
        if kind == "muso-sih":
            return {}, {"token": self._muso_token(destination, auth)}
        raise OutboundError(f"Invalid auth type {kind!r}. Supported: basic, header, muso-sih")

    def _muso_token(self, destination: Mapping[str, Any], auth: Mapping[str, Any]) -> str:
        """Log in to Muso's system: POST a form, then send its token in the query [read from source only]."""
        form = {"login": str(auth.get("username")), "password": self._credential(auth.get("password_key"))}
        headers = {"accept": JSON, "content-type": "application/x-www-form-urlencoded"}
        url = join_url(destination.get("base_url"), auth.get("path"))
        answer = self._call(url, headers, urlencode(form).encode(), json_wanted=False)
        data = answer.get("data") if isinstance(answer, dict) else None
        if not isinstance(answer, dict) or answer.get("statut") != 200 or not isinstance(data, dict):
            raise OutboundError("the login of muso-sih was refused")
        return str(data.get("username_token"))

    def _credential(self, key: Any) -> str:
        with self._state.lock:
            value = self._state.credentials.get(str(key))
        if not value:
            raise OutboundError(f"Credentials for {key!r} have not been configured")
        return value


def _last_hash(info: Doc, name: str) -> Any:
    """The hash of the last push of that name."""
    completed = [
        one for one in info.get("completed_tasks") or () if (one.get("type"), one.get("name")) == ("outbound", name)
    ]
    return completed[-1].get("hash") if completed else None
