"""CHT's own sending of messages: the outgoing service, and its passes.

Source: cht-core api/src/services/messaging.js. Gateway phones fetch their messages themselves and are not handled here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Protocol

import requests

from fakes.cht.couch.message_views import WAITING, all_messages
from fakes.cht.errors import ServerError
from fakes.cht.javascript import js
from fakes.cht.jobs import Jobs, JobStopped
from fakes.cht.messaging.africastalking import AfricasTalkingGateway
from fakes.cht.messaging.messaging import Messaging, StateUpdate, outgoing_service
from fakes.cht.messaging.rapidpro import RapidProGateway
from fakes.cht.state import State

Message = Mapping[str, Any]


class Sender(Protocol):
    """A service that sends messages `{content, to, id}`. `headers` are added to each call."""

    def send(self, messages: Sequence[Message], headers: Mapping[str, str]) -> list[StateUpdate]: ...


class Outgoing:
    """The sending and polling of one server process; after `stop` it saves nothing more.

    States are saved once, at the end of a pass. Two sending passes may overlap.
    """

    def __init__(self, state: State, messaging: Messaging, session: requests.Session, jobs: Jobs) -> None:
        self._state = state
        self._messaging = messaging
        self._jobs = jobs
        self._stopped = False
        self._rapidpro = RapidProGateway(state, messaging, session, self._check_running, jobs.sleep_in_job)
        self._africas_talking = AfricasTalkingGateway(state, session, self._check_running)

    def on_timer(self) -> None:
        """Run by the timers of both passes, which fire together: both read before the first reply comes."""
        service = self._service()
        if service is None:
            return
        self._schedule_sending(service)
        if service is self._rapidpro:
            self._start_polling()

    def _schedule_sending(self, service: Sender) -> None:
        """Read the queue now, call the service immediately afterwards, in a new job."""
        messages = self._waiting()
        if messages:
            self._state.clock.call_later(0, lambda: self._start_sending(service, messages, {}))

    def _start_polling(self) -> None:
        if self._rapidpro.idle:
            self._rapidpro.poll()  # makes no call, so needs no job; may reset the skip pointer
        else:
            self._jobs.start(self._rapidpro.poll)

    def send(self) -> None:
        """Run a sending pass now."""
        service = self._service()
        if service is not None:
            self._send(service, self._waiting(), {})

    def poll(self) -> None:
        """Run a polling pass now."""
        if self._service() is self._rapidpro:
            self._rapidpro.poll()

    def send_at_once(self, doc_id: str) -> None:
        """Send the waiting messages of one document, in a job. Numbers are not normalised.

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
        """Stop the process: passes under way end at their next reply, and save nothing."""
        self._stopped = True

    def _check_running(self) -> None:
        if self._stopped:
            raise JobStopped

    def _service(self) -> Sender | None:
        name = outgoing_service(self._state.settings)
        return self._rapidpro if name == "rapidpro" else self._africas_talking if name == "africas-talking" else None

    def _waiting(self) -> list[dict[str, Any]]:
        return self._messaging.gateway_messages(self._messaging.waiting())

    def _start_sending(self, service: Sender, messages: Sequence[Message], headers: Mapping[str, str]) -> None:
        if not self._stopped:
            self._jobs.start(lambda: self._send(service, messages, headers))

    def _send(self, service: Sender, messages: Sequence[Message], headers: Mapping[str, str]) -> None:
        updates = service.send(messages, headers)
        if updates:
            with suppress(ServerError):  # the real server logs it; the messages wait for the next pass
                self._messaging.update_states(updates)

    def _request_id(self) -> dict[str, str]:
        if not self._state.release.request_ids:
            return {}
        with self._state.lock:
            return {"x-request-id": f"{self._state.rng.getrandbits(48):012x}"}


def _waits(task: Mapping[str, Any], message: Mapping[str, Any]) -> bool:
    return task.get("state") in WAITING and all(js.truthy(message.get(key)) for key in ("uuid", "to", "message"))


def _message(message: Mapping[str, Any]) -> dict[str, Any]:
    return {"content": message["message"], "to": message["to"], "id": message["uuid"]}
