"""A whole fake RapidPro with imported flows, in virtual time, and an endpoint that its flows call."""

from __future__ import annotations

import json
import random
from typing import Any

import requests

from fakes.clock import VirtualClock
from fakes.rapidpro import RapidPro
from fakes.rapidpro.flows.bundles.reading import read_bundle
from fakes.serving.transport import WSGIAdapter
from fakes.serving.wsgi import build_environ
from tests.fakes.rapidpro.memory_records import T0
from tests.fakes.rapidpro.worlds import AMINA, Relay

TOKEN = "RAPIDPRO-TEST-TOKEN-0000000000000000000000"
URL = "http://relay.test/in"


class Site:
    def __init__(self, *bundles: Any, profile: str = "26", clock: Any = None) -> None:
        self.clock = clock or VirtualClock(T0)
        self.endpoint = Relay()
        session = requests.Session()
        session.trust_env = False
        session.mount("http://relay.test", WSGIAdapter(self.endpoint))
        self.rapidpro = RapidPro(self.clock, profile=profile, session=session, rng=random.Random(1))
        self.imported = [self.rapidpro.mailroom.import_flows(read_bundle(one)) for one in bundles]

    def text(self, text: str, number: str = AMINA) -> dict[str, Any]:
        """A person texts, some seconds after the last text."""
        self.clock.advance(5)
        return self.rapidpro.mailroom.incoming.receive(number, text)

    def said(self, number: str = AMINA) -> list[str]:
        """What RapidPro has sent to the person so far."""
        messages = self.rapidpro.store.all_messages()
        return [one.text for one in messages if (one.direction, one.urn) == ("out", f"tel:{number}")]

    def contact(self, number: str = AMINA) -> Any:
        store = self.rapidpro.store
        return store.contact_by_urn(store.workspaces()[0], f"tel:{number}")

    def bodies(self) -> list[Any]:
        return list(self.endpoint.bodies())

    def sessions(self, number: str = AMINA) -> list[dict[str, Any]]:
        return self.rapidpro.mailroom.sessions.history.sessions_of(self.contact(number))

    def api(self, path: str, body: Any = None) -> Any:
        """A call to the API v2, as the holder of the token."""
        headers = {"Authorization": f"Token {TOKEN}", "Content-Type": "application/json"}
        content = b"" if body is None else json.dumps(body).encode()
        name, _, query = path.partition("?")
        environ = build_environ("GET" if body is None else "POST", f"/api/v2/{name}", query, headers, content)
        reply = self.rapidpro.answer(environ)
        assert reply.status < 300, reply.body
        return json.loads(reply.body)

    def runs(self) -> list[dict[str, Any]]:
        return list(self.api("runs.json")["results"])
