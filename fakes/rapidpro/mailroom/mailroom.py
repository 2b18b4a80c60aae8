"""Everything behind the API in one object, for the API and the control API.

The parts: `dispatch` creates messages, `courier` sends them, `phones` receive them, `incoming` handles texts with the
flows in `library`, whose `sessions` run.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

from fakes.clock import Clock
from fakes.rapidpro.courier.channel import Channel
from fakes.rapidpro.courier.courier import Courier
from fakes.rapidpro.courier.phones import Phones
from fakes.rapidpro.flows.bundles.importing import Importer, missing, shown_flow
from fakes.rapidpro.flows.bundles.library import Library
from fakes.rapidpro.flows.bundles.reading import BadBundle, Bundle
from fakes.rapidpro.flows.running.sender import HttpSession
from fakes.rapidpro.mailroom.dispatch import Dispatcher
from fakes.rapidpro.mailroom.incoming import Incoming
from fakes.rapidpro.mailroom.nightly import NightlyJob
from fakes.rapidpro.mailroom.sessions.sessions import Sessions
from fakes.rapidpro.runtime import Runtime
from fakes.rapidpro.store.records import Records
from fakes.rapidpro.versions.engines import ENGINES
from fakes.rapidpro.versions.habits import HABITS
from fakes.rapidpro.versions.profiles import version_of


class Mailroom:
    """What happens behind the API.

    The API calls `broadcast_created` and `flow_started` with the row it stored; they only add tasks, which the clock
    runs. `session` makes the flow's webhook calls, without the lock. `profile` is a version such as "9.3" or "next".
    """

    def __init__(
        self, records: Records, clock: Clock, rng: random.Random, session: HttpSession,
        lock: AbstractContextManager[Any], profile: str,
    ) -> None:  # fmt: skip
        self.lock = lock
        self.records = records
        self.runtime = Runtime(clock, rng, lock, version_of(HABITS, profile))
        self.phones = Phones()
        self.courier = Courier(records, self.runtime, self.phones)
        self.dispatcher = Dispatcher(records, self.runtime, self.courier)
        habits = self.runtime.habits
        self.library = Library(replace(ENGINES[habits.generation], repeats_gets=habits.repeats_webhook_calls))
        self.sessions = Sessions(records, self.runtime, self.dispatcher, self.library, session)
        self.incoming = Incoming(records, self.runtime, self.phones, self.dispatcher, self.library, self.sessions)
        self._nightly = NightlyJob(records, self.runtime)
        self._nightly.start()

    def broadcast_created(self, broadcast: Any) -> None:
        """The API stored a broadcast as pending (old versions: queued)."""
        with self.lock:
            self.dispatcher.broadcast_created(broadcast)

    def flow_started(self, start: Any) -> None:
        """The API stored a flow start as pending."""
        with self.lock:
            self.dispatcher.flow_started(start)

    def resend(self, message: Any) -> None:
        """A person resends a failed message: its URN gets a channel again."""
        workspace, contact = self.records.workspace_of(message), self.records.contact_of(message)
        with self.lock:
            _, channel = self.dispatcher.route(workspace, contact, message.urn) if message.urn else (None, None)
            self.courier.resend(message, channel)

    def remove_channel(self, uuid: str) -> Any:
        """A person removes a channel. Returns it, or None for an unknown UUID."""
        with self.lock:
            channel = self.records.remove_channel(uuid)
            if channel is not None:
                self.courier.channel_removed(channel)
            return channel

    def import_flows(self, bundle: Bundle) -> dict[str, Any]:
        """Import a bundle into the first workspace. BadBundle if a flow in it is refused; then nothing changes."""
        with self.lock:
            workspace = next(iter(self.records.workspaces()), None)
            if workspace is None:
                raise BadBundle("there is no workspace: seed one first")
            return Importer(self.records, self.library, workspace, self.runtime.clock.now()).run(bundle)

    def imported_flows(self) -> dict[str, Any]:
        """The imported flows and triggers, and what the flows need and the workspace lacks."""
        with self.lock:
            flows, workspace = self.library.imported(), next(iter(self.records.workspaces()), None)
            if workspace is None:
                return {"flows": [], "triggers": [], "missing": {}}
            archived = {one.uuid: self.records.flow_of(workspace, one.uuid).archived for one in flows}
            return {
                "flows": [{**shown_flow(one), "archived": archived[one.uuid]} for one in flows],
                "triggers": [one.as_json() for one in self.library.triggers],
                "missing": missing(self.records, self.library, workspace, flows),
            }

    def archive_flow(self, uuid: str) -> dict[str, Any] | None:
        """A person archives an imported flow: no text starts it any more, and who waits in it is no longer asked.

        The API can still start it. None for an unknown flow. Source: rapidpro temba/flows/models.py (archive).
        """
        with self.lock:
            workspace = next(iter(self.records.workspaces()), None)
            row = None if workspace is None else self.records.flow_of(workspace, uuid)
            if row is None or not self.library.has(uuid):
                return None
            row.archived = True
            triggers, interrupted = self.library.remove_triggers(uuid), self.sessions.interrupt_flow(uuid)
            return {"uuid": uuid, "archived": True, "triggers": triggers, "interrupted": interrupted}

    def reset(self) -> None:
        """Start over: nothing waits, phones are empty, all settings have their defaults."""
        with self.lock:
            self.runtime.cancel_all()
            self.phones.clear()
            self.courier.reset()
            self.dispatcher.reset()
            self.incoming.reset()
            self.sessions.reset()
            self.library.clear()
            self._nightly.start()

    def metrics(self) -> Mapping[str, float]:
        """Numbers by name: texts on phones, queued messages, waiting tasks."""
        with self.lock:
            return {
                "phone_texts_sent": self.phones.count("sent"),
                "phone_texts_received": self.phones.count("received"),
                "channel_queue": self.courier.waiting(),
                "mailroom_tasks": self.dispatcher.waiting_tasks(),
            }

    @property
    def channel(self) -> Channel:
        """The channel's settings."""
        return self.courier.channel
