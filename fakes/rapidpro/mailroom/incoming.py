"""An incoming text: stored, passed to the catch-all flow, posted by its webhook, answered if that failed.

Source: courier core/models/msg.go (up to v9.3 backends/rapidpro/msg.go), mailroom core/tasks/ctasks/msg_received.go
(up to v9.3 core/tasks/handler); the flow is that of the public example: one call, perhaps a second one in the
same run, else a reply to the sender.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from fakes.rapidpro.courier.aggregators import AGGREGATORS
from fakes.rapidpro.courier.delivery import number_of
from fakes.rapidpro.courier.duplicates import RecentTexts
from fakes.rapidpro.courier.phones import Phones
from fakes.rapidpro.flows import webhook as hooks
from fakes.rapidpro.flows.context import EMPTY, contact_context, input_context, run_context
from fakes.rapidpro.flows.results import outcome, results_of, webhook_of, with_default
from fakes.rapidpro.flows.templates import evaluate_template
from fakes.rapidpro.mailroom.dispatch import Dispatcher
from fakes.rapidpro.runtime import Runtime
from fakes.rapidpro.store.records import Content, Message, Records, Workspace
from fakes.rapidpro.urns import channel_for, sender_number

Json = dict[str, Any]
MAX_TEXT = 10_000
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


class BadText(ValueError):
    """An impossible text or number; the message says what was expected."""


@dataclass(slots=True)
class TextHandling:
    """One text in the flow."""

    workspace: Workspace
    contact: Any
    message: Any
    flow: Any
    run: Any
    run_uuid: str
    input: Json
    began: datetime


class Incoming:
    """Receives texts from phones. Methods take the service's lock themselves, and release it for webhook calls."""

    def __init__(
        self, records: Records, runtime: Runtime, phones: Phones, dispatcher: Dispatcher, session: hooks.HttpSession
    ) -> None:
        self.records = records
        self.runtime = runtime
        self.phones = phones
        self.dispatcher = dispatcher
        self.session = session
        self.webhook = hooks.Webhook()
        self._recent_texts = RecentTexts(by_id=runtime.habits.duplicates_by_external_id)
        self._last_handled: dict[str, TextHandling] = {}
        self._locks: dict[str, threading.RLock] = {}
        dispatcher.courier.before_sending = self._reply_sent

    def reset(self) -> None:
        """Start over, with default webhook settings."""
        self.webhook = hooks.Webhook()
        self._recent_texts = RecentTexts(by_id=self.runtime.habits.duplicates_by_external_id)
        self._last_handled.clear()
        self._locks.clear()

    def number(self, text: str) -> str:
        """A phone number in international form, or a short code as it is. Raises BadText.

        A national number gets the first channel's country. Named senders are refused, as the channels do.
        """
        found = sender_number(text, self._country(), all_digits=self.runtime.habits.takes_all_digits)
        if found is None:
            raise BadText(f"expected a phone number such as +250788123123 or a short code, got {text[:60]!r}")
        return found

    def receive(self, number: str, text: str, external_id: str | None = None) -> Json:
        """A person sends a text. The texts of one person are handled one after the other. Returns the outcome."""
        if len(text) > MAX_TEXT:
            raise BadText(f"text must have at most {MAX_TEXT} characters, got {len(text)}")
        with self._lock_of(number):
            with self.runtime.lock:
                result = self._accept(number, self._clean(text), external_id)
            return self._run_flow(result) if isinstance(result, TextHandling) else result

    def redeliver(self, number: str, *, new_run: bool) -> Json:
        """Redeliver the phone's last text, as if its handling was interrupted after the webhook call.

        `new_run`: in a new run, as mailroom does; else with the same run id as before.
        """
        with self._lock_of(number):
            with self.runtime.lock:
                handling = self._last_handled.get(number)
                if handling is None:
                    raise BadText(f"{number} has sent no text that can be redelivered")
                if new_run:
                    self._begin_run(handling)
            return self._run_flow(handling)

    def _lock_of(self, number: str) -> threading.RLock:
        with self.runtime.lock:
            return self._locks.setdefault(number, threading.RLock())

    def _workspace(self) -> Workspace:
        workspaces = self.records.workspaces()
        if not workspaces:
            raise BadText("there is no workspace: seed one first")
        return workspaces[0]

    def _country(self) -> str:
        channel = self._channel(self._workspace())
        return (channel.country if channel is not None else "") or self._workspace().default_country

    def _channel(self, workspace: Workspace) -> Any:
        """The channel that phones send to."""
        return next((one for one in self.records.channels_of(workspace) if "tel" in one.schemes), None)

    def _clean(self, text: str) -> str:
        """The text without characters that the database does not accept."""
        known = text.encode("utf-8", "ignore").decode().replace("\x00", "")
        return CONTROLS.sub("", known) if self.runtime.habits.strips_control_characters else known

    def _reply_sent(self, message: Message) -> None:
        self._recent_texts.reply_sent(number_of(message))

    def _accept(self, number: str, text: str, external_id: str | None) -> TextHandling | Json:
        """The part before the flow, in courier and mailroom: duplicates, contact, message."""
        if not text and AGGREGATORS[self.dispatcher.courier.channel.aggregator].ignores_empty:
            self.phones.sent(number, self.runtime.clock.now(), text, None)
            return outcome(None, ignored="the channel accepts no empty texts")
        duplicate = self._recent_texts.original(number, text, external_id, self.runtime.clock.timestamp())
        if duplicate is not None:
            self.phones.sent(number, self.runtime.clock.now(), text, duplicate)
            return outcome(duplicate, duplicate=True)
        return self._store(number, text, external_id)

    def _store(self, number: str, text: str, external_id: str | None) -> TextHandling | Json:
        workspace, now, urn = self._workspace(), self.runtime.clock.now(), f"tel:{number}"
        channel = channel_for(urn, self.records.channels_of(workspace)) or self._channel(workspace)
        contact = self.dispatcher.contact_of(workspace, urn)
        self.records.set_preferred_urn(contact, urn, channel)
        unhandled = contact.status == "blocked" or channel is None
        flow = None if unhandled or self.webhook.url is None else self.records.catch_all_flow(workspace, now)
        message = self.records.new_incoming(
            workspace, contact, uuid=self.runtime.new_uuid(), text=text, urn=urn, channel=channel, flow=flow,
            archived=unhandled, external_id=external_id or "", now=now,
        )  # fmt: skip
        self.phones.sent(number, now, text, message.id)
        self._recent_texts.remember(number, text, external_id, now.timestamp(), message.id)
        if contact.status == "stopped":
            contact.status = "active"
        if not self.runtime.habits.seen_after_flow and not unhandled:
            self.records.mark_seen(contact, now, status=contact.status)
        if flow is None:
            self._mark_seen(contact)
            return outcome(message.id, text=text)
        handling = TextHandling(
            workspace, contact, message, flow, None, "",
            input_context(text, urn, message.uuid, external_id or "", now), now,
        )  # fmt: skip
        self._begin_run(handling)
        self._last_handled[number] = handling
        return handling

    def _mark_seen(self, contact: Any) -> None:
        """Set last_seen_on after the flow, as new versions do."""
        if self.runtime.habits.seen_after_flow:
            self.records.mark_seen(contact, self.runtime.clock.now(), status=contact.status)

    def _begin_run(self, handling: TextHandling) -> None:
        handling.run_uuid, handling.began = self.runtime.new_uuid(), self.runtime.clock.now()
        handling.run = self.records.new_run(
            handling.workspace, handling.contact, handling.flow, uuid=handling.run_uuid, start=None,
            now=handling.began,
        )  # fmt: skip

    def _run_flow(self, handling: TextHandling) -> Json:
        """Run the flow: call the webhook, perhaps again, else reply to the sender."""
        with self.runtime.lock:
            settings, body = self._evaluated_call(self.webhook, handling)
        calls = self._make_calls(settings, body)
        with self.runtime.lock:
            results = results_of(calls)
            self.records.end_run(handling.run, results, self.runtime.clock.now())
            reply = None
            if not calls or not calls[-1].success:
                context = self._context_for(handling, with_default(results))
                if calls:
                    context["webhook"] = webhook_of(calls[-1], self.runtime.habits.generation)
                reply = self._reply(handling, settings, context)
            self._mark_seen(handling.contact)
        return outcome(handling.message.id, text=handling.message.text, run=handling.run_uuid, calls=calls, reply=reply)

    def _evaluated_call(self, settings: hooks.Webhook, handling: TextHandling) -> tuple[hooks.Webhook, str]:
        """URL, headers and body of the call for this text."""
        context, workspace, runtime = self._context_for(handling), handling.workspace, self.runtime
        headers = {
            name: evaluate_template(value, context, workspace, runtime) for name, value in settings.headers.items()
        }
        url = evaluate_template(settings.url or "", context, workspace, runtime).strip()
        body = evaluate_template(settings.body_template(), context, workspace, runtime, unlimited=True)
        return replace(settings, url=url, headers=headers), body

    def _make_calls(self, settings: hooks.Webhook, body: str) -> list[hooks.Outcome]:
        """Make one call, perhaps a second one; none if this version refuses to make it."""
        if not hooks.may_be_sent(settings, body, self.runtime.habits):
            return []
        calls = [self._call_webhook(settings, body)]
        if settings.retry and not calls[0].success and (calls[0].status == 0 or calls[0].status >= 500):
            calls.append(self._call_webhook(settings, body))
        return calls

    def _call_webhook(self, settings: hooks.Webhook, body: str) -> hooks.Outcome:
        with self.runtime.lock:
            backoff = self.runtime.rng.uniform(*hooks.BACKOFF) if self.runtime.habits.repeats_webhook_calls else 0.0
        return hooks.call(self.session, settings, body, self.runtime.habits, backoff)

    def _context_for(self, handling: TextHandling, results: Mapping[str, Any] = EMPTY) -> Json:
        known = contact_context(self.records, handling.workspace, handling.contact)
        trigger: Json = {"type": "msg", "params": {}, "keyword": "", "origin": "", "user": None}
        context = run_context(
            known, uuid=handling.run_uuid, flow=handling.flow, at=handling.began, trigger=trigger,
            generation=self.runtime.habits.generation, results=results,
        )  # fmt: skip
        return {**context, "input": handling.input}

    def _reply(self, handling: TextHandling, settings: hooks.Webhook, context: Mapping[str, Any]) -> Json | None:
        if not settings.reply_on_failure:
            return None
        text = evaluate_template(settings.reply_on_failure, context, handling.workspace, self.runtime)
        if not text:
            return None
        message = self.dispatcher.send(handling.workspace, handling.contact, Content(text), flow=handling.flow)
        return None if message is None else {"message": message.id, "text": text, "status": message.status}
