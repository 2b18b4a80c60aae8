"""An incoming text: stored, then given to the flow that waits for it or that a trigger starts.

Source: courier core/models/msg.go (up to v9.3 backends/rapidpro/msg.go), mailroom core/tasks/ctasks/msg_received.go
(up to v9.3 core/tasks/handler).
"""

from __future__ import annotations

import json
import re
import threading
from functools import lru_cache
from typing import Any

from fakes.rapidpro.courier.aggregators import AGGREGATORS
from fakes.rapidpro.courier.delivery import number_of
from fakes.rapidpro.courier.duplicates import RecentTexts
from fakes.rapidpro.courier.phones import Phones
from fakes.rapidpro.flows.built_in import webhook_flow
from fakes.rapidpro.flows.bundles.library import BUILT_IN, Library
from fakes.rapidpro.flows.engine import Input, Refused, Trigger, read_flow
from fakes.rapidpro.flows.expressions.words import words
from fakes.rapidpro.flows.webhook import Webhook
from fakes.rapidpro.mailroom.answers import outcome, outcome_of
from fakes.rapidpro.mailroom.dispatch import Dispatcher
from fakes.rapidpro.mailroom.sessions.sessions import Sessions
from fakes.rapidpro.mailroom.sessions.work import Work
from fakes.rapidpro.runtime import Runtime
from fakes.rapidpro.settings import BadSetting
from fakes.rapidpro.store.records import Message, Records, Workspace
from fakes.rapidpro.urns import channel_for, sender_number
from fakes.rapidpro.versions.engines import ENGINES
from fakes.rapidpro.versions.generation import Generation

Json = dict[str, Any]
MAX_TEXT = 10_000
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")


class BadText(ValueError):
    """An impossible text or number; the message says what was expected."""


class Incoming:
    """Receives texts from phones. Methods take the service's lock themselves, and release it while flows run."""

    def __init__(
        self, records: Records, runtime: Runtime, phones: Phones, dispatcher: Dispatcher, library: Library,
        sessions: Sessions,
    ) -> None:  # fmt: skip
        self.records = records
        self.runtime = runtime
        self.phones = phones
        self.dispatcher = dispatcher
        self._library = library
        self._sessions = sessions
        self._webhook = Webhook()
        self._recent_texts = RecentTexts(by_id=runtime.habits.duplicates_by_external_id)
        self._last_handled: dict[str, Work] = {}
        self._locks: dict[str, threading.RLock] = {}
        dispatcher.courier.before_sending = self._reply_sent

    def reset(self) -> None:
        """Start over, with default webhook settings."""
        self._webhook = Webhook()
        self._recent_texts = RecentTexts(by_id=self.runtime.habits.duplicates_by_external_id)
        self._last_handled.clear()
        self._locks.clear()

    @property
    def webhook(self) -> Webhook:
        """The settings of the built-in catch-all flow."""
        return self._webhook

    @webhook.setter
    def webhook(self, settings: Webhook) -> None:
        """Change them; with an address the flow gets all texts that no keyword takes. BadSetting if it is not valid."""
        if settings.url is not None:
            generation = self._library.rules.generation
            problem = _refusal(json.dumps(webhook_flow(settings, BUILT_IN, "Relay", generation)), generation)
            if problem:
                raise BadSetting(f"RapidPro refuses a flow with these settings: {problem}")
            self._library.remove_catch_all()
        self._webhook = settings

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
                text = self._clean(text)
                dropped = self._dropped(number, text, external_id)
                if dropped is not None:
                    return dropped
                contact = self.dispatcher.contact_of(self._workspace(), f"tel:{number}")
            with self._sessions.locks.waiting_for(contact.id):
                with self.runtime.lock:
                    work = self._store(number, contact, text, external_id)
                return self._run(work) if isinstance(work, Work) else work

    def redeliver(self, number: str, *, new_run: bool) -> Json:
        """Redeliver the phone's last text, as if its handling was interrupted after the webhook call.

        `new_run`: in a new run, as mailroom does; else with the same run id as before.
        """
        with self._lock_of(number):
            with self.runtime.lock:
                work = self._last_handled.get(number)
                if work is None:
                    raise BadText(f"{number} has sent no text that can be redelivered")
                self._built_in(work.workspace)  # with the settings of now
                if new_run:
                    work = self._sessions.again(work)
            with self._sessions.locks.waiting_for(work.contact.id):
                return self._run(work)

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

    def _dropped(self, number: str, text: str, external_id: str | None) -> Json | None:
        """The outcome of a text that courier does not pass on: an empty one, a duplicate."""
        now = self.runtime.clock.now()
        if not text and AGGREGATORS[self.dispatcher.courier.channel.aggregator].ignores_empty:
            self.phones.sent(number, now, text, None)
            return outcome(None, ignored="the channel accepts no empty texts")
        duplicate = self._recent_texts.original(number, text, external_id, self.runtime.clock.timestamp())
        if duplicate is not None:
            self.phones.sent(number, now, text, duplicate)
            return outcome(duplicate, duplicate=True)
        return None

    def _store(self, number: str, contact: Any, text: str, external_id: str | None) -> Work | Json:
        """The part before the flow, in courier and mailroom: contact, message, and what the text starts or resumes."""
        workspace, now, urn = self._workspace(), self.runtime.clock.now(), f"tel:{number}"
        channel = channel_for(urn, self.records.channels_of(workspace)) or self._channel(workspace)
        self.records.set_preferred_urn(contact, urn, channel)
        unhandled = contact.status == "blocked" or channel is None
        message = self.records.new_incoming(
            workspace, contact, uuid=self.runtime.new_uuid(), text=text, urn=urn, channel=channel, flow=None,
            archived=unhandled, external_id=external_id or "", now=now,
        )  # fmt: skip
        self.phones.sent(number, now, text, message.id)
        self._recent_texts.remember(number, text, external_id, now.timestamp(), message.id)
        if contact.status == "stopped":
            contact.status = "active"
        if not self.runtime.habits.seen_after_flow and not unhandled:
            self.records.mark_seen(contact, now, status=contact.status)
        work = None if unhandled else self._work(workspace, contact, message, urn)
        if work is None:
            self._mark_seen(contact)
            return outcome(message.id, text=text)
        self._last_handled[number] = work
        return work

    def _work(self, workspace: Workspace, contact: Any, message: Any, urn: str) -> Work | None:
        """A keyword goes before an open wait, unless that flow ignores triggers; a wait goes before a catch-all."""
        channel, groups = message.channel.uuid, [one.uuid for one in self.records.groups_of(contact)]
        match = self._library.match([word.lower() for word in words(message.text)], channel, groups)
        given = Input(
            message.uuid, message.text, urn, message.created_on, channel, external_id=message.external_id or ""
        )
        parts = {"given": given, "message": message}
        waiting = self._sessions.waiting(contact)
        if waiting is not None and (match is None or not match.keyword or waiting.flow in self._library.ignoring):
            self._set_flow(message, workspace, waiting.flow)
            return self._sessions.new_work(workspace, contact, "text", before=waiting, **parts)
        flow = self._built_in(workspace) if match is None else match.trigger.flow
        if flow is None:
            return None
        self._set_flow(message, workspace, flow)
        trigger = Trigger("msg", keyword="" if match is None else match.keyword)
        return self._sessions.new_work(workspace, contact, "text", flow=flow, trigger=trigger, **parts)

    def _built_in(self, workspace: Workspace) -> str | None:
        """The built-in catch-all flow, if there is one."""
        if self._webhook.url is None:
            return None
        row = self.records.catch_all_flow(workspace, self.runtime.clock.now())
        return self._library.built_in(self._webhook, row.uuid, row.name)

    def _set_flow(self, message: Any, workspace: Workspace, flow: str) -> None:
        self.records.set_flow(message, self.records.flow_of(workspace, self._library.row_uuid(flow)))

    def _mark_seen(self, contact: Any) -> None:
        """Set last_seen_on after the flow, as new versions do."""
        if self.runtime.habits.seen_after_flow:
            self.records.mark_seen(contact, self.runtime.clock.now(), status=contact.status)

    def _run(self, work: Work) -> Json:
        done = self._sessions.run(work)
        with self.runtime.lock:
            self._mark_seen(work.contact)
            return outcome_of(done)


@lru_cache(maxsize=100)
def _refusal(definition: str, generation: Generation) -> str:
    """Why the engine refuses a flow; "" if it does not. The same few settings come again and again."""
    try:
        read_flow(json.loads(definition), ENGINES[generation])
    except Refused as problem:
        return str(problem)
    return ""
