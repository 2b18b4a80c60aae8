"""The broken relays, each with the requirements that must catch it."""

from __future__ import annotations

import contextlib
import io
import itertools
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import requests

from conformance.subjects.in_process import Build, RelayLike, reference
from fakes.serving.wsgi import Environ, Reply, StartResponse, WSGIApp, call
from relay import Settings
from tests.broken.pieces import (
    Between,
    Defect,
    Now,
    answer,
    body_of,
    changing,
    is_gateway,
    is_lookup,
    is_sending,
    with_body,
)


def accepts_any_token(app: WSGIApp, settings: Settings) -> WSGIApp:
    def lax(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("HTTP_AUTHORIZATION", "").startswith("Token "):
            environ["HTTP_AUTHORIZATION"] = f"Token {settings.incoming_token}"
        return app(environ, start_response)

    return lax


def requires_no_token(app: WSGIApp, settings: Settings) -> WSGIApp:
    def lax(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        environ["HTTP_AUTHORIZATION"] = f"Token {settings.incoming_token}"
        return app(environ, start_response)

    return lax


def never_refuses(app: WSGIApp, _settings: Settings) -> WSGIApp:
    def polite(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        reply = call(app, environ)
        if reply.status == 400:
            reply = Reply(200, (("Content-Type", "application/json"),), b'{"saved":1}')
        return reply.to_wsgi(start_response)

    return polite


def refuses_without_reason(app: WSGIApp, _settings: Settings) -> WSGIApp:
    def curt(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        reply = call(app, environ)
        return (reply if reply.status < 400 else Reply(reply.status, (), b"no")).to_wsgi(start_response)

    return curt


def drops_plain_text(app: WSGIApp, _settings: Settings) -> WSGIApp:
    def careless(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("CONTENT_TYPE", "").startswith("text/plain"):
            return Reply(200, (("Content-Type", "application/json"),), b'{"saved":1}').to_wsgi(start_response)
        return app(environ, start_response)

    return careless


def change_body(environ: Environ, change: Any) -> None:
    body = environ["wsgi.input"].read()
    with contextlib.suppress(ValueError, AttributeError):
        body = json.dumps(change(json.loads(body))).encode()
    environ["wsgi.input"], environ["CONTENT_LENGTH"] = io.BytesIO(body), str(len(body))


def new_ids() -> Any:
    numbers = itertools.count()
    return changing(lambda env: change_body(env, lambda body: {**body, "id": f"{body['id']}-{next(numbers)}"}))


def lower_case(environ: Environ) -> None:
    change_body(environ, lambda body: {**body, "content": body["content"].lower()})


class ResendsWithoutStatus(Between):
    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        if is_sending(method, url) and response.ok and not {"id", "status"} <= set(response.json()):
            return super().call(method, url, options)
        return response


class ResendsLostAnswers(Between):
    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        try:
            return super().call(method, url, options)
        except requests.RequestException:
            if not is_sending(method, url):
                raise
            return super().call(method, url, options)


class IgnoresRetryAfter(Between):
    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        return answer(response, 503) if response.status_code == 429 else response


class StopsAt25(Between):
    """Accepts only 25 texts an hour from CHT."""

    def __init__(self, inner: requests.Session, now: Now) -> None:
        super().__init__(inner, now)
        self._seen: dict[str, datetime] = {}

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        if not is_gateway(url) or not response.ok or "json" not in response.headers.get("Content-Type", ""):
            return response
        hour = self.now() - timedelta(hours=1)
        kept = []
        for message in response.json().get("messages", []):
            recent = sum(at > hour for at in self._seen.values())
            if message["id"] in self._seen or recent < 25:
                self._seen.setdefault(message["id"], self.now())
                kept.append(message)
        return answer(response, body={"messages": kept})


class LetsRapidProEvaluate(Between):
    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if is_sending(method, url):
            body = body_of(options)
            text = body["text"]
            plain = (
                {k: v.replace("@@", "@") for k, v in text.items()}
                if isinstance(text, dict)
                else text.replace("@@", "@")
            )
            options = with_body(options, {**body, "text": plain})
        return super().call(method, url, options)


class NeverReportsStates(Between):
    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if is_gateway(url):
            body = body_of(options)
            unsent = [update for update in body.get("updates") or [] if update["status"] == "UNSENT"]
            options = with_body(options, {**body, "updates": unsent})
        return super().call(method, url, options)


class SaysDeliveredWithoutAsking(Between):
    """Tells CHT that a text is delivered once RapidPro has accepted it, and never looks a message up."""

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if is_lookup(url):
            raise requests.ConnectTimeout
        if is_gateway(url):
            body = body_of(options)
            updates = [{**one, "status": "DELIVERED", "reason": None} for one in body.get("updates") or []]
            options = with_body(options, {**body, "updates": updates})
        return super().call(method, url, options)


class GivesReason(Between):
    """Gives the same reason for each failure; with None, no reason at all."""

    def __init__(self, reason: str | None, inner: requests.Session, now: Now) -> None:
        super().__init__(inner, now)
        self._reason = reason

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if is_gateway(url):
            body = body_of(options)
            updates = [
                {**one, "reason": self._reason} if one["status"] == "FAILED" else one
                for one in body.get("updates") or []
            ]
            options = with_body(options, {**body, "updates": updates})
        return super().call(method, url, options)


class NeverReportsDelivered(Between):
    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if is_gateway(url):
            body = body_of(options)
            sent = [{**one, "status": one["status"].replace("DELIVERED", "SENT")} for one in body.get("updates") or []]
            options = with_body(options, {**body, "updates": sent})
        return super().call(method, url, options)


class GoesBackwards(Between):
    """Reports `sent` again after `delivered`."""

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        if is_gateway(url) and response.ok:
            delivered = [u for u in body_of(options).get("updates") or [] if u["status"] == "DELIVERED"]
            if delivered:
                late = [{**update, "status": "SENT"} for update in delivered]
                super().call(method, url, with_body(options, {"updates": late}))
                super().call(method, url, with_body(options, {"updates": delivered}))
        return response


class RetriesForever(Between):
    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        return answer(response, 503) if is_sending(method, url) and response.status_code == 400 else response


class StopsAtARefusal(Between):
    """Sends nothing more after a text was refused."""

    def __init__(self, inner: requests.Session, now: Now) -> None:
        super().__init__(inner, now)
        self._refused = False

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if not is_sending(method, url):
            return super().call(method, url, options)
        if self._refused:
            raise requests.ConnectTimeout
        response = super().call(method, url, options)
        self._refused = response.status_code == 400
        return response


class GivesUpAtOnce(Between):
    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        if is_sending(method, url) and response.status_code >= 500:
            return answer(response, 400, {"text": ["nope"]})
        return response


class LooksUpTooOften(Between):
    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if is_lookup(url):
            for _ in range(60):
                super().call(method, url, options)
        return super().call(method, url, options)


class TakesWebPagesForAcceptance(Between):
    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        if is_sending(method, url) and "html" in response.headers.get("Content-Type", ""):
            return answer(response, 201, {"id": 987654321, "status": "queued"})
        return response


class ForgetsWhatChtDidNotAccept(Between):
    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        try:
            response = super().call(method, url, options)
        except requests.RequestException:
            if not is_gateway(url):
                raise
            empty = requests.Response()
            empty.request = requests.Request(method, url).prepare()
            return answer(empty, 200, {"messages": []})
        return answer(response, 200, {"messages": []}) if is_gateway(url) and response.status_code >= 500 else response


class TakesWaitingPageForSuccess(Between):
    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        if is_gateway(url) and response.status_code == 200 and "html" in response.headers.get("Content-Type", ""):
            return answer(response, 200, {"messages": []})
        return response


class TakesReadForQueued(Between):
    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        if is_lookup(url) and response.ok and "json" in response.headers.get("Content-Type", ""):
            body = response.json()
            rows = [{**row, "status": "queued"} if row.get("status") == "read" else row for row in body["results"]]
            return answer(response, body={**body, "results": rows})
        return response


class ShowsItsToken(Between):
    """Sends RapidPro's token to CHT, in a header for debugging."""

    def __init__(self, inner: requests.Session, now: Now) -> None:
        super().__init__(inner, now)
        self._token = ""

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        headers = dict(options.get("headers") or {})
        if is_gateway(url):
            headers["X-Debug"] = self._token or "none yet"
        response = super().call(method, url, {**options, "headers": headers})
        if not is_gateway(url):
            shown = response.request.headers["Authorization"]
            self._token = (shown.decode() if isinstance(shown, bytes) else shown).removeprefix("Token ")
        return response


def forgets_on_restart(settings: Settings, now: Now, session: requests.Session) -> RelayLike:
    database = Path(settings.database.removeprefix("sqlite:///"))
    for path in database.parent.glob(f"{database.name}*"):
        path.unlink()
    return reference(settings, now, session)


class AcceptsFirst:
    """Answers at once, and stores the text at its next `work`: what it has in memory is lost when it is killed."""

    def __init__(self, settings: Settings, now: Now, session: requests.Session) -> None:
        self._relay = reference(settings, now, session)
        self._held: list[Environ] = []

    def app(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        self._held.append(environ)
        return Reply(200, (("Content-Type", "application/json"),), b'{"saved":1}').to_wsgi(start_response)

    def work(self, now: datetime) -> datetime:
        while self._held:
            call(self._relay.app, self._held.pop(0))
        return self._relay.work(now)

    def close(self) -> None:
        self._relay.close()


@dataclass(frozen=True, slots=True)
class Broken:
    """A broken relay: how it is built, and the requirements that must all catch it."""

    build: Build
    caught_by: frozenset[str]


def caught_by(build: Build, *ids: str) -> Broken:
    return Broken(build, frozenset(ids))


def broken_relays() -> Mapping[str, Broken]:
    """All broken relays by name."""
    return {
        "accepts a wrong token": caught_by(Defect(app=accepts_any_token), "AUTH-2"),
        "asks for no token": caught_by(Defect(app=requires_no_token), "AUTH-1", "AUTH-2", "AUTH-3"),
        "answers 200 for a missing field": caught_by(Defect(app=never_refuses), "IN-4", "IN-5", "IN-7"),
        "refuses without a reason": caught_by(Defect(app=refuses_without_reason), "WHY-3"),
        "does not recognise a redelivery": caught_by(Defect(app=new_ids()), "IN-3"),
        "changes texts to lower case": caught_by(Defect(app=changing(lower_case)), "IN-1"),
        "resends after a lost status": caught_by(Defect(ResendsWithoutStatus), "OUT-8"),
        "resends after a lost answer": caught_by(Defect(ResendsLostAnswers), "OUT-9"),
        "ignores Retry-After": caught_by(Defect(IgnoresRetryAfter), "QUOTA-4"),
        "stops at 25": caught_by(Defect(StopsAt25), "OUT-6"),
        "lets RapidPro evaluate texts": caught_by(Defect(LetsRapidProEvaluate), "OUT-4"),
        "never reports states": caught_by(Defect(NeverReportsStates), "STATE-1", "STATE-2"),
        "says delivered without asking": caught_by(Defect(SaysDeliveredWithoutAsking), "STATE-2", "STATE-5", "CRASH-4"),
        "never reports delivered": caught_by(Defect(NeverReportsDelivered), "STATE-1"),
        "goes backwards": caught_by(Defect(GoesBackwards), "STATE-6"),
        "gives no reasons": caught_by(Defect(partial(GivesReason, None)), "WHY-1", "WHY-2"),
        "gives one reason for everything": caught_by(Defect(partial(GivesReason, "It failed.")), "WHY-2"),
        "drops what it takes as plain text": caught_by(Defect(app=drops_plain_text), "IN-11"),
        "retries a bad number forever": caught_by(Defect(RetriesForever), "OUT-5", "OUT-7"),
        "stops at a refused text": caught_by(Defect(StopsAtARefusal), "OUT-12"),
        "gives up at once": caught_by(Defect(GivesUpAtOnce), "OUT-10"),
        "looks up too often": caught_by(Defect(LooksUpTooOften), "QUOTA-3"),
        "takes a web page for acceptance": caught_by(Defect(TakesWebPagesForAcceptance), "OUT-11"),
        "forgets what CHT did not accept": caught_by(Defect(ForgetsWhatChtDidNotAccept), "IN-6", "OPS-1"),
        "takes the waiting page for success": caught_by(Defect(TakesWaitingPageForSuccess), "IN-9"),
        "takes read for queued": caught_by(Defect(TakesReadForQueued), "STATE-4"),
        "shows its token": caught_by(Defect(ShowsItsToken), "AUTH-5"),
        "forgets everything on restart": caught_by(forgets_on_restart, "CRASH-3"),
        "accepts a text before it is on disk": caught_by(AcceptsFirst, "CRASH-3"),
    }
