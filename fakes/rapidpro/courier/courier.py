"""Courier: an outgoing message from the channel's queue to the handset.

queued -> wired -> sent -> delivered -> read; errored -> queued again after 5 and 10 minutes, the third error is final.
A delivery report overwrites any earlier one, in versions without an order of statuses. Source: courier
core/sender/sender.go, core/models/status.go (v26.3.38; up to v9.3 sender.go, backends/rapidpro/status.go), mailroom
core/crons/retry_sending.go, core/models/msg.go.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from fakes.rapidpro.courier.aggregators import AGGREGATORS, HOUR, Aggregator, new_external_id, status_of
from fakes.rapidpro.courier.aimed import Aim, Rules, troubles
from fakes.rapidpro.courier.channel import Channel
from fakes.rapidpro.courier.delivery import DUPLICATE_DELAY, NO_TROUBLE, Delivery, number_of
from fakes.rapidpro.courier.outbox import Outbox
from fakes.rapidpro.courier.phones import Phones
from fakes.rapidpro.courier.queue import SendQueue
from fakes.rapidpro.courier.segments import segments
from fakes.rapidpro.courier.spacing import Spacing
from fakes.rapidpro.courier.status_order import moves_forward
from fakes.rapidpro.runtime import MINUTE, Runtime
from fakes.rapidpro.store.records import Message, Records

QUEUE_POLL = 0.25
"""Seconds within which courier notices a message in an idle queue."""
MAX_ERRORS = 3
SENT_MEMORY = 48 * HOUR
EPSILON = 1e-3
REMOVAL_DELAY = 5.0
"""Seconds until mailroom processes the removal of a channel (rapidpro temba/channels/models.py, release)."""
WAITING_STATUSES = frozenset({"pending", "queued", "errored"})
SENT_STATUSES = frozenset({"wired", "sent", "delivered", "read"})


class Courier:
    """Sends queued messages over the channels. Callers of all methods hold the service's lock."""

    def __init__(self, records: Records, runtime: Runtime, phones: Phones) -> None:
        self.records = records
        self.runtime = runtime
        self._later = runtime.call_later
        self.phones = phones
        self._settings = Channel()
        self._queues: dict[str, SendQueue[Message]] = {}
        self._sent: dict[int, float] = {}
        self._retry_due: dict[int, float] = {}
        self._by_external_id: dict[str, Message] = {}
        self._aim = Aim()
        self._delivery = Delivery(runtime, phones, self._report_stage, lambda: self._settings)
        self._outbox = Outbox(runtime, lambda: self._settings, self._send)
        self._spacing = Spacing(runtime, partial(self.queue, first=True))

        self.before_sending: Callable[[Message], None] = lambda _message: None
        """Called with a message before it is sent."""

    @property
    def channel(self) -> Channel:
        """The channel's settings."""
        return self._settings

    @channel.setter
    def channel(self, settings: Channel) -> None:
        """Change the settings: what waits for an Android phone waits for the next sync, or for the new aggregator."""
        before, self._settings = self._settings, settings
        if AGGREGATORS[settings.aggregator].syncs:
            if settings.sync_every != before.sync_every:
                self._outbox.time_again()
        else:
            for message in self._outbox.clear():
                self.queue(message)

    def queue_stretch(self, messages: Sequence[Message]) -> None:
        """Queue the messages of one stretch to one contact: those of one channel leave with the spacing between."""
        if not self.channel.spacing or AGGREGATORS[self.channel.aggregator].syncs:
            for message in messages:
                self.queue(message)
            return
        by_channel: dict[str, list[Message]] = {}
        for message in messages:
            channel = self.records.channel_of(message)
            if channel is not None:
                by_channel.setdefault(channel.uuid, []).append(message)
        for first, *rest in by_channel.values():
            self._spacing.hold(first, rest)
            self.queue(first)

    def queue(self, message: Message, *, first: bool = False) -> None:
        """Add a message to its channel's queue, unless the channel was removed. `first`: before those of broadcasts."""
        channel = self.records.channel_of(message)
        if channel is None:
            return
        if AGGREGATORS[self.channel.aggregator].syncs:
            self._outbox.add(message)
            return
        queue = self._queues.get(channel.uuid)
        if queue is None:
            queue = self._queues[channel.uuid] = SendQueue(lambda one: segments(one.text))
        queue.add(message, first=first or message.high_priority)
        if not queue.scheduled:
            queue.scheduled = True
            self._later(QUEUE_POLL * self.runtime.rng.random(), self._drain, queue)

    def waiting(self) -> int:
        """The number of messages in all queues."""
        return sum(map(len, self._queues.values())) + len(self._spacing) + len(self._outbox)

    def sync(self) -> int | None:
        """The Android phone syncs now. Returns the number of messages it took; None if there is none or it is down."""
        can_sync = AGGREGATORS[self.channel.aggregator].syncs and not self.channel.down
        return self._outbox.sync() if can_sync else None

    def resend(self, message: Message, channel: Any) -> None:
        """Send a message again over this channel, with the same id and no errors. Without a channel it fails again."""
        self._sent.pop(message.id, None)
        message.errors, message.sent_on = 0, None
        message.failed_reason = None if channel is not None else "no destination"
        self.records.set_channel(message, channel)
        status = "queued" if channel is not None else "failed"
        self.records.set_status(message, status, self.runtime.clock.now())  # mailroom's, whatever the order of reports
        self.queue(message)

    def channel_removed(self, channel: Any) -> None:
        """A channel was removed: messages waiting for it fail."""
        habits = self.runtime.habits
        self._queues.pop(channel.uuid, None)
        for part in (self._outbox, self._spacing):
            part.keep(lambda message: self.records.channel_of(message) is not None)
        if habits.delays_removal_failures:
            self._later(REMOVAL_DELAY, self._fail_all, channel, "channel removed")
        else:
            self._fail_all(channel, None)

    def _fail_all(self, channel: Any, reason: str | None) -> None:
        now = self.runtime.clock.now() if reason is not None else None
        for message in self.records.all_messages():
            if message.direction == "out" and message.channel is channel and message.status in WAITING_STATUSES:
                message.failed_reason = reason
                self.records.set_status(message, "failed", now)

    def report(self, message: Message, word: str) -> bool:
        """A delivery report with the aggregator's status; False if courier does not accept it (400, nothing stored)."""
        status = status_of(AGGREGATORS[self.channel.aggregator], word, self.runtime.habits)
        if status is not None:
            self.set_status(message, status)
        return status is not None

    def reset(self) -> None:
        """Start over, with default channel settings."""
        self._outbox.clear()
        self._spacing.clear()
        self._settings, self._aim = Channel(), Aim()
        for mapping in (self._queues, self._sent, self._retry_due, self._by_external_id):
            mapping.clear()

    def by_external_id(self, external_id: str) -> Message | None:
        """The message with that id of the aggregator, or None."""
        return self._by_external_id.get(external_id)

    def _drain(self, queue: SendQueue[Message]) -> None:
        now = self.runtime.clock.timestamp()
        send = self._outbox.add if AGGREGATORS[self.channel.aggregator].syncs else self._send
        while (message := queue.take(now, self.channel.tps)) is not None:
            if message.status == "queued":
                send(message)
            self._spacing.left(message, self.channel.spacing)
        queue.scheduled = len(queue) > 0
        if queue.scheduled:
            self._later(queue.seconds_left(now), self._drain, queue)

    def _send(self, message: Message) -> None:
        self.before_sending(message)
        if self.runtime.clock.timestamp() - self._sent.get(message.id, -SENT_MEMORY) < SENT_MEMORY:
            self.set_status(message, "wired")
            return
        channel, runtime = self.channel, self.runtime
        aggregator = AGGREGATORS[channel.aggregator]
        delay = runtime.jittered(channel.delays.wired)
        rules: Rules = ()
        if channel.aimed:
            rules = self._aim.rules_for(channel.aimed, message.id, number_of(message), message.text)
        meets = troubles(rules) if rules else NO_TROUBLE
        if channel.down or "errored" in meets or runtime.chance(channel.shares.errored):
            self._later(delay, self.set_status, message, "errored")
        elif "refused" in meets or self._is_refused(message, aggregator):
            retried = runtime.habits.retries_refusals and not aggregator.syncs
            self._later(delay, self.set_status, message, "errored" if retried else "failed")
        else:
            self._later(delay, self._on_accepted, message, aggregator, rules)

    def _is_refused(self, message: Message, aggregator: Aggregator) -> bool:
        limit = self.channel.length_limit
        if limit is not None and len(message.text) > limit:
            return True
        return aggregator.refuses_bad_numbers and self._is_bad(message)

    def _is_bad(self, message: Message) -> bool:
        return bool(self.channel.bad_numbers) and number_of(message) in self.channel.bad_numbers

    def _on_accepted(self, message: Message, aggregator: Aggregator, rules: Rules) -> None:
        runtime = self.runtime
        if not aggregator.syncs:
            external_id = new_external_id(aggregator, message.id, message.uuid, runtime.habits.generation, runtime.rng)
            message.external_id, self._by_external_id[external_id] = external_id, message
            self._sent[message.id] = runtime.clock.timestamp()
            self.set_status(message, "wired")
        self._delivery.begin(message, aggregator, rules, bad=self._is_bad(message))

    def _report_stage(self, message: Message, aggregator: Aggregator, stage: Any, duplicate: bool = False) -> None:
        """The aggregator reports a stage of the message, if it reports that stage at all."""
        word = aggregator.stages.get(stage)
        if word is None:
            return
        status = status_of(aggregator, word, self.runtime.habits)
        if status is not None:
            self.set_status(message, status)
        if not duplicate and self.runtime.chance(self.channel.shares.duplicate_report):
            self._later(
                self.runtime.rng.uniform(*DUPLICATE_DELAY), self._report_stage, message, aggregator, stage, True
            )

    def set_status(self, message: Message, status: str) -> None:
        """Set a status in RapidPro's words; one that this version does not take changes modified_on alone."""
        now = self.runtime.clock.now()
        if self.runtime.habits.statuses_only_advance and not moves_forward(message.status, status):
            self.records.set_status(message, message.status, now)
            return
        if status == "errored":
            self._errored(message)
            return
        if status in SENT_STATUSES:
            if message.sent_on is None or (status == "wired" and not self.runtime.habits.clears_sent_on):
                message.sent_on = now
        elif status == "failed" and self.runtime.habits.clears_sent_on:
            message.sent_on = None
        self.records.set_status(message, status, now)

    def _errored(self, message: Message) -> None:
        """The third error is final; an error leaves a failed message failed. An Android phone tries again by itself."""
        now = self.runtime.clock.now()
        if AGGREGATORS[self.channel.aggregator].syncs:
            self.records.set_status(message, "errored", now)
            return
        self._sent.pop(message.id, None)
        message.errors += 1
        if self.runtime.habits.clears_sent_on:
            message.sent_on = None
        if message.errors >= MAX_ERRORS:
            message.failed_reason = "error limit"
        if message.errors >= MAX_ERRORS or message.status == "failed":
            self.records.set_status(message, "failed", now)
            return
        wait = self.channel.delays.retries[message.errors - 1]
        self._retry_due[message.id] = self.runtime.clock.timestamp() + wait
        self.records.set_status(message, "errored", now)
        delay = self.runtime.to_next_minute(wait) if wait >= MINUTE else wait
        self._later(delay, self._retry, message)

    def _retry(self, message: Message) -> None:
        """Mailroom queues an errored message again, unless its status has changed; modified_on stays."""
        due = self._retry_due.get(message.id)
        if message.status != "errored" or due is None or due > self.runtime.clock.timestamp() + EPSILON:
            return
        del self._retry_due[message.id]
        if self.records.channel_of(message) is not None:
            self.records.set_status(message, "queued", None)
            self.queue(message)
