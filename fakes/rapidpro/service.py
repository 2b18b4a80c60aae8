"""The fake RapidPro as a whole: its API and what is behind it."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fakes.clock import Clock
from fakes.rapidpro.api.app import Api
from fakes.rapidpro.api.http.context import Context
from fakes.rapidpro.api.http.throttle import Throttle, Usage
from fakes.rapidpro.flows.bundles.importing import Importer
from fakes.rapidpro.flows.bundles.library import Library
from fakes.rapidpro.flows.bundles.reading import BadBundle, Bundle, read_bundle
from fakes.rapidpro.flows.running.sender import HttpSession
from fakes.rapidpro.mailroom.mailroom import Mailroom
from fakes.rapidpro.seed.default import default_seed
from fakes.rapidpro.seed.loader import load_seed
from fakes.rapidpro.store.rows import Token
from fakes.rapidpro.store.store import Store
from fakes.rapidpro.uuids import uuid4
from fakes.rapidpro.versions.profiles import DEFAULT, PROFILES, version_of
from fakes.service import SeedError
from fakes.serving.wsgi import Environ, Reply, ReplyApp


class RapidPro(ReplyApp):
    """One RapidPro site of the version `profile` (see `profiles`).

    `session` makes the webhook calls of flows. Raises ValueError for an unknown profile.
    """

    name = "rapidpro"

    def __init__(self, clock: Clock, *, profile: str = DEFAULT, session: HttpSession, rng: random.Random) -> None:
        self.profile = version_of(PROFILES, profile)
        self.lock = threading.RLock()
        self.engine = "working"
        self._clock = clock
        self._rng, self.rng_state = rng, rng.getstate()
        self.store = Store(self._new_uuid, clock.now())
        self.mailroom = Mailroom(self.store, clock, rng, session, self.lock, profile)
        self.throttle = Throttle(clock, self.profile.rates)
        self._context = Context(self.store, self.profile, clock, self.mailroom, lambda: self.engine)
        self._api = Api(self._context, self.throttle, self.lock)
        self._seed: Mapping[str, Any] = default_seed(clock.now())
        self._seeded: list[Bundle] = []
        self._bundles: list[Bundle] = []
        self.reset()

    def answer(self, environ: Environ) -> Reply:
        """The API's answer to a request."""
        return self._api.answer(environ)

    @property
    def on_unexpected(self) -> Callable[[str], None]:
        """Called with a sentence when a request has an unknown path."""
        return self._api.on_unexpected

    @on_unexpected.setter
    def on_unexpected(self, note: Callable[[str], None]) -> None:
        self._api.on_unexpected = note

    def seed(self, seed: Mapping[str, Any]) -> None:
        """Start over from a seed: workspaces, users, tokens and so on. Raises SeedError, and then changes nothing."""
        if not isinstance(seed, Mapping):
            raise SeedError(f"a seed of RapidPro is an object, got {type(seed).__name__}")
        try:
            bundles = [read_bundle(one) for one in seed.get("bundles") or ()]
            store = self._loaded(seed, bundles)
        except BadBundle as problem:
            raise SeedError(f"bundles: {problem}") from None
        with self.lock:
            self._seed, self._seeded = seed, bundles
            self._start_over(store)

    def add_bundle(self, content: Any) -> dict[str, Any]:
        """Import a bundle of flows, now and after each reset. Returns what was imported; raises BadBundle."""
        bundle = read_bundle(content)
        with self.lock:
            found = self.mailroom.import_flows(bundle)
            self._bundles.append(bundle)
        return found

    def reset(self) -> None:
        """Start over from the last seed, or from the built-in one."""
        with self.lock:
            self._start_over(self._loaded(self._seed))

    def _loaded(self, seed: Mapping[str, Any], bundles: Sequence[Bundle] = ()) -> Store:
        """The store of a seed. The bundles are imported on trial: BadBundle before anything changes."""
        store = Store(self._new_uuid, self._clock.now())
        load_seed(seed, store)
        library = Library(self.mailroom.library.rules)
        for bundle in bundles:
            Importer(store, library, next(iter(store.workspaces())), self._clock.now()).run(bundle)
        return store

    def _start_over(self, store: Store) -> None:
        self._rng.setstate(self.rng_state)
        self.engine = "working"
        self.store.replace_with(store)
        self.mailroom.reset()
        self.throttle.reset()
        self.throttle.set_rates(self.profile.rates)
        for bundle in (*self._seeded, *self._bundles):
            self.mailroom.import_flows(bundle)

    def set_rates(self, rates: Mapping[str, str]) -> None:
        """Change the rates of some scopes. Raises ValueError for an unknown scope or an invalid rate."""
        known = self.profile.rates.keys() | {"v2.broadcasts"}
        unknown = [scope for scope in rates if scope not in known]
        if unknown:
            raise ValueError(f"unknown scope {unknown[0]!r}: expected one of {', '.join(sorted(known))}")
        with self.lock:
            self.throttle.set_rates({**self.throttle.rates, **rates})

    def quotas(self) -> list[tuple[Token, str, str, Usage]]:
        """The use of each scope by each token: token, scope, whose quota it is, and how much is used."""
        with self.lock:
            return [
                (token, scope, key, self.throttle.usage(scope, key, self._api.rate_overrides(token)))
                for token in self.store.tokens.values()
                for key in (self._api.quota_key(token),)
                for scope in self.throttle.rates
            ]

    def exhaust_quota(self) -> None:
        """Exhaust every workspace's quota in every scope now."""
        with self.lock:
            tokens = self.store.tokens.values()
            self.throttle.exhaust({self._api.quota_key(one): self._api.rate_overrides(one) for one in tokens})

    def metrics(self) -> Mapping[str, float]:
        """Numbers of rows, and of what waits behind the API."""
        with self.lock:
            return {
                "broadcasts": len(self.store.broadcast_by_id),
                "messages": len(self.store.message_by_id),
                "contacts": len(self.store.contacts),
                **self.mailroom.metrics(),
            }

    def versions(self) -> Mapping[str, object]:
        """For each part of the state something that is unequal when the part has changed; cheap to ask for."""
        store, mailroom = self.store, self.mailroom
        library, webhook = mailroom.library, mailroom.incoming.webhook
        with self.lock:
            return {
                "phones": (mailroom.phones.changes, store.contact_indexes.changes),
                "messages": store.folders.changes,
                "sessions": store.run_indexes.changes,
                "flows": (library.changes, len(store.flows), library.triggers, webhook),
                "rates": self.throttle.version(),
                "channel": (mailroom.channel, len(store.channels), self.engine),
            }

    def secrets(self) -> Mapping[str, str]:
        """The tokens' keys by name, and their former keys."""
        with self.lock:
            now = {f"rapidpro:{token.name}": token.key for token in self.store.tokens.values()}
            before = {f"rapidpro:{name}, before {n}": key for n, (name, key) in enumerate(self.store.former_keys, 1)}
            return {**before, **now}

    def _new_uuid(self) -> str:
        return uuid4(self._rng)
