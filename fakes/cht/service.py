"""The fake CHT as one service: its state, its public API, its background work."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Any

import requests

from fakes.cht.api.app import Api
from fakes.cht.background import Background
from fakes.cht.messaging.messaging import Messaging
from fakes.cht.releases.table import NEWEST, release_named, switched, switches
from fakes.cht.seed.earlier_requests import send_earlier_requests
from fakes.cht.seed.loader import DEFAULT, Seed, load_seed, read_seed
from fakes.cht.state import State
from fakes.clock import Clock, VirtualClock
from fakes.service import SeedError
from fakes.serving.wsgi import Environ, Reply, ReplyApp

DATABASE_SECONDS = 0.005
"""Duration of the look-up of duplicates; well below that of the real server."""


class Cht(ReplyApp):
    """A fake CHT server. `release` is the name of a row of `fakes/cht/releases/table.py`.

    `session` makes the outgoing calls: CHT's own RapidPro gateway, Africa's Talking, outbound pushes.
    Raises ValueError for an unknown release.
    """

    name = "cht"

    def __init__(self, clock: Clock, *, session: requests.Session, rng: random.Random, release: str = NEWEST) -> None:
        self._release = release_named(release)
        self._clock = clock
        self._rng, self.rng_state = rng, rng.getstate()
        self.state = State(clock, rng, self._release)
        self.background = Background(self.state, clock, session)
        self.messaging = Messaging(self.state, self.background.before_save, self.background.send_at_once)
        self._api = Api(self.state, self.messaging)
        self.background.warn = self.messaging.warn
        self.state.on_change(self.background.changed)
        self._seed: Seed = read_seed(DEFAULT)
        self.reset()

    def answer(self, environ: Environ) -> Reply:
        """The API's answer to a request."""
        return self._api.answer(environ)

    @property
    def on_unexpected(self) -> Callable[[str], None]:
        """Called with a sentence about each unexpected request."""
        return self._api.on_unexpected

    @on_unexpected.setter
    def on_unexpected(self, callback: Callable[[str], None]) -> None:
        self._api.on_unexpected = callback

    def seed(self, given: Mapping[str, Any]) -> None:
        """Start over from the `given` object of a recorded exchange. Raises SeedError; then nothing has changed."""
        seed = read_seed(given)
        if seed.now is not None and not isinstance(self._clock, VirtualClock):
            raise SeedError("`now` needs a virtual clock; this one runs in real time. Start with --clock virtual.")
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        """Start over from the last seed, or from the built-in one. A seed with `now` sets the clock."""
        self.background.stop()
        if self._seed.now is not None and isinstance(self._clock, VirtualClock):
            if self._seed.now >= self._clock.now():
                self._clock.advance_to(self._seed.now)
            else:
                self._clock.reset(self._seed.now)
        self._rng.setstate(self.rng_state)
        self.state.release = self._release
        self._api.reset()
        load_seed(self._seed, self.state)
        self.background.start()
        send_earlier_requests(self._seed.earlier, self)

    def pass_time(self, seconds: float) -> None:
        """Let seconds pass for the job that waits for a reply; for in-process adapters that this CHT calls over.

        Then a slow reply delays only the pass that waits for it, and the next pass may begin meanwhile.
        """
        self.background.jobs.pass_time(seconds)

    def restart(self) -> None:
        """Kill the server process and start it again: documents stay, passes under way write nothing more."""
        self.background.restart()

    def kill(self) -> None:
        """Kill the server's processes, until `start`. Documents can be read and written meanwhile."""
        self.background.kill()

    def start(self) -> None:
        """After `kill`: start the processes again, with nothing but the documents."""
        self.background.start()

    def switch(self, changes: Mapping[str, bool]) -> Mapping[str, bool]:
        """Switch behaviours of the release on or off, by the name of their field, until the next reset. Returns all."""
        with self.state.lock:
            self.state.release = switched(self.state.release, changes)
        return switches(self.state.release)

    def simulate_database_delay(self, sleep: Callable[[float], object]) -> None:
        """For serving over sockets: delay each incoming text a little from now on, as a database does.

        `sleep` lets that many seconds pass. Texts with the same id that arrive at the same time are then all saved, as
        by the real server; without the delay one request would finish before the next is read.
        """
        self.messaging.database_delay = lambda: sleep(DATABASE_SECONDS)

    def metrics(self) -> Mapping[str, float]:
        """Number of documents, and of messages by state."""
        with self.state.lock:
            found: dict[str, float] = {"documents": len(self.state.docs)}
            for state, count in self.state.messages.states().items():
                found[f"messages_{state.replace('-', '_')}"] = count
        return found

    def versions(self) -> Mapping[str, object]:
        """For each part of the state something that is unequal when the part has changed; cheap to ask for."""
        state = self.state
        with state.lock:
            return {
                "docs": (state.docs.sequence, state.starting_up),
                "settings": (state.settings, state.release, tuple(sorted(state.credentials.items()))),
            }

    def secrets(self) -> Mapping[str, str]:
        """Credentials by name, passwords by user."""
        with self.state.lock:
            return {
                **{f"cht:credential {name}": value for name, value in self.state.credentials.items()},
                **{f"cht:password of {name}": user.password for name, user in self.state.users.items()},
            }
