"""The endpoints for gateways: RapidPro's webhook, gateway phones, Africa's Talking, and records from other programs.

Stands for cht-core `api/src/controllers/{rapidpro,sms-gateway,africas-talking,records}.js`.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fakes.cht.api.access import permitted
from fakes.cht.api.bodies import form_body, json_body
from fakes.cht.api.http import Request, json_reply
from fakes.cht.errors import HttpError, ServerError
from fakes.cht.javascript import js
from fakes.cht.javascript.inherited import look_up
from fakes.cht.messaging.messaging import GATEWAY_PHONES, Messaging, StateUpdate, outgoing_service
from fakes.cht.reports.records import record_of_json, record_of_text
from fakes.cht.state import State
from fakes.serving.wsgi import Reply

TOKEN = re.compile(rf"Token[{js.SPACES}]+(.+)\Z")
NOT_CONFIGURED = "No incoming key configured"
INCORRECT = "Incorrect token"
GATEWAY_STATES = {
    "UNSENT": "received-by-gateway",
    "PENDING": "forwarded-by-gateway",
    "SENT": "sent",
    "DELIVERED": "delivered",
    "FAILED": "failed",
}
REPORT_STATES = {
    "Sent": "forwarded-by-gateway",
    "Submitted": "sent",
    "Buffered": "sent",
    "Rejected": "failed",
    "Success": "delivered",
    "Failed": "failed",
}
UNRECOGNISED = "unrecognised"


class Gateways:
    """The handlers; each takes a request and returns the reply, or raises HttpError.

    `warn` is called with a sentence when a caller sends something invalid.
    """

    def __init__(self, state: State, messaging: Messaging, warn: Callable[[str], None]) -> None:
        self._state = state
        self._messaging = messaging
        self._warn = warn

    def rapidpro(self, request: Request) -> Reply:
        """An incoming text from RapidPro: `{id, from, content}`. A duplicate is rejected like an incomplete text."""
        body = json_body(request)
        token = TOKEN.match((request.header("Authorization") or "").strip())
        if token is None:
            raise HttpError(403, "Missing authorization token")
        self._check_key("rapidpro:incoming", token[1])
        source = body if isinstance(body, dict) else {}
        message = {"id": source.get("id"), "from": source.get("from"), "content": source.get("content")}
        saved = self._messaging.save_incoming([message])
        if not saved:
            raise HttpError(400, "Message was not saved")
        return json_reply({"saved": saved})

    def gateway_check(self, request: Request) -> Reply:
        """A gateway phone checks its access."""
        permitted(request, self._state, ("can_access_gateway_api",))
        return json_reply({"medic-gateway": True})

    def gateway(self, request: Request) -> Reply:
        """A gateway phone posts incoming texts and state updates, and gets the messages to send, in this order."""
        body = json_body(request)
        if request.header("Content-Type") != "application/json":
            raise HttpError(400, "Content-Type must be application/json")
        permitted(request, self._state, ("can_access_gateway_api",))
        source = body if isinstance(body, dict) else {}
        self._messaging.save_incoming(source.get("messages", []))
        updates = source.get("updates")
        if js.truthy(updates):
            state_updates = _state_updates(updates)
            self._messaging.update_states(state_updates)
            self._warn_unknown(state_updates)
        return json_reply({"messages": self._messages_to_send()})

    def incoming_africas_talking(self, request: Request) -> Reply:
        """An incoming text from Africa's Talking. Incomplete texts and duplicates get 200 with `saved: 0`."""
        body = self._aggregator_body(request)
        message = {"id": body.get("id"), "from": body.get("from"), "content": body.get("text")}
        return json_reply({"saved": self._messaging.save_incoming([message])})

    def report_africas_talking(self, request: Request) -> Reply:
        """A delivery report from Africa's Talking, about the message with its gateway reference."""
        body = self._aggregator_body(request)
        status, reference = body.get("status"), body.get("id")
        state = look_up(REPORT_STATES, js.string(status))
        if state is None:
            words = f'"{js.string(status)}", gateway message reference: "{js.string(reference)}"'
            raise HttpError(400, f"Unknown status code: {words}")
        update = StateUpdate(state, gateway_ref=reference, details=body.get("failureReason"))
        return json_reply({"saved": self._messaging.update_states([update])})

    def record_v1(self, request: Request) -> Reply:
        """A record from another program; the query may name the language."""
        locale = request.query.get("locale")
        return self._record(request, locale if isinstance(locale, str) else None)

    def record_v2(self, request: Request) -> Reply:
        """A record from another program."""
        return self._record(request, None)

    def _record(self, request: Request, locale: str | None) -> Reply:
        json_, form = json_body(request), form_body(request)
        permitted(request, self._state, ("can_create_records",))
        if request.has_body and request.content_type == "application/x-www-form-urlencoded":
            record = record_of_text(form, self._state, locale)
        elif request.has_body and request.content_type == "application/json":
            record = record_of_json(json_, self._state)
        else:
            raise ServerError
        doc_id = self._messaging.save_record(record)
        self._messaging.send_at_once(doc_id)
        return json_reply({"success": True, "id": doc_id})

    def _check_key(self, name: str, key: Any) -> None:
        with self._state.lock:
            expected = self._state.credentials.get(name)
        if not expected:
            raise HttpError(403, NOT_CONFIGURED)
        if not isinstance(key, str) or not hmac.compare_digest(_bytes(expected), _bytes(key)):
            raise HttpError(403, INCORRECT)

    def _aggregator_body(self, request: Request) -> Mapping[str, Any]:
        body = form_body(request)
        self._check_key("africastalking.com:incoming", request.query.get("key"))
        return body

    def _warn_unknown(self, updates: Iterable[StateUpdate]) -> None:
        for update in updates:
            if update.state == UNRECOGNISED:
                self._warn(f"update of message {update.uuid!r} with an unknown gateway status: {update.details!r}")

    def _messages_to_send(self) -> list[dict[str, Any]]:
        """The oldest waiting messages, now in state `forwarded-to-gateway`; empty if another service sends them."""
        if outgoing_service(self._state.settings) != GATEWAY_PHONES:
            return []
        rows = self._messaging.waiting()
        if rows:
            self._messaging.update_states([StateUpdate("forwarded-to-gateway", uuid=row.uuid) for row in rows])
        return self._messaging.gateway_messages(rows)


def _state_updates(updates: Any) -> list[StateUpdate]:
    if not isinstance(updates, list) or any(update is None for update in updates):
        raise ServerError
    return [_state_update(update if isinstance(update, dict) else {}) for update in updates]


def _state_update(update: Mapping[str, Any]) -> StateUpdate:
    status, reason = update.get("status"), update.get("reason")
    state = look_up(GATEWAY_STATES, js.string(status))
    if state is None:
        details = {"gateway_status": status} if "status" in update else {}
        return StateUpdate(UNRECOGNISED, uuid=update.get("id"), details=details)
    return StateUpdate(state, uuid=update.get("id"), details={"reason": reason} if js.truthy(reason) else None)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
