"""Relays that read more into the number of an error, or into an id, than it says."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import Any

import requests

from fakes.serving.wsgi import Environ, Reply, StartResponse, WSGIApp
from relay import Settings
from tests.broken.pieces import Between, Defect, Now, Session, answer, body_of, is_gateway, is_sending
from tests.broken.relays import Broken, caught_by


class AtStatuses(Between):
    """Base of relays that do something wrong at some statuses of an answer."""

    def __init__(self, inner: requests.Session, now: Now, statuses: Collection[int]) -> None:
        super().__init__(inner, now)
        self._statuses = statuses


class DropsTextsAt(AtStatuses):
    """Forgets the texts in a request that CHT answered with one of these statuses."""

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        if is_gateway(url) and response.status_code in self._statuses and body_of(options).get("messages"):
            return answer(response, 200, {"messages": []})
        return response


class SendsAgainAt(AtStatuses):
    """Sends a text again at once when RapidPro's answer has one of these statuses."""

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        if is_sending(method, url) and response.status_code in self._statuses:
            return super().call(method, url, options)
        return response


class SendsAgainAfterSilence(Between):
    """Waits a few seconds for RapidPro's answer, then sends the text again; `looks`: unless it finds it at once."""

    def __init__(self, inner: requests.Session, now: Now, seconds: float, *, looks: bool = False) -> None:
        super().__init__(inner, now)
        self._seconds, self._looks = seconds, looks

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if not is_sending(method, url):
            return super().call(method, url, options)
        try:
            return super().call(method, url, {**options, "timeout": self._seconds})
        except requests.ReadTimeout:
            if self._looks:
                rows = super().call("GET", url, {**options, "data": None, "json": None}).json()["results"]
                if any(row["urns"] == body_of(options)["urns"] for row in rows):
                    raise
            return super().call(method, url, {**options, "timeout": self._seconds})


class AsksAtOnceWithoutRetryAfter(Between):
    """Tries a request ten times at once if a 429 does not say how long to wait."""

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        for _ in range(9):
            if response.status_code != 429 or "Retry-After" in response.headers:
                break
            response = super().call(method, url, options)
        return response


class GivesUpAt(AtStatuses):
    """Takes these statuses of RapidPro for a final refusal of the text."""

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        if is_sending(method, url) and response.status_code in self._statuses:
            return answer(response, 400, {"text": ["nope"]})
        return response


def drops_other_words(app: WSGIApp, _settings: Settings) -> WSGIApp:
    """Takes every text under a known id for a redelivery: it answers 200 and drops it."""
    seen: set[str] = set()

    def dropping(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        environ["wsgi.input"] = io.BytesIO(body)
        with contextlib.suppress(ValueError, AttributeError):
            id_ = json.loads(body).get("id")
            if id_ in seen:
                return Reply(200, (("Content-Type", "application/json"),), b'{"saved":1}').to_wsgi(start_response)
            seen.add(id_)
        return app(environ, start_response)

    return dropping


def at(kind: Callable[..., Between], *statuses: int) -> Session:
    """A session with this defect at these statuses."""
    return partial(kind, statuses=statuses)


def relays_with_errors() -> Mapping[str, Broken]:
    """All of them by name."""
    return {
        "drops other words under a known id": caught_by(Defect(app=drops_other_words), "IN-13"),
        **{
            f"loses a text at a {status} of CHT": caught_by(Defect(at(DropsTextsAt, status)), "OPS-1")
            for status in (400, 404, 413, 502)
        },
        **{
            f"sends again after a {status}": caught_by(Defect(at(SendsAgainAt, status)), id_)
            for status, id_ in {
                413: "OUT-9",
                500: "OUT-9",
                502: "OUT-9",
                504: "OUT-9",
                408: "OUT-16",
                503: "OUT-16",
            }.items()
        },
        **{
            f"sends again after {seconds} s of silence": caught_by(
                Defect(partial(SendsAgainAfterSilence, seconds=seconds)), "OUT-9"
            )
            for seconds in (3, 5, 9, 20)
        },
        "sends again after it has looked once": caught_by(
            Defect(partial(SendsAgainAfterSilence, seconds=9, looks=True)), "OUT-15"
        ),
        "asks at once after a 429 without Retry-After": caught_by(Defect(AsksAtOnceWithoutRetryAfter), "QUOTA-7"),
        **{
            f"gives up at a {status} of RapidPro": caught_by(Defect(at(GivesUpAt, status)), "OUT-10")
            for status in (401, 404, 408, 429, 502)
        },
    }
