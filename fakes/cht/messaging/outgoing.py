"""CHT's own sending of messages: which service does it, and what passes there are.

Source: cht-core api/src/services/messaging.js. A gateway phone fetches by itself and is not served here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import requests

from fakes.cht.couch.message_views import WAITING, all_messages
from fakes.cht.javascript import js
from fakes.cht.jobs import Jobs, JobStopped
from fakes.cht.messaging.africastalking import AfricasTalkingGateway
from fakes.cht.messaging.messaging import Messaging, StateUpdate
from fakes.cht.messaging.rapidpro import RapidProGateway
from fakes.cht.state import State

Message = Mapping[str, Any]


class Sender(Protocol):
    """A service that messages `{content, to, id}` are sent by. `headers` are sent along with each call."""

    def send(self, messages: Sequence[Message], headers: Mapping[str, str]) -> list[StateUpdate]: ...


class Outgoing:
    """The sending and polling of one server process; after `stop` nothing it does is written any more.

    States are written once, when a pass is through. Nothing keeps two sending passes from overlapping.
    """

    def __init__(self, state: State, messaging: Messaging, session: requests.Session, jobs: Jobs) -> None:
        self._state = state
        self._messaging = messaging
        self._jobs = jobs
        self._stopped = False
        self._rapidpro = RapidProGateway(state, messaging, session, self._check_running, jobs.sleep_in_job)
        self._africas_talking = AfricasTalkingGateway(state, session, self._check_running)

    def on_timer(self) -> None:
        """The timers of both passes, which fire at one moment: both read before the first answer comes."""
        service = self._service()
        if service is None:
            return
        self._schedule_sending(service)
        if service is self._rapidpro:
            self._start_polling()

    def _schedule_sending(self, service: Sender) -> None:
        """Read the queue now, call the service a moment later, in a task of its own."""
        messages = self._waiting()
        if messages:
            self._state.clock.call_later(0, lambda: self._start_sending(service, messages, {}))

    def _start_polling(self) -> None:
        if self._rapidpro.idle:
            self._rapidpro.poll()  # no call will be made, so no task is needed; the skip pointer may go back
        else:
            self._jobs.start(self._rapidpro.poll)

    def send(self) -> None:
        """A sending pass now, to its stop."""
        service = self._service()
        if service is not None:
            self._send(service, self._waiting(), {})

    def poll(self) -> None:
        """A polling pass now, to its stop."""
        if self._service() is self._rapidpro:
            self._rapidpro.poll()

    def send_at_once(self, doc_id: str) -> None:
        """Send what waits in one document; the caller does not wait for it. Numbers stay as the document has them.

        These calls carry the id of the request that caused them.
        """
        service = self._service()
        doc = self._state.get(doc_id)
        if service is None or doc is None:
            return
        messages = [_message(message) for task, message in all_messages(doc) if _waits(task, message)]
        if messages:
            self._start_sending(service, messages, self._request_id())

    def stop(self) -> None:
        """The process ends: passes under way get their present answer and stop there, nothing is written."""
        self._stopped = True

    def _check_running(self) -> None:
        if self._stopped:
            raise JobStopped

    def _service(self) -> Sender | None:
        sms = self._state.settings.get("sms")
        name = sms.get("outgoing_service") if isinstance(sms, dict) else None
        return self._rapidpro if name == "rapidpro" else self._africas_talking if name == "africas-talking" else None

    def _waiting(self) -> list[dict[str, Any]]:
        return self._messaging.to_send(self._messaging.outgoing())

    def _start_sending(self, service: Sender, messages: Sequence[Message], headers: Mapping[str, str]) -> None:
        if not self._stopped:
            self._jobs.start(lambda: self._send(service, messages, headers))

    def _send(self, service: Sender, messages: Sequence[Message], headers: Mapping[str, str]) -> None:
        updates = service.send(messages, headers)
        if updates:
            self._messaging.update_states(updates)

    def _request_id(self) -> dict[str, str]:
        if self._state.release == "3.11":
            return {}
        with self._state.lock:
            return {"x-request-id": f"{self._state.rng.getrandbits(48):012x}"}


def _waits(task: Mapping[str, Any], message: Mapping[str, Any]) -> bool:
    return task.get("state") in WAITING and all(js.truthy(message.get(key)) for key in ("uuid", "to", "message"))


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": message["message"], "to": message["to"], "id": message["uuid"]}
