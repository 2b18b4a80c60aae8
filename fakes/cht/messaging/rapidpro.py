"""CHT's own gateway to RapidPro: one broadcast for each message, then polling for its state.

Source: cht-core api/src/services/rapidpro.js, at the tags from 3.11.0 to 5.2.0. Its weaknesses are kept on purpose.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

import requests

from fakes.cht.couch.message_views import Row
from fakes.cht.errors import ServerError
from fakes.cht.http_client import CallFailed, fetch, fetch_headers, request
from fakes.cht.javascript import js
from fakes.cht.javascript.inherited import look_up
from fakes.cht.messages.task_state import value_or_null
from fakes.cht.messaging.messaging import Messaging, StateUpdate
from fakes.cht.state import State

STATES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "queued": ("received-by-gateway", "Queued"),
        "wired": ("forwarded-by-gateway", "Wired"),
        "sent": ("sent", "Sent"),
        "delivered": ("delivered", "Delivered"),
        "resent": ("sent", "Resent"),
        "errored": ("received-by-gateway", "Errored"),
        "failed": ("failed", "Failed"),
    }
)
"""State and details of a task by RapidPro's status."""
POLLED = ("received-by-gateway", "forwarded-by-gateway", "sent")
BATCH = 25
REQUEST_SECONDS = 0.02
"""Duration of a request in the endless loop: about 50 a second were observed."""
MAX_FRUITLESS = 500
"""Consecutive requests without progress after which a pass gives up. The real CHT never does; the fake must end."""


@dataclass(frozen=True, slots=True)
class Login:
    """The URL to call, and the token."""

    base: str
    token: str


class RapidProGateway:
    """The gateway of one server process, with its skip pointer and whether a pass is polling or throttled.

    `check_running` is called after each call, and raises if the process has stopped; `sleep` lets seconds pass.
    """

    def __init__(
        self,
        state: State,
        messaging: Messaging,
        session: requests.Session,
        check_running: Callable[[], None],
        sleep: Callable[[float], None],
    ) -> None:
        self._state = state
        self._messaging = messaging
        self._session = session
        self._check_running = check_running
        self._sleep = sleep
        self._skip = 0
        self._polling = False
        self._throttled = False

    def send(self, messages: Iterable[Mapping[str, Any]], headers: Mapping[str, str]) -> list[StateUpdate]:
        """Send messages `{content, to, id}` one after the other. Returns the state updates to be saved at the end.

        An error, even a 429, does not stop the pass: the message stays unchanged, and the next pass sends it again.
        """
        login = self._login()
        if login is None:
            return []
        updates = [self._broadcast(login, message, headers) for message in messages]
        return [update for update in updates if update is not None]

    @property
    def idle(self) -> bool:
        """Whether a polling pass would make no requests now."""
        return self._polling or self._login() is None or not self._rows()

    def poll(self) -> None:
        """Poll the states of all messages under way; two such passes never run at once."""
        if self._polling:
            return
        self._polling, self._throttled = True, False
        try:
            self._poll_all()
        finally:
            self._polling = False

    def _poll_all(self) -> None:
        """Poll batch after batch without a break until no rows are left.

        The next query skips the rows that were polled without a change, but not those that failed. So a batch of which
        every row fails is polled again and again.
        """
        fruitless = 0
        while fruitless < MAX_FRUITLESS:
            login = self._login()
            if login is None:
                return
            rows = self._rows()
            if not rows:
                self._skip = 0
                return
            updates = self._poll_rows(login, rows)
            try:
                saved = self._messaging.update_states([update for update in updates if update is not None])
            except ServerError:  # the real server logs it and ends the pass
                return
            self._skip += len(updates) - saved
            if self._throttled:
                return
            fruitless = 0 if updates else fruitless + len(rows)
            if fruitless:
                self._sleep(REQUEST_SECONDS * len(rows))

    def _rows(self) -> list[Row]:
        with self._state.lock:
            return self._state.messages.with_reference(POLLED, skip=self._skip, limit=BATCH)

    def _login(self) -> Login | None:
        """Read from the settings each time; None if URL or token is missing: then nothing happens."""
        with self._state.lock:
            token = self._state.credentials.get("rapidpro:outgoing")
            sms = self._state.settings.get("sms")
        about = sms.get("rapidpro") if isinstance(sms, dict) else None
        base = about.get("url") if isinstance(about, dict) else None
        return Login(js.string(base), token) if js.truthy(base) and token else None

    def _broadcast(self, login: Login, message: Mapping[str, Any], headers: Mapping[str, str]) -> StateUpdate | None:
        body = {"urns": [f"tel:{js.string(message['to'])}"], "text": message["content"]}
        try:
            answer = self._call(login, "POST", "/api/v2/broadcasts.json", headers, body)
            if not js.truthy(answer):
                return None
            reference = value_or_null(answer, "id") if isinstance(answer, dict) else None
            return self._state_update(answer, message["id"], reference)
        except CallFailed as failure:
            if failure.status == 400 and self._state.release.refusal_is_final:
                state, details = STATES["failed"]
                return StateUpdate(state, uuid=message["id"], details=details)
            return None

    def _poll_rows(self, login: Login, rows: Sequence[Row]) -> list[StateUpdate | None]:
        """One entry for each row with a reply, None without a state in it. Stops at a 429."""
        updates: list[StateUpdate | None] = []
        for row in rows:
            try:
                updates.append(self._poll_row(login, row))
            except CallFailed as failure:
                if failure.status == 429:
                    self._throttled = True
                    break
        return updates

    def _poll_row(self, login: Login, row: Row) -> StateUpdate | None:
        """The state of the first message of the broadcast; the others are ignored. Raises CallFailed."""
        query = urlencode({"broadcast": js.string(row.gateway_ref)})
        answer = self._call(login, "GET", f"/api/v2/messages.json?{query}", {})
        results = answer.get("results") if isinstance(answer, dict) else None
        if not isinstance(results, (list, str)) or not results or not js.truthy(results[0]):
            return None
        return self._state_update(results[0], row.uuid, row.gateway_ref)

    def _call(self, login: Login, method: str, path: str, headers: Mapping[str, str], body: Any = None) -> Any:
        release = self._state.release
        sent = {"authorization": f"Token {login.token}", **headers}
        if release.fetches:
            sent = fetch_headers(release.user_agent(release.gateway_user_agent)) | sent
        call = fetch if release.fetches else request
        try:
            return call(self._session, method, login.base, path, sent, body)
        finally:
            self._check_running()

    def _state_update(self, answer: Any, uuid: Any, reference: Any) -> StateUpdate:
        """The state update for a status. Raises CallFailed where releases before 4.14 fail."""
        status = answer.get("status") if isinstance(answer, dict) else None
        known = look_up(STATES, js.string(status)) if js.truthy(status) else None
        if known is None and self._state.release.unknown_is_queued:
            known = STATES["queued"]
        if known is None and (js.truthy(status) or status is None):
            raise CallFailed(f"the status {status!r} has no state")
        state, details = known if isinstance(known, tuple) else (None, None)  # what is inherited has neither
        return StateUpdate(state, uuid=uuid, gateway_ref=reference, details=details)
