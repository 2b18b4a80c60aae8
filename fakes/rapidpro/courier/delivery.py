"""From the aggregator to the handset: an accepted message on its way, and the aggregator's reports about it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fakes.rapidpro.courier.aggregators import HOUR, Aggregator, Stage
from fakes.rapidpro.courier.aimed import Rules, troubles
from fakes.rapidpro.courier.channel import Channel
from fakes.rapidpro.courier.phones import Phones
from fakes.rapidpro.courier.segments import segments
from fakes.rapidpro.runtime import Runtime
from fakes.rapidpro.store.records import Message
from fakes.rapidpro.urns import path_of

LATE_DELAY = (1 * HOUR, 6 * HOUR)
DUPLICATE_DELAY = (0.5, 30.0)
"""Seconds after which a duplicate of a report comes."""
NO_TROUBLE: frozenset[str] = frozenset()
Report = Callable[[Message, Aggregator, Stage, bool], None]


@dataclass(slots=True)
class Sent:
    """An accepted message; the handset shows it when no part is missing."""

    message: Message
    aggregator: Aggregator
    missing: int


@dataclass(frozen=True, slots=True)
class Part:
    """What one series of reports is about: a whole message, or one segment of it, and what is aimed at it."""

    sent: Sent
    meets: frozenset[str] = NO_TROUBLE


class Delivery:
    """Carries accepted messages. `report(message, aggregator, stage, again)` tells courier; `again`: a duplicate."""

    def __init__(self, runtime: Runtime, phones: Phones, report: Report, channel: Callable[[], Channel]) -> None:
        self.runtime = runtime
        self.phones = phones
        self._later = runtime.call_later
        self._report_stage = report
        self._channel = channel

    def begin(self, message: Message, aggregator: Aggregator, rules: Rules, *, bad: bool) -> None:
        """A message was accepted. `rules` are those it matches; `bad`: its number cannot be reached."""
        count = segments(message.text) if self._channel().segment_reports else 1
        sent = Sent(message, aggregator, count)
        for number in range(1, count + 1):
            self._begin_part(Part(sent, troubles(rules, number) if rules else NO_TROUBLE), bad=bad)

    def _begin_part(self, part: Part, *, bad: bool) -> None:
        channel, runtime, meets = self._channel(), self.runtime, part.meets
        shares, delays = channel.shares, channel.delays
        to_operator = runtime.jittered(delays.sent)
        to_handset = to_operator + runtime.jittered(delays.delivered)
        if bad or "failed" in meets or runtime.chance(shares.failed):
            self._later(to_operator, self._report, part, "sent")
            self._later(to_handset, self._report, part, "failed")
        elif "no_report" in meets or runtime.chance(shares.no_report):
            self._later(to_handset, self._arrive, part)
            expires_after = part.sent.aggregator.expires_after
            if expires_after is not None:
                self._later(expires_after, self._report, part, "expired")
        elif "out_of_order" in meets or runtime.chance(shares.out_of_order):
            self._later(to_handset, self._arrive_with_report, part)
            self._later(to_handset + to_operator + 1.0, self._report, part, "sent")
        else:
            late = "late_report" in meets or runtime.chance(shares.late_report)
            self._later(to_operator, self._reach_operator, part, to_handset - to_operator, late)

    def _reach_operator(self, part: Part, to_handset: float, late: bool) -> None:
        self._report(part, "sent")
        if late:
            self._later(to_handset, self._arrive, part)
            reported = to_handset + self.runtime.rng.uniform(*LATE_DELAY)
            self._later(reported, self._report, part, "delivered")
        else:
            self._later(to_handset, self._arrive_with_report, part)

    def _arrive(self, part: Part) -> None:
        """A handset shows a text when it has all its segments."""
        sent, message = part.sent, part.sent.message
        sent.missing -= 1
        if sent.missing == 0:
            self.phones.received(number_of(message), self.runtime.clock.now(), message.text, message.id)

    def _arrive_with_report(self, part: Part) -> None:
        self._arrive(part)
        self._report(part, "delivered")
        channel, runtime = self._channel(), self.runtime
        if "read" in part.meets or runtime.chance(channel.shares.read):
            self._later(runtime.jittered(channel.delays.delivered), self._report, part, "read")

    def _report(self, part: Part, stage: Stage) -> None:
        if "never_reports" in part.meets:
            return
        channel = self._channel()
        if channel.down and part.sent.aggregator.syncs:
            self._later(channel.sync_every, self._report, part, stage)
            return
        again = "duplicate_report" in part.meets
        self._report_stage(part.sent.message, part.sent.aggregator, stage, again)
        if again:
            delay = self.runtime.rng.uniform(*DUPLICATE_DELAY)
            self._later(delay, self._report_stage, part.sent.message, part.sent.aggregator, stage, True)


def number_of(message: Message) -> str:
    """The phone number of a message, without scheme and display name."""
    return path_of(message.urn or "")
