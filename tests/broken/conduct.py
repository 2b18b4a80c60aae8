"""Relays that deal with strangers, ask for more than they need, storm their neighbours, or reveal their secrets."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import quote

import requests

from fakes.serving.wsgi import Environ, StartResponse, WSGIApp, call
from relay import Settings
from tests.broken.pieces import Between, Defect, Now, Session, body_of, is_gateway, is_lookup, is_sending, with_body
from tests.broken.relays import Broken, caught_by

STRANGER = "+250788999000"


class CopiesReports(Between):
    """Hands each incoming text to CHT once more, under another number."""

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if is_gateway(url):
            body = body_of(options)
            messages = body.get("messages") or []
            copies = [{**one, "from": STRANGER, "id": f"{one['id']}-copy"} for one in messages]
            options = with_body(options, {**body, "messages": [*messages, *copies]})
        return super().call(method, url, options)


Copy = Callable[["CopiesTexts", dict[str, Any], str, dict[str, Any]], None]


class CopiesTexts(Between):
    """Sends each outgoing text to a stranger too, in the way of `copy`."""

    def __init__(self, inner: requests.Session, now: Now, copy: Copy) -> None:
        super().__init__(inner, now)
        self._copy = copy
        self._made: dict[str, str] = {}

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        if is_sending(method, url) and response.ok:
            self._copy(self, body_of(options), url, options)
        return response

    def post(self, url: str, options: dict[str, Any], body: Mapping[str, Any]) -> Any:
        """Another request to RapidPro with the relay's token. Returns its answer."""
        return super().call("POST", url, with_body(options, body)).json()

    def once(self, name: str, make: Callable[[], str]) -> str:
        """What `make` made the first time."""
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def contact(self, url: str, options: dict[str, Any]) -> str:
        """The stranger as a contact of the workspace."""
        contacts = url.replace("broadcasts", "contacts")
        return self.once("contact", lambda: str(self.post(contacts, options, {"urns": [f"tel:{STRANGER}"]})["uuid"]))


def to_its_urn(relay: CopiesTexts, body: dict[str, Any], url: str, options: dict[str, Any]) -> None:
    relay.post(url, options, {**body, "urns": [f"tel:{STRANGER}"]})


def to_its_national_number(relay: CopiesTexts, body: dict[str, Any], url: str, options: dict[str, Any]) -> None:
    relay.post(url, options, {**body, "urns": [f"tel:{STRANGER.replace('+250', '0')}"]})


def to_a_contact(relay: CopiesTexts, body: dict[str, Any], url: str, options: dict[str, Any]) -> None:
    relay.post(url, options, {"contacts": [relay.contact(url, options)], "text": body["text"]})


def to_a_group(relay: CopiesTexts, body: dict[str, Any], url: str, options: dict[str, Any]) -> None:
    def make() -> str:
        group = str(relay.post(url.replace("broadcasts", "groups"), options, {"name": "Archive"})["uuid"])
        contact = {"contacts": [relay.contact(url, options)], "action": "add", "group": group}
        relay.inner.request("POST", url.replace("broadcasts", "contact_actions"), **with_body(options, contact))
        return group

    relay.post(url, options, {"groups": [relay.once("group", make)], "text": body["text"]})


def copies_texts(copy: Copy) -> Session:
    return lambda inner, now: CopiesTexts(inner, now, copy)


def strangers() -> Mapping[str, Broken]:
    """Relays that pass texts to people, or from people, whom they do not concern."""
    return {
        "copies reports under another number": caught_by(Defect(CopiesReports), "IN-1"),
        "sends each text to a stranger": caught_by(Defect(copies_texts(to_its_urn)), "OUT-1"),
        "sends each text to a stranger's national number": caught_by(
            Defect(copies_texts(to_its_national_number)), "OUT-1"
        ),
        "sends each text to a contact of its own": caught_by(Defect(copies_texts(to_a_contact)), "OUT-1"),
        "sends each text to a group": caught_by(Defect(copies_texts(to_a_group)), "OUT-1"),
    }


Disguise = Callable[[str], Mapping[str, str]]
"""Headers that reveal a secret."""


class Reveals(Between):
    """Shows RapidPro's token to CHT in headers, disguised."""

    def __init__(self, inner: requests.Session, now: Now, disguise: Disguise) -> None:
        super().__init__(inner, now)
        self._disguise = disguise
        self._token = ""

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if is_gateway(url) and self._token:
            options = {**options, "headers": {**(options.get("headers") or {}), **self._disguise(self._token)}}
        response = super().call(method, url, options)
        if not is_gateway(url):
            shown = response.request.headers["Authorization"]
            self._token = (shown.decode() if isinstance(shown, bytes) else shown).removeprefix("Token ")
        return response


def reveals(disguise: Disguise) -> Defect:
    return Defect(lambda inner, now: Reveals(inner, now, disguise))


def in_base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def says_what_it_expects(app: WSGIApp, settings: Settings) -> WSGIApp:
    """Answers a wrong token with the right one."""

    def talkative(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        reply = call(app, environ)
        if reply.status == 403:
            reply = reply.with_body(f'{{"error": "expected Token {settings.incoming_token}"}}'.encode())
        return reply.to_wsgi(start_response)

    return talkative


def returns_its_token_in_a_header(app: WSGIApp, settings: Settings) -> WSGIApp:
    def talkative(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        reply = call(app, environ)
        return reply.with_header("X-Debug", in_base64(settings.rapidpro_token)).to_wsgi(start_response)

    return talkative


def secrets() -> Mapping[str, Broken]:
    """Relays that reveal a secret."""
    middle = 17
    disguises: Mapping[str, Disguise] = {
        "in base64": lambda token: {"X-Debug": in_base64(token)},
        "in base64 behind its scheme": lambda token: {"X-Debug": in_base64(f"Token {token}")},
        "in base64 with a user": lambda token: {"X-Debug": base64.urlsafe_b64encode(f"me:{token}".encode()).decode()},
        "percent-encoded": lambda token: {"X-Debug": "".join(f"%{ord(char):02x}" for char in token)},
        "in hex": lambda token: {"X-Debug": token.encode().hex().upper()},
        "in two headers": lambda token: {"X-One": token[:middle], "X-Two": token[middle:]},
        "with blanks in it": lambda token: {"Cookie": quote(token).replace("-", " - ")},
    }
    return {
        **{f"shows its token {name}": caught_by(reveals(how), "AUTH-5") for name, how in disguises.items()},
        "takes its token along when it is redirected": caught_by(Defect(FollowsRedirects), "AUTH-5"),
        "takes its token along in another header": caught_by(
            Defect(lambda inner, now: FollowsRedirects(inner, now, "X-Token")), "AUTH-5"
        ),
        "says which token it expects": caught_by(Defect(app=says_what_it_expects), "AUTH-5"),
        "answers with RapidPro's token": caught_by(Defect(app=returns_its_token_in_a_header), "AUTH-5"),
    }


class FollowsRedirects(Between):
    """Follows redirects, and takes its secrets along wherever they lead: `named` says under which header."""

    def __init__(self, inner: requests.Session, now: Now, named: str = "Authorization") -> None:
        super().__init__(inner, now)
        self._named = named

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        response = super().call(method, url, options)
        location = response.headers.get("Location")
        if not response.is_redirect or not location:
            return response
        sent = response.request.headers["Authorization"]
        secret = sent.decode() if isinstance(sent, bytes) else sent
        others = {name: value for name, value in options.items() if name != "auth"}
        plain = {name: value for name, value in (options.get("headers") or {}).items() if name != "Authorization"}
        return super().call(method, location, {**others, "headers": {**plain, self._named: secret}})


class AsksToo(Between):
    """Makes another request to a neighbour before each text that it sends, or each poll of CHT."""

    def __init__(self, inner: requests.Session, now: Now, method: str, path: str, body: Any = None) -> None:
        super().__init__(inner, now)
        self._method, self._path, self._body = method, path, body

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        here = is_gateway if self._path.startswith("/medic") else is_sending_to
        if here(url):
            base = url[: url.index("/api/")]
            super().call(self._method, base + self._path, with_body(options, self._body))
        return super().call(method, url, options)


def is_sending_to(url: str) -> bool:
    return is_sending("POST", url)


def asks_too(method: str, path: str, body: Any = None) -> Defect:
    return Defect(lambda inner, now: AsksToo(inner, now, method, path, body))


def curious() -> Mapping[str, Broken]:
    """Relays that ask for more than they need."""
    contact = {"name": "Somebody", "urns": [f"tel:{STRANGER}"]}
    return {
        "reads contacts": caught_by(asks_too("GET", "/api/v2/contacts.json"), "QUOTA-5"),
        "creates contacts": caught_by(asks_too("POST", "/api/v2/contacts.json", contact), "QUOTA-5"),
        "reads all incoming runs": caught_by(asks_too("GET", "/api/v2/runs.json"), "QUOTA-5"),
        "reads CHT's documents": caught_by(asks_too("GET", "/medic/_all_docs"), "QUOTA-5"),
    }


class Polls(Between):
    """Polls CHT once more, many times, at each of its requests to CHT."""

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if is_gateway(url):
            for _ in range(30):
                super().call(method, url, with_body(options, {}))
        return super().call(method, url, options)


class AsksForEver(Between):
    """Looks all messages up at each request to CHT, whether or not one is still on its way."""

    def __init__(self, inner: requests.Session, now: Now) -> None:
        super().__init__(inner, now)
        self._lookup: tuple[str, dict[str, Any]] | None = None

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        if is_lookup(url):
            self._lookup = (url, options)
        elif is_gateway(url) and self._lookup is not None:
            again, how = self._lookup
            super().call("GET", again, how)
        return super().call(method, url, options)


class Storms(Between):
    """Repeats each request that a neighbour fails, at once and often."""

    def __init__(self, inner: requests.Session, now: Now, concerns: Callable[[str], bool]) -> None:
        super().__init__(inner, now)
        self._concerns = concerns

    def call(self, method: str, url: str, options: dict[str, Any]) -> requests.Response:
        for _ in range(60 if self._concerns(url) else 0):
            try:
                response = super().call(method, url, options)
            except requests.RequestException:
                continue
            if response.status_code < 500:
                return response
        return super().call(method, url, options)


def storms(concerns: Callable[[str], bool]) -> Defect:
    return Defect(lambda inner, now: Storms(inner, now, concerns))


def restless() -> Mapping[str, Broken]:
    """Relays that ask too often."""
    return {
        "polls CHT thirty times as often": caught_by(Defect(Polls), "QUOTA-6"),
        "asks for states for ever": caught_by(Defect(AsksForEver), "QUOTA-6"),
        "storms RapidPro when it fails": caught_by(storms(is_sending_to), "OPS-4"),
        "storms CHT when it fails": caught_by(storms(is_gateway), "OPS-4"),
    }


def conduct() -> Mapping[str, Broken]:
    """All of them by name."""
    return {**strangers(), **secrets(), **curious(), **restless()}
