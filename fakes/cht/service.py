"""The fake CHT as one service: its memory, its public API, its background work."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import requests

from fakes.cht.api.app import Api
from fakes.cht.background import Background
from fakes.cht.messaging.messaging import Messaging
from fakes.cht.seed.earlier_requests import send_earlier_requests
from fakes.cht.seed.loader import DEFAULT, Seed, load_seed, read_seed
from fakes.cht.state import State
from fakes.clock import Clock, VirtualClock
from fakes.service import SeedError
from fakes.serving.wsgi import Environ, StartResponse

RELEASES = ("5.2", "3.11")
DATABASE_SECONDS = 0.005
"""How long looking for duplicates takes; well below what the real server takes."""


class Cht:
    """A fake CHT server. `release` is the release whose background work it does: `5.2` or `3.11`.

    `session` is used for calls out: CHT's own RapidPro gateway, Africa's Talking, outbound pushes.
    Raises ValueError for an unknown release.
    """

    name = "cht"

    def __init__(self, clock: Clock, *, session: requests.Session, rng: random.Random, release: str = "5.2") -> None:
        if release not in RELEASES:
            raise ValueError(f"release: expected one of {', '.join(RELEASES)}, got {release!r}")
        self._clock = clock
        self._rng, self.chance = rng, rng.getstate()
        self.state = State(clock, rng, release)
        self.background = Background(self.state, clock, session, rng, self.state.lock, release)
        self.messaging = Messaging(self.state, self.background.before_save, self.background.send_at_once)
        self._api = Api(self.state, self.messaging)
        self.background.warn = self.messaging.warn
        self.state.on_change(self.background.changed)
        self._seed: Seed = read_seed(DEFAULT)
        self.reset()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        return self._api(environ, start_response)

    @property
    def unexpected(self) -> Callable[[str], None]:
        """Called with a sentence when a request is one that nobody expects."""
        return self._api.unexpected

    @unexpected.setter
    def unexpected(self, warn: Callable[[str], None]) -> None:
        self._api.unexpected = warn

    def seed(self, given: Mapping[str, Any]) -> None:
        """Begin anew from the `given` object of a recorded exchange. Raises SeedError; then nothing has changed."""
        seed = read_seed(given)
        if seed.now is not None and not isinstance(self._clock, VirtualClock):
            raise SeedError("`now` needs a clock that can be set; this one runs by itself. Start with --clock virtual.")
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        """Begin anew from the last seed, or from the built-in one. A seed with `now` sets the clock."""
        self.background.stop()
        if self._seed.now is not None and isinstance(self._clock, VirtualClock):
            if self._seed.now >= self._clock.now():
                self._clock.advance_to(self._seed.now)
            else:
                self._clock.reset(self._seed.now)
        self._rng.setstate(self.chance)
        self._api.reset()
        load_seed(self._seed, self.state)
        self.background.start()
        send_earlier_requests(self._seed.earlier, self)

    def pass_time(self, seconds: float) -> None:
        """Let seconds pass for whoever waits for an answer: give this to in-process adapters over which this CHT calls.

        Then a slow answer holds up only the pass that waits for it, and the next pass may begin meanwhile.
        """
        self.background.jobs.pass_time(seconds)

    def restart(self) -> None:
        """The server process is killed and started again: its documents stay, passes under way write nothing."""
        self.background.restart()

    def kill(self) -> None:
        """The server's processes are killed; `start` starts them again. Its documents can be reached meanwhile."""
        self.background.kill()

    def start(self) -> None:
        """After `kill`: the processes run again, and know no more than what their documents say."""
        self.background.start()

    def simulate_database_delay(self, wait: Callable[[float], object]) -> None:
        """For whoever serves this on sockets: from now on an incoming text takes a moment, as a database does.

        `wait` lets so many seconds pass. Texts with one id that arrive at the same time are then all saved, as they are
        by the real server; without the moment one request would be done before the next is read.
        """
        self.messaging.pause = lambda: wait(DATABASE_SECONDS)

    def metrics(self) -> Mapping[str, float]:
        """Documents, and messages by state."""
        with self.state.lock:
            found: dict[str, float] = {"documents": len(self.state.docs)}
            for state, count in self.state.messages.states().items():
                found[f"messages_{state.replace('-', '_')}"] = count
        return found

    def secrets(self) -> Mapping[str, str]:
        """Credentials by name, passwords by user."""
        with self.state.lock:
            return {
                **{f"cht:credential {name}": value for name, value in self.state.credentials.items()},
                **{f"cht:password of {name}": user.password for name, user in self.state.users.items()},
            }
