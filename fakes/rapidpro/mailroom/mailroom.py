"""Everything behind the API in one object, for the API and the control API.

The parts: `dispatch` creates messages, `courier` sends them, `phones` receive them, `incoming` handles texts.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from fakes.clock import Clock
from fakes.rapidpro.courier.channel import Channel
from fakes.rapidpro.courier.courier import Courier
from fakes.rapidpro.courier.phones import Phones
from fakes.rapidpro.flows.webhook import HttpSession
from fakes.rapidpro.mailroom.dispatch import Dispatcher
from fakes.rapidpro.mailroom.incoming import Incoming
from fakes.rapidpro.mailroom.nightly import NightlyJob
from fakes.rapidpro.runtime import Runtime
from fakes.rapidpro.store.records import Records
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
        self.incoming = Incoming(records, self.runtime, self.phones, self.dispatcher, session)
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

    def reset(self) -> None:
        """Start over: nothing waits, phones are empty, all settings have their defaults."""
        with self.lock:
            self.runtime.cancel_all()
            self.phones.clear()
            self.courier.reset()
            self.dispatcher.reset()
            self.incoming.reset()
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
