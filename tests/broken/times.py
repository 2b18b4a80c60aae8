"""Relays that remember too long or too short, stop, give up or forget: each with its window of time in seconds."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import requests

from conformance.subjects.in_process import RelayLike, reference
from fakes.serving.wsgi import Environ, Reply, StartResponse, call
from relay import Settings
from tests.broken.pieces import Now, answer, body_of, is_gateway, is_sending, with_body
from tests.broken.relays import Broken, caught_by

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0
SAVED = Reply(200, (("Content-Type", "application/json"),), b'{"saved":1}')


class Timed:
    """A relay behind an app and a session of its own, which know the time. Defects override `take`, `call`, `work`."""

    def __init__(self, settings: Settings, now: Now, session: requests.Session, seconds: float) -> None:
        self.now, self.window, self.session = now, timedelta(seconds=seconds), session
        self.relay: RelayLike = self.build(settings)
        self.begin = now()

    def build(self, settings: Settings) -> RelayLike:
        """The relay inside."""
        session: Any = self
        return reference(settings, self.now, session)

    def request(self, method: str, url: str, **options: Any) -> requests.Response:
        """What the relay inside calls."""
        return self.call(method, url, options)

    def app(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        with suppress(ValueError, AttributeError):
            if not self.take(json.loads(body), environ):
                return SAVED.to_wsgi(start_response)
        environ["wsgi.input"] = io.BytesIO(body)
        return self.relay.app(environ, start_response)

    def take(self, text: dict[str, Any], environ: Environ) -> bool:  # noqa: ARG002 - for defects
        """Whether the relay inside gets an incoming text."""
        return True

    def hand_over(self, text: dict[str, Any], environ: Environ) -> None:
        """Give the relay inside a text, later than it came."""
        body = json.dumps(text).encode()
        call(self.relay.app, {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))})

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        """A call of the relay inside."""
        return self.session.request(method, url, **options)

    def work(self, now: datetime) -> datetime:
        return self.relay.work(now)

    def close(self) -> None:
        self.relay.close()


class DropsEqualTextsIn(Timed):
    """Takes a text for a redelivery if the same phone has sent the same words within the window."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._seen: dict[tuple[str, str], tuple[str, datetime]] = {}

    def take(self, text: dict[str, Any], environ: Environ) -> bool:  # noqa: ARG002
        key = (text.get("from", ""), text.get("content", ""))
        id_, at = self._seen.get(key, (text.get("id"), self.now()))
        self._seen[key] = (text.get("id", ""), self.now())
        return id_ == text.get("id") or self.now() - at > self.window


class DropsEqualTextsOut(Timed):
    """Sends the same words to the same phone only once within the window."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._sent: dict[str, tuple[datetime, requests.Response, Any]] = {}

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if not is_sending(method, url):
            return super().call(method, url, options)
        key = json.dumps(body_of(options), sort_keys=True)
        at, earlier, body = self._sent.get(key, (None, None, None))
        if at is not None and earlier is not None and self.now() - at < self.window:
            return answer(earlier, body=body)
        response = super().call(method, url, options)
        if not response.ok:
            return response
        self._sent[key] = (self.now(), response, response.json())
        return answer(response, body=response.json())


class RepeatsTextsIn(Timed):
    """Hands a text over again, under another id, when it is as old as the window."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._taken: list[tuple[datetime, dict[str, Any], Environ]] = []

    def take(self, text: dict[str, Any], environ: Environ) -> bool:
        self._taken.append((self.now(), {**text, "id": f"{text['id']}-again"}, dict(environ)))
        return True

    def work(self, now: datetime) -> datetime:
        while self._taken and self.now() - self._taken[0][0] >= self.window:
            self.hand_over(*self._taken.pop(0)[1:])
        return super().work(now)


class HandsOverLate(RepeatsTextsIn):
    """Answers at once, and hands a text over when it is as old as the window."""

    def take(self, text: dict[str, Any], environ: Environ) -> bool:
        return not super().take(text, environ)


class RepeatsTextsOut(Timed):
    """Sends a text again when it is as old as the window."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._sent: list[tuple[datetime, str, str, dict[str, Any]]] = []

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if is_sending(method, url):
            self._sent.append((self.now(), method, url, options))
        return super().call(method, url, options)

    def work(self, now: datetime) -> datetime:
        while self._sent and self.now() - self._sent[0][0] >= self.window:
            super().call(*self._sent.pop(0)[1:])
        return super().work(now)


class StopsWorking(Timed):
    """Does nothing more when it has run for as long as the window."""

    def work(self, now: datetime) -> datetime:
        return super().work(now) if self.now() - self.begin < self.window else now + timedelta(hours=1)


class GivesUpTextsIn(Timed):
    """Forgets a text that CHT does not take when it is as old as the window."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._taken: dict[str, datetime] = {}

    def take(self, text: dict[str, Any], environ: Environ) -> bool:
        self._taken.setdefault(str(text.get("id")), self.now())
        return super().take(text, environ)

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        texts = body_of(options).get("messages") if is_gateway(url) else None
        if texts and not response.ok and all(self.now() - self._taken[one["id"]] > self.window for one in texts):
            return answer(response, 200, {"messages": []})
        return response


class GivesUpTextsOut(Timed):
    """Tells CHT that a text has failed that it could not send for as long as the window."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._waiting: dict[str, tuple[datetime, str]] = {}
        self._given_up: set[str] = set()

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if is_gateway(url):
            return self._with_failures(method, url, options)
        if not is_sending(method, url):
            return super().call(method, url, options)
        (urn,) = body_of(options)["urns"]
        if urn in self._given_up:
            return answer(super().call("GET", url, options), 400, {"text": ["too late"]})
        response = super().call(method, url, options)
        if response.ok:
            self._waiting = {id_: one for id_, one in self._waiting.items() if f"tel:{one[1]}" != urn}
        return response

    def _with_failures(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        late = [id_ for id_, (at, _) in self._waiting.items() if self.now() - at > self.window]
        self._given_up |= {f"tel:{self._waiting[id_][1]}" for id_ in late}
        body = body_of(options)
        updates = [*(body.get("updates") or []), *({"id": id_, "status": "FAILED", "reason": "late"} for id_ in late)]
        response = super().call(method, url, with_body(options, {**body, "updates": updates}) if late else options)
        messages = response.json().get("messages", []) if response.ok else []
        for one in messages:
            self._waiting.setdefault(one["id"], (self.now(), one["to"]))
        return answer(response, body={"messages": messages}) if response.ok else response


class SaysDeliveredLater(Timed):
    """Tells CHT that a text is delivered when nothing was heard of it for as long as the window."""

    state = "DELIVERED"

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._open: dict[str, datetime] = {}

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if not is_gateway(url):
            return super().call(method, url, options)
        body = body_of(options)
        updates = list(body.get("updates") or [])
        for one in updates:
            if one["status"] in ("PENDING", "SENT"):
                self._open.setdefault(one["id"], self.now())
            else:
                self._open.pop(one["id"], None)
        late = [id_ for id_, at in self._open.items() if self.now() - at > self.window]
        for id_ in late:
            del self._open[id_]
            updates.append({"id": id_, "status": self.state, "reason": "nothing was heard of it"})
        return super().call(method, url, with_body(options, {**body, "updates": updates}) if late else options)


class SaysFailedLater(SaysDeliveredLater):
    """Tells CHT that a text has failed when nothing was heard of it for as long as the window."""

    state = "FAILED"


class BeginsAnew(Timed):
    """Begins with an empty database if it has not run for longer than the window."""

    def build(self, settings: Settings) -> RelayLike:
        database = Path(settings.database.removeprefix("sqlite:///"))
        self._last = database.with_name("last")
        if self._last.exists() and self.now() - datetime.fromisoformat(self._last.read_text()) > self.window:
            for path in database.parent.glob(f"{database.name}*"):
                path.unlink()
        self._last.write_text(self.now().isoformat())
        return super().build(settings)

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        self._last.write_text(self.now().isoformat())
        return super().call(method, url, options)


WINDOWS: Mapping[str, tuple[type[Timed], tuple[float, ...], tuple[str, ...]]] = {
    "drops equal texts in": (DropsEqualTextsIn, (MINUTE, 10 * MINUTE, 1700), ("IN-8",)),
    "drops equal texts out": (DropsEqualTextsOut, (MINUTE, 10 * MINUTE, 1700), ("OUT-1",)),
    "repeats a text in": (RepeatsTextsIn, (2 * DAY, 31 * DAY), ("IN-1",)),
    "repeats a text out": (RepeatsTextsOut, (2 * DAY, 31 * DAY), ("OUT-1",)),
    "stops working": (StopsWorking, (7 * HOUR, 25 * HOUR), ("IN-1", "IN-8")),
    "gives up a text in": (GivesUpTextsIn, (HOUR, 12 * HOUR), ("IN-6",)),
    "gives up a text out": (GivesUpTextsOut, (HOUR, 6 * HOUR), ("OUT-10",)),
    "hands a text over late": (HandsOverLate, (HOUR,), ("IN-14",)),
    "says delivered without a report": (SaysDeliveredLater, (HOUR, DAY), ("STATE-9",)),
    "says failed without a report": (SaysFailedLater, (HOUR, DAY), ("STATE-9",)),
    "begins anew when it did not run": (BeginsAnew, (HOUR, 2 * DAY), ("CRASH-3",)),
}
"""What each does, the windows that people have seen, and the requirements that catch it."""


def with_window(kind: type[Timed], seconds: float) -> Any:
    """A relay with this defect and this window."""

    def build(settings: Settings, now: Now, session: requests.Session) -> RelayLike:
        return kind(settings, now, session, seconds)

    return build


def relays_with_windows() -> Mapping[str, Broken]:
    """All of them by name."""
    return {
        f"{name} ({seconds:g} s)": caught_by(with_window(kind, seconds), *ids)
        for name, (kind, windows, ids) in WINDOWS.items()
        for seconds in windows
    }
