"""Minimal CHT and RapidPro for the relay's own unit tests, written from their documentation.

They share no code with `fakes`, so that a misreading there cannot hide one in the relay.
"""

from __future__ import annotations

import io
import itertools
import json
import shutil
import threading
import time
import weakref
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from urllib3 import HTTPResponse
from urllib3.exceptions import MaxRetryError, NewConnectionError

from conformance.subjects.in_process import quick_folder
from relay import Relay, Settings
from relay.http_client import Calls, Http, steady

START = datetime(2026, 3, 4, 8, 0, tzinfo=UTC)
TOKEN = "what-rapidpro-presents"
AMINA, ZAWADI = "+250788123001", "+250788123002"


class Killed(BaseException):
    """The relay's process is killed here."""


def reply(status: int, body: Any = None, **headers: str) -> requests.Response:
    """A response as `requests` returns it. A body that is not a string becomes JSON."""
    data = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    response = requests.Response()
    response.status_code = status
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    response.raw = HTTPResponse(io.BytesIO(data), status=status, preload_content=False)
    return response


def connection_refused() -> requests.ConnectionError:
    """Nothing listens on the port: the request was certainly not sent."""
    pool: Any = None
    return requests.ConnectionError(MaxRetryError(pool, "/", NewConnectionError(pool, "refused")))


class World:
    """Both neighbours, a clock that only the test moves, and the `request` method of a session."""

    def __init__(self) -> None:
        self.now = START
        self.calls: list[tuple[datetime, str, str, Any]] = []
        self.waiting: list[dict[str, str]] = []
        self.statuses: dict[str, list[str]] = {}
        self.reasons: dict[str, str] = {}
        self.stored: list[dict[str, str]] = []
        self.broadcasts: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.faults: list[Callable[[str, str, Any, Callable[[], requests.Response]], Any]] = []
        self.dated = False
        """Whether responses have a Date header, as those of real servers do."""
        self.rapidpro_ahead = timedelta()
        """What RapidPro's clock is ahead."""
        self._ids = itertools.count(9001)
        self.folder = quick_folder()
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    # --- the session

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        response = self._respond(method, url, **options)
        if self.dated:
            response.headers["Date"] = format_datetime(self.now + self.rapidpro_ahead, usegmt=True)
        return response

    def _respond(self, method: str, url: str, **options: Any) -> requests.Response:
        assert options["timeout"] == (5, 20)
        assert options["allow_redirects"] is False
        path = urlsplit(url).path
        body = json.loads(options["data"]) if options.get("data") else None
        query = options.get("params") or {k: v[0] for k, v in parse_qs(urlsplit(url).query).items()}
        self.calls.append((self.now, method, path, body or query))

        def act() -> requests.Response:
            if path == "/api/sms":
                return self._exchange(body)
            if path == "/api/v2/broadcasts.json":
                return self._broadcast(body) if method == "POST" else self._page(url, self.broadcasts, query)
            rows = [m for m in self.messages if query.get("broadcast") in {None, str(m.get("broadcast"))}]
            return self._page(url, rows, query)

        for fault in self.faults:
            result = fault(method, path, body, act)
            if isinstance(result, BaseException):
                raise result
            if isinstance(result, requests.Response):
                return result
        return act()

    def _exchange(self, body: Any) -> requests.Response:
        for message in body.get("messages", []):
            if message["id"] not in {m["id"] for m in self.stored}:
                self.stored.append(message)
        for update in body.get("updates", []):
            self.statuses.setdefault(update["id"], []).append(update["status"])
            self.reasons[update["id"]] = update.get("reason", "")
            self.waiting = [m for m in self.waiting if m["id"] != update["id"]]
        return reply(200, {"messages": self.waiting[:25]})

    def _broadcast(self, body: Any) -> requests.Response:
        text = body["text"].strip()
        if len(text) > 640:
            return reply(400, {"text": {"eng": ["Ensure this field has no more than 640 characters."]}})
        if len(body["urns"][0]) < 12:
            return reply(400, {"urns": {"0": ["Invalid URN: tel:1. Ensure phone numbers contain country codes."]}})
        number = next(self._ids)
        row = {
            "id": number,
            "urns": body["urns"],
            "text": {"eng": text},
            "status": "pending",
            "created_on": self.iso_now(),
        }
        self.broadcasts.insert(0, row)
        message = {
            "id": number + 1000,
            "broadcast": number,
            "urn": body["urns"][0],
            "text": text.replace("@@", "@"),
            "direction": "out",
            "status": "queued",
            "channel": {"name": "SMS"},
            "created_on": self.iso_now(),
        }
        self.messages.insert(0, message)
        return reply(201, row)

    def _page(self, url: str, rows: list[dict[str, Any]], query: dict[str, str]) -> requests.Response:
        after, before = query.get("after", ""), query.get("before", "9")
        rows = [row for row in rows if after <= row["created_on"] <= before]
        first = int(query.get("cursor", "0"))
        more = None
        if len(rows) > first + 250:
            more = f"{url.split('?')[0]}?after={after}&before={before}&cursor={first + 250}"
        return reply(200, {"next": more, "previous": None, "results": rows[first : first + 250]})

    # --- what tests set and read

    def iso_now(self) -> str:
        return (self.now + self.rapidpro_ahead).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def add_texts(self, *texts: str, to: str = AMINA) -> None:
        """Texts wait in CHT to be sent; the id of each is its content."""
        self.waiting += [{"id": text[:40], "to": to, "content": text} for text in texts]

    def set_status(self, text: str, status: str) -> None:
        """Set the status of all RapidPro's messages with this text."""
        for message in self.messages:
            if message["text"] == text:
                message["status"] = status

    def sent(self) -> list[str]:
        """The texts of RapidPro's broadcasts, oldest first."""
        return [row["text"]["eng"] for row in reversed(self.broadcasts)]

    def send_times(self) -> list[datetime]:
        return [time for time, method, path, _ in self.calls if (method, path) == ("POST", "/api/v2/broadcasts.json")]

    def count_calls(self, prefix: str) -> int:
        """The number of calls to paths with this prefix."""
        return sum(path.startswith(prefix) for _, _, path, _ in self.calls)

    def run(self, relay: Relay, seconds: float) -> datetime:
        """Advance the clock; the relay works whenever it is due."""
        end = self.now + timedelta(seconds=seconds)
        for _ in range(50_000):
            due = relay.work(self.now)
            if due <= self.now:
                continue
            if due > end:
                self.now = end
                return due
            self.now = due
        raise AssertionError("the relay is always due")


def http(session: Any, now: Callable[[], float] = lambda: 0.0, confirm: Callable[[], float] = steady) -> Http:
    """What makes calls to one neighbour."""
    return Http(session, "cht", now, confirm, Calls())


def settings(**values: Any) -> Settings:
    """Settings for these neighbours."""
    defaults: dict[str, Any] = {
        "cht_url": "http://cht.test",
        "cht_user": "gateway",
        "cht_password": "gateway-pass",
        "rapidpro_url": "http://rapidpro.test",
        "rapidpro_token": "rapidpro-token",
        "incoming_token": TOKEN,
        **values,
    }
    return Settings(**defaults)


def make_relay(world: World, **values: Any) -> Relay:
    """A relay between these neighbours."""
    database = f"sqlite:///{world.folder}/relay.db"
    return Relay(settings(**{"database": database, **values}), now=lambda: world.now, session=world)


def post_text(relay: Relay, **body: Any) -> Any:
    """The response to RapidPro's webhook."""
    message = {"id": "run-1", "from": AMINA, "content": "G TEMP 38", **body}
    return relay.app.test_client().post(
        "/api/v2/sms/rapidpro/incoming-messages", json=message, headers={"Authorization": f"Token {TOKEN}"}
    )


def wait_for(condition: Callable[[], Any], seconds: float = 30) -> None:
    """Wait in real time until what other processes or threads do has made it true. AssertionError if they do not."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.005)


def fault_on(method: str, path: str, *answers: Any) -> Callable[..., Any]:
    """A fault: the next such calls get these answers, in order. A callable gets `act`, which it may call."""
    left = list(answers)

    def fault(called_method: str, called_path: str, body: Any, act: Callable[[], requests.Response]) -> Any:  # noqa: ARG001
        if left and called_method == method and called_path.startswith(path):
            answer = left.pop(0)
            return answer(act) if callable(answer) else answer
        return None

    return fault


def lose_response(act: Callable[[], requests.Response]) -> requests.ConnectionError:
    """The neighbour acts, but its response is lost."""
    act()
    return requests.ConnectionError("Connection aborted.")
