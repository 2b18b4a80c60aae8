"""CHT's background work: what runs on timers, and what runs when a document is saved."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

import requests

from fakes.cht.couch.contact_views import ContactViews
from fakes.cht.couch.documents import Doc
from fakes.cht.jobs import Jobs, JobStopped
from fakes.cht.messaging.messaging import Messaging
from fakes.cht.messaging.outgoing import Outgoing
from fakes.cht.outbound.push import Outbound
from fakes.cht.sentinel.sentinel import Sentinel
from fakes.cht.state import State
from fakes.cht.transitions.engine import Transitions
from fakes.clock import Clock, Timer

SCHEDULE_INTERVAL = 300.0
"""Seconds between two runs of sentinel's schedules (cht-core sentinel/src/schedule/index.js)."""
SENDING_INTERVAL = 60.0
"""Seconds between two passes of sending, and of polling (cht-core api/src/services/messaging.js)."""


class Background:
    """Runs passes on timers; `run` runs one now. `session` makes the outgoing calls, never under the lock."""

    def __init__(
        self,
        state: State,
        clock: Clock,
        session: requests.Session,
    ) -> None:
        self._state = state
        self._clock = clock
        self._session = session
        self._timers: list[Timer] = []
        self.warn: Callable[[str], None] = _ignore
        """Called with a sentence where background work failed, or does less than in the real CHT."""
        self._messaging = Messaging(state, self.before_save, self.send_at_once)
        self.jobs = Jobs(clock)
        self._views = ContactViews()
        self._transitions = Transitions(state, self._views, Outbound(state, session), self._warn)
        self._sentinel = Sentinel(state, self._views, session, self.jobs, self._warn)
        self.sending_every = SENDING_INTERVAL
        """Seconds, read at `start` and `resume`. The real server uses 1 if its database is `medic-test`."""
        self._outgoing = self._new_outgoing()
        self._passes: Mapping[str, Callable[[], None]] = {
            "schedules": self._sentinel.run_schedules,
            "outbound": self._sentinel.run_outbound,
            "send": lambda: self._outgoing.send(),
            "poll": lambda: self._outgoing.poll(),
        }

    def start(self) -> None:
        """Start the timers."""
        self._outgoing = self._new_outgoing()
        self._start_timers()

    def stop(self) -> None:
        """End everything: timers, jobs, and what is remembered between passes."""
        self._cancel_timers()
        self._outgoing.stop()
        self.jobs.stop()
        self._views.clear()
        self._transitions.clear()
        self._sentinel.reset()

    def restart(self) -> None:
        """Kill the server process and start it again: its memory is lost, its documents stay.

        Requests under way are not cancelled, but their replies are ignored.
        """
        self.kill()
        self.start()

    def kill(self) -> None:
        """Kill the server's processes, until `start`. Documents can still be saved: the database stays up."""
        self._cancel_timers()
        self._outgoing.stop()
        self._transitions.clear()
        self._sentinel.stop()

    def pause(self) -> None:
        """Stop the timers until `resume`; what has begun goes on."""
        self._cancel_timers()
        self._sentinel.stop()

    def resume(self) -> None:
        """Start the timers again, and process the changes of the meantime."""
        self._cancel_timers()
        self._start_timers()

    def run(self, name: str) -> None:
        """Run one pass now, until it ends or the server process is killed."""
        with suppress(JobStopped):
            self._passes[name]()

    @property
    def supported_transitions(self) -> tuple[str, ...]:
        """The names of the transitions that this fake supports."""
        return self._transitions.supported

    def before_save(self, doc: Doc) -> None:
        """Run the transitions over a new record, before it is saved. Call it without the lock."""
        self._transitions.before_save(doc)

    def send_at_once(self, doc_id: str) -> None:
        """Send the messages of this document without waiting for the next pass."""
        self._outgoing.send_at_once(doc_id)

    def changed(self, doc: Doc) -> None:
        """A document was saved. Called under the lock."""
        self._views.changed(doc)
        self._sentinel.changed(doc)

    def _warn(self, sentence: str) -> None:
        self.warn(sentence)

    def _new_outgoing(self) -> Outgoing:
        return Outgoing(self._state, self._messaging, self._session, self.jobs)

    def _start_timers(self) -> None:
        self._sentinel.start()
        self._every(SCHEDULE_INTERVAL, self._sentinel.on_timer)
        self._every(self.sending_every, lambda: self._outgoing.on_timer())

    def _every(self, seconds: float, action: Callable[[], None]) -> None:
        """Run `action` at this interval, until `_cancel_timers`."""
        timers, slot = self._timers, len(self._timers)

        def run() -> None:
            if timers is self._timers:
                timers[slot] = self._clock.call_later(seconds, run)
                action()

        timers.append(self._clock.call_later(seconds, run))

    def _cancel_timers(self) -> None:
        """Cancel the timers, even one that fires at this moment in another thread."""
        for timer in self._timers:
            timer.cancel()
        self._timers = []


def _ignore(_sentence: str) -> None:
    """The default: ignore the sentence."""
