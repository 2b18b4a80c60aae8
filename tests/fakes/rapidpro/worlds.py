"""The parts behind the fake RapidPro's API, assembled for tests."""

import json
import random
import threading
from typing import Any, cast

import requests
from flask import Blueprint, Flask

from fakes.clock import VirtualClock
from fakes.rapidpro.control.channel import add_rules
from fakes.rapidpro.courier import channel as channel_settings
from fakes.rapidpro.mailroom.mailroom import Mailroom
from fakes.serving.transport import WSGIAdapter
from fakes.serving.wsgi import read_body
from tests.fakes.rapidpro.memory_records import T0, Broadcast, MemoryRecords

AMINA = "+250788123001"
TEXTS = f"/rapidpro/phones/{AMINA}/texts"
URL = "http://relay.test/api/v2/sms/rapidpro/incoming-messages"


class OutgoingWorld:
    """Outgoing texts: mailroom and courier over a small store, in virtual time."""

    def __init__(self, profile: Any = "26", seed: Any = 1, **channel: Any) -> None:
        self.clock = VirtualClock(T0)
        self.records = cast(Any, MemoryRecords(self.clock))
        self.mailroom = Mailroom(
            self.records, self.clock, random.Random(seed), requests.Session(), threading.RLock(), profile
        )
        self.set_channel(**channel)

    def set_channel(self, **channel: Any) -> None:
        self.mailroom.courier.channel = channel_settings.changed(self.mailroom.courier.channel, channel)

    def broadcast(self, text: Any, *urns: Any, **more: Any) -> Any:
        texts = text if isinstance(text, dict) else {"eng": text}
        broadcast = Broadcast(id=9001, texts=texts, urns=list(urns), **more)
        self.mailroom.broadcast_created(broadcast)
        return broadcast

    def one(self, text: Any = "Muraho", urn: Any = f"tel:{AMINA}", wait: Any = 60) -> Any:
        """The message of a broadcast to one number, after `wait` seconds."""
        self.broadcast(text, urn)
        self.clock.advance(wait)
        return self.records.messages[-1]

    def texts_on(self, urn: Any) -> Any:
        return [entry.text for entry in self.mailroom.phones.texts(urn.removeprefix("tel:"))]


class Relay:
    """The receiver of webhook calls: returns prepared answers and records the requests."""

    def __init__(self) -> None:
        self.answers: list[Any] = []
        self.requests: list[Any] = []
        self.before: Any = lambda: None
        self.headers: list[Any] = []

    def __call__(self, environ: Any, start_response: Any) -> Any:
        self.before()
        headers = {k: v for k, v in environ.items() if k.startswith("HTTP_") or k == "CONTENT_TYPE"}
        self.requests.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], headers, read_body(environ, 10**7)))
        answer = self.answers.pop(0) if self.answers else 200
        if isinstance(answer, Exception):
            raise requests.ConnectionError("refused")
        status, body = answer if isinstance(answer, tuple) else (answer, b'{"saved":1}')
        head = [("Content-Type", "application/json"), ("Content-Length", str(len(body))), *self.headers]
        start_response(f"{status} X", head)
        return [body]

    def bodies(self) -> Any:
        return [json.loads(body) for *_, body in self.requests]


class IncomingWorld:
    """Incoming texts: the same with the control routes, and a relay that the flow calls."""

    def __init__(self, profile: Any = "26", **webhook: Any) -> None:
        self.clock = VirtualClock(T0)
        self.records = cast(Any, MemoryRecords(self.clock))
        self.relay = Relay()
        session = requests.Session()
        session.trust_env = False
        session.mount("http://relay.test", WSGIAdapter(self.relay))
        self.lock = threading.RLock()
        self.mailroom = Mailroom(self.records, self.clock, random.Random(3), session, self.lock, profile)
        app = Flask("control")
        blueprint = Blueprint("rapidpro", "control")
        add_rules(blueprint, self.mailroom)
        app.register_blueprint(blueprint, url_prefix="/rapidpro")
        self.http = app.test_client()
        self.put("webhook", url=URL, token="secret", **webhook)

    def put(self, what: Any, **body: Any) -> Any:
        answer = self.http.put(f"/rapidpro/{what}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def text(self, text: Any = "R JINA 12", **more: Any) -> Any:
        answer = self.http.post(TEXTS, json={"text": text, **more})
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    def phone(self) -> Any:
        return [(one["direction"], one["text"]) for one in self.http.get(TEXTS).get_json()["texts"]]
