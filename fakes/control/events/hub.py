"""Who watches, and when they are told. Nothing is queued: each reads the ledger itself, from its own number on.

No request to the fakes pays for those who watch. One thread, which lives only while somebody does, looks a few times a
second whether anything is new, and wakes them. What an exchange looks like is made once for all of them. While the
fakes are busy they are told a bounded number of exchanges a second, and catch up afterwards: nothing is left out. Ten
clients take 3 % of the processor time of a fake at full load (9,000 requests a second on a machine with 2 cores).
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

from fakes.assembly import Fakes
from fakes.control.events.changes import Changes, versions
from fakes.control.events.direct import other_end
from fakes.control.events.rendering import comment, event, exchange_event
from fakes.redaction import Redaction

MOST_CLIENTS = 16
TICK, STEADY_TICK, BUSY_TICK = 0.1, 0.3, 0.5
"""Seconds between two looks at the ledger: usually, while something is new again and again, and while the fakes are
busy."""
LOOK = 0.3
"""Seconds between two comparisons of all versions: less than four a second."""
BUSY = 200
"""New exchanges a second from which on the fakes are busy."""
BATCH, BUSY_BATCH = 1000, 30
"""The most exchanges that somebody is told in a tick."""
KEPT = 4096
"""Events of exchanges that are kept for those who read the same."""
HEARTBEAT = 15.0
"""Seconds without an event after which a comment is sent."""
CLOCK_SECONDS = 0.25
"""Seconds between two events that only say how far virtual time has gone."""
PATIENCE = 0.5
"""Seconds that a client too many waits for one who is gone without having been missed."""
LONGEST_WAIT = 1.0
"""Seconds until the connection is looked at, although nothing is new."""

ClockState = Callable[[], Mapping[str, Any]]
"""Returns what `GET /clock` answers."""


class TooManyClients(Exception):
    """There are as many clients as there may be."""


class EventHub:
    """The clients of one control API. `extra` are versions of parts that these fakes do not know."""

    def __init__(
        self,
        fakes: Fakes,
        clock: ClockState,
        extra: Callable[[], Mapping[str, object]] = dict,
    ) -> None:
        self.fakes = fakes
        self.clock = clock
        self.changes = Changes()
        self.batch = BATCH
        self.is_busy = False
        self.more_wanted = False
        """Whether a client has not been told everything yet that was there."""
        self._news = threading.Condition()
        self._news_number = 0
        self._extra = extra
        self._clients: set[Client] = set()
        self._thread: threading.Thread | None = None
        self._events: OrderedDict[int, bytes] = OrderedDict()
        self._rendering = threading.Lock()

    def open(self, after: int) -> Client:
        """A new client, which is told the exchanges numbered above `after`. Raises TooManyClients."""
        with self._news:
            if self._is_full():
                self._wake()  # whoever is gone leaves by that
                self._news.wait_for(lambda: not self._is_full(), PATIENCE)
            if self._is_full():
                raise TooManyClients(
                    f"at most {MOST_CLIENTS} clients get events at a time: close one of them, or read GET /ledger"
                )
            self._look_for_changes()
            client = Client(self, after)
            self._clients.add(client)
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, name="events", daemon=True)
                self._thread.start()
        return client

    def await_news(self, number: int, seconds: float) -> int:
        """Wait until there is news with a higher number, at most `seconds`. Returns its number."""
        with self._news:
            self._news.wait_for(lambda: self._news_number != number, seconds)
            return self._news_number

    def leave(self, client: Client) -> None:
        """The client is gone."""
        with self._news:
            self._clients.discard(client)
            self._news.notify_all()

    def _is_full(self) -> bool:
        return len(self._clients) >= MOST_CLIENTS

    def _wake(self) -> None:
        self._news_number += 1
        self._news.notify_all()

    def exchanges(self, after: int, limit: int) -> tuple[list[bytes], int]:
        """The events of the next exchanges, and the number to go on from."""
        found = self.fakes.ledger.after(after, limit=limit, skip_dropped=True)
        if not found:
            return [], after
        events: list[bytes] = []
        with self._rendering:
            hide: Redaction | None = None
            for exchange in found:
                kept = self._events.get(exchange.seq)
                if kept is None:
                    hide = self.fakes.ledger.redaction() if hide is None else hide
                    end = other_end(exchange, self.fakes.ledger)
                    kept = self._events[exchange.seq] = exchange_event(exchange, end, hide)
                events.append(kept)
            while len(self._events) > KEPT:
                self._events.popitem(last=False)
        return events, found[-1].seq

    def changed(self, what: list[str]) -> bytes:
        """The event that tells what has changed, and how much care its reader should take."""
        return event("changed", {"what": what, "busy": self.is_busy, "clients": len(self._clients)})

    def _watch(self) -> None:
        """Wake the clients whenever something is new, until there is none."""
        pause, tick, looked, is_new = threading.Event(), TICK, monotonic(), False
        last, time = self.fakes.ledger.last, self.fakes.clock.now()
        while True:
            pause.wait(tick)
            before, last = last, self.fakes.ledger.last
            self.is_busy = last - before >= BUSY * tick
            self.batch = BUSY_BATCH if self.is_busy else BATCH
            was_new, is_new, self.more_wanted = is_new, self.more_wanted or last != before, False
            if monotonic() - looked >= LOOK:
                looked, earlier, time = monotonic(), time, self.fakes.clock.now()
                moved = time != earlier and self.fakes.clock.kind == "virtual"
                is_new = self._look_for_changes() or moved or is_new
            tick = BUSY_TICK if self.is_busy else STEADY_TICK if is_new and was_new else TICK
            with self._news:
                if not self._clients:
                    self._thread = None
                    return
                if is_new:
                    self._wake()

    def _look_for_changes(self) -> bool:
        return self.changes.look({**versions(self.fakes, self.clock()), **self._extra()})


class Client:
    """The stream of one client: an iterator of parts to send, for `fakes.serving`."""

    def __init__(self, hub: EventHub, after: int) -> None:
        self._hub = hub
        self._position = after
        self._seen = hub.changes.counts
        self._clock: Mapping[str, Any] = {}
        self._clock_told = self._spoke = monotonic()
        self._begun = False
        self._news = -1

    def __iter__(self) -> Client:
        return self

    def __next__(self) -> bytes:
        """What is new since the last part; empty if nothing is."""
        if not self._begun:
            self._begun = True
            return self._greeting()
        self._news = self._hub.await_news(self._news, LONGEST_WAIT)
        batch = self._hub.batch
        gap = self._skip_dropped()
        parts, self._position = self._hub.exchanges(self._position, batch)
        self._hub.more_wanted = self._hub.more_wanted or len(parts) == batch
        seen, self._seen = self._seen, self._hub.changes.counts
        changed = [name for name, count in self._seen.items() if seen.get(name, 0) != count]
        if changed or gap:
            parts.append(self._hub.changed([*changed, *gap]))
        parts += self._time()
        if not parts and monotonic() - self._spoke >= HEARTBEAT:
            parts = [comment("still here")]
        if parts:
            self._spoke = monotonic()
        return b"".join(parts)

    def close(self) -> None:
        """The client is gone."""
        self._hub.leave(self)

    def _greeting(self) -> bytes:
        """What a client needs first: the time, and whether its number is from another run of the fakes."""
        parts = [b"retry: 1000\n\n", *self._time()]
        if self._position > self._hub.fakes.ledger.last:
            self._position = 0
            parts.append(self._hub.changed(["reset"]))
        return b"".join(parts)

    def _skip_dropped(self) -> list[str]:
        """Go on after exchanges that the ledger has dropped. Then the client must read again what it shows."""
        ledger = self._hub.fakes.ledger
        if not ledger.missing_after(self._position):
            return []
        self._position = ledger.first - 1
        return ["reset"]

    def _time(self) -> list[bytes]:
        """An event with the time if it has not gone on by itself; one of virtual time not too soon after the last."""
        now = self._hub.clock()
        before = self._clock
        if now["kind"] == "system" and before:
            return []
        goes_on = {**before, "now": now["now"]} == now
        if now == before or (goes_on and monotonic() - self._clock_told < CLOCK_SECONDS):
            self._hub.more_wanted = self._hub.more_wanted or now != before
            return []
        self._clock, self._clock_told = now, monotonic()
        return [event("clock", now)]
