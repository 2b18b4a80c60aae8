"""What gateways call: RapidPro's webhook, gateway phones, Africa's Talking, and records posted by other programs.

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
from fakes.cht.messaging.messaging import Messaging, StateUpdate
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
DEFAULT_SERVICE = {"outgoing_service": "medic-gateway"}


class Gateways:
    """The handlers; each takes a request and gives the answer, or raises HttpError.

    `warn` is called with a sentence when a caller sends what no gateway should send.
    """

    def __init__(self, state: State, messaging: Messaging, warn: Callable[[str], None]) -> None:
        self._state = state
        self._messaging = messaging
        self._warn = warn

    def rapidpro(self, request: Request) -> Reply:
        """A text that RapidPro passes on: `{id, from, content}`. One seen before is refused like an incomplete one."""
        body = json_body(request)
        given = TOKEN.match((request.header("Authorization") or "").strip())
        if given is None:
            raise HttpError(403, "Missing authorization token")
        self._check_key("rapidpro:incoming", given[1])
        source = body if isinstance(body, dict) else {}
        message = {"id": source.get("id"), "from": source.get("from"), "content": source.get("content")}
        saved = self._messaging.save_incoming([message])
        if not saved:
            raise HttpError(400, "Message was not saved")
        return json_reply({"saved": saved})

    def gateway_check(self, request: Request) -> Reply:
        """A gateway phone asks whether it may call."""
        permitted(request, self._state, ("can_access_gateway_api",))
        return json_reply({"medic-gateway": True})

    def gateway(self, request: Request) -> Reply:
        """A gateway phone brings texts and states and gets what it shall send, in this order."""
        body = json_body(request)
        if request.header("Content-Type") != "application/json":
            raise HttpError(400, "Content-Type must be application/json")
        permitted(request, self._state, ("can_access_gateway_api",))
        source = body if isinstance(body, dict) else {}
        self._messaging.save_incoming(source.get("messages", []))
        updates = source.get("updates")
        if js.truthy(updates):
            changes = _state_updates(updates)
            self._messaging.update_states(changes)
            self._warn_unknown(changes)
        return json_reply({"messages": self._messages_to_send()})

    def incoming_africas_talking(self, request: Request) -> Reply:
        """A text that Africa's Talking passes on. Incomplete ones and duplicates are answered 200 with `saved: 0`."""
        body = self._aggregator_body(request)
        message = {"id": body.get("id"), "from": body.get("from"), "content": body.get("text")}
        return json_reply({"saved": self._messaging.save_incoming([message])})

    def report_africas_talking(self, request: Request) -> Reply:
        """A delivery report of Africa's Talking, about the message that has its reference."""
        body = self._aggregator_body(request)
        status, reference = body.get("status"), body.get("id")
        state = REPORT_STATES.get(js.string(status))
        if state is None:
            words = f'"{js.string(status)}", gateway message reference: "{js.string(reference)}"'
            raise HttpError(400, f"Unknown status code: {words}")
        change = StateUpdate(state, gateway_ref=reference, details=body.get("failureReason"))
        return json_reply({"saved": self._messaging.update_states([change])})

    def record_v1(self, request: Request) -> Reply:
        """A record posted by another program; the language may be given with the path."""
        locale = request.query.get("locale")
        return self._record(request, locale if isinstance(locale, str) else None)

    def record_v2(self, request: Request) -> Reply:
        """A record posted by another program."""
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
        doc_id = self._messaging.store(record)
        self._messaging.send_at_once(doc_id)
        return json_reply({"success": True, "id": doc_id})

    def _check_key(self, name: str, given: Any) -> None:
        with self._state.lock:
            expected = self._state.credentials.get(name)
        if not expected:
            raise HttpError(403, NOT_CONFIGURED)
        if not isinstance(given, str) or not hmac.compare_digest(_bytes(expected), _bytes(given)):
            raise HttpError(403, INCORRECT)

    def _aggregator_body(self, request: Request) -> Mapping[str, Any]:
        body = form_body(request)
        self._check_key("africastalking.com:incoming", request.query.get("key"))
        return body

    def _warn_unknown(self, changes: Iterable[StateUpdate]) -> None:
        for change in changes:
            if change.state == UNRECOGNISED:
                self._warn(f"update of message {change.uuid!r} with a status that no gateway has: {change.details!r}")

    def _messages_to_send(self) -> list[dict[str, Any]]:
        """The oldest waiting messages, now marked as handed out; none if another service does the sending."""
        service = self._state.settings.get("sms")
        service = service if js.truthy(service) else DEFAULT_SERVICE
        if not isinstance(service, dict) or service.get("outgoing_service") != "medic-gateway":
            return []
        rows = self._messaging.outgoing()
        if rows:
            self._messaging.update_states([StateUpdate("forwarded-to-gateway", uuid=row.uuid) for row in rows])
        return self._messaging.to_send(rows)


def _state_updates(updates: Any) -> list[StateUpdate]:
    if not isinstance(updates, list) or any(update is None for update in updates):
        raise ServerError
    return [_state_update(update if isinstance(update, dict) else {}) for update in updates]


def _state_update(update: Mapping[str, Any]) -> StateUpdate:
    status, reason = update.get("status"), update.get("reason")
    state = GATEWAY_STATES.get(js.string(status))
    if state is None:
        details = {"gateway_status": status} if "status" in update else {}
        return StateUpdate(UNRECOGNISED, uuid=update.get("id"), details=details)
    return StateUpdate(state, uuid=update.get("id"), details={"reason": reason} if js.truthy(reason) else None)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
