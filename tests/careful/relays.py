"""Relays that do right what ours does in another way: they refuse what they cannot pass on, in words of their own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import requests

from conformance.subjects.in_process import RelayLike, reference
from fakes.serving.wsgi import Environ, Reply, StartResponse, call
from relay import Settings
from tests.broken.pieces import Between, Now, body_of, is_gateway, with_body

HOUR = timedelta(hours=1)


class InFrench(Between):
    """Gives its reasons in French."""

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if is_gateway(url):
            body = body_of(options)
            updates = [self._translated(update) for update in body.get("updates") or []]
            options = with_body(options, {**body, "updates": updates})
        return super().call(method, url, options)

    def _translated(self, update: Mapping[str, Any]) -> Mapping[str, Any]:
        reason = str(update.get("reason") or "")
        if not reason:
            return update
        if "too long" in reason:
            return {**update, "reason": "Ce SMS dépasse la longueur permise"}
        refused = "number is not valid" in reason
        return {**update, "reason": "L'opérateur refuse ce numéro" if refused else "Le téléphone ne répond pas"}


class LooksAround(Between):
    """Makes sure of its neighbours and its tokens now and then, and follows redirects as `requests` does: where another
    origin begins, its secrets stay behind. It repeats what failed, twice."""

    def __init__(self, inner: requests.Session, now: Now) -> None:
        super().__init__(inner, now)
        self._looked: dict[str, datetime] = {}

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        base, _, _ = url.partition("/api/")
        if self.now() - self._looked.get(base, self.now() - 2 * HOUR) > HOUR:
            self._looked[base] = self.now()
            for path in ("/api/info", "/api/v2/monitoring") if is_gateway(url) else ("/api/v2/workspace.json",):
                super().call("GET", base + path, {**options, "data": None, "params": None})
        how = {**options, "allow_redirects": True, "stream": False}
        for _ in range(2):
            response = super().call(method, url, how)
            if response.status_code not in (500, 503):
                break
        return response


class Masks:
    """Tells who presents a wrong token how its own begins, and prints no more than that."""

    def __init__(self, settings: Settings, now: Now, session: requests.Session) -> None:
        around: Any = LooksAround(session, now)
        self._relay = reference(settings, now, around)
        self._hint = f"expected relay-incoming-token, RELAY_INCOMING_TOKEN={settings.incoming_token[:5]}***"

    def app(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        reply = call(self._relay.app, environ)
        if reply.status == 403:
            reply = reply.with_header("WWW-Authenticate", 'Token realm="relay incoming token"')
            reply = reply.with_body(json.dumps({"error": self._hint.replace("-", " ")}).encode())
        return reply.to_wsgi(start_response)

    def work(self, now: datetime) -> datetime:
        return self._relay.work(now)

    def close(self) -> None:
        self._relay.close()


class AnswersWhenChtHasIt:
    """Keeps no incoming text: it answers 200 when CHT has the text, else 502, so that the sender is told.

    `tries`: how often it offers a text to CHT before its sender is told that it was not taken.
    It reads JSON whatever its Content-Type, and refuses with 401 and 422. The reference relay sends outgoing texts.
    """

    def __init__(self, settings: Settings, now: Now, session: requests.Session, tries: int = 1) -> None:
        self._tries = tries
        french: Any = InFrench(session, now)
        self._relay: RelayLike = reference(settings, now, french)
        self._settings, self._session = settings, session

    def app(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        status, words = self._answer(environ)
        return Reply(status, (("Content-Type", "text/plain; charset=utf-8"),), words.encode()).to_wsgi(start_response)

    def work(self, now: datetime) -> datetime:
        return self._relay.work(now)

    def close(self) -> None:
        self._relay.close()

    def _answer(self, environ: Environ) -> tuple[int, str]:
        if environ.get("HTTP_AUTHORIZATION") != f"Token {self._settings.incoming_token}":
            return 401, "Jeton inconnu"
        try:
            fields = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
        except ValueError:
            return 422, "Illisible"
        for name, word in (("id", "le numéro"), ("from", "l'expéditeur"), ("content", "le texte")):
            if not fields.get(name):
                return 422, f"Il manque {word}"
        message = {name: str(fields[name]) for name in ("id", "from", "content")}
        if any(self._stored(message) for _ in range(self._tries)):
            return 200, "Merci"
        return 502, "CHT ne répond pas, rien n'est gardé"

    def _stored(self, message: Mapping[str, str]) -> bool:
        try:
            response = self._session.request(
                "POST",
                f"{self._settings.cht_url}/api/sms",
                auth=(self._settings.cht_user, self._settings.cht_password),
                data=json.dumps({"messages": [message]}),
                headers={"Content-Type": "application/json", "Accept": "application/json"},
                timeout=3,
            )
            return response.ok and isinstance(response.json().get("messages"), list)
        except (requests.RequestException, ValueError, AttributeError):
            return False
