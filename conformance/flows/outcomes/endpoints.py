"""Where the calls of a flow go: the fake CHT itself, or a relay before it."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit

import requests

from conformance.evidence.model import Party
from conformance.flows.checking.posts import Endpoint as Kind
from conformance.services.cht_client import ChtClient
from conformance.services.in_process import CHT_URL, InProcessFakes
from conformance.services.neighbours import CHT_GATEWAY
from conformance.world.world import World
from fakes.rapidpro.flows.engine import Answer, NoConnection, Request
from fakes.rapidpro.versions.profiles import DEFAULT
from fakes.serving.transport import InProcessSession

TIME_LIMIT = 15.0
"""Seconds that RapidPro waits for the answer to a webhook call."""
FORWARDED_WITHIN = 1800.0
"""Seconds within which a relay must have passed a text on."""
AFTERWARDS = 600.0
"""Seconds in which a second report of the same text would come."""
TOKEN = "cht-incoming-token"
"""The key of the fake CHT's own endpoint."""
PATHS: Mapping[Kind, str] = {
    "messages": "/api/v2/sms/rapidpro/incoming-messages",
    "gateway": "/api/sms",
    "records": "/api/v2/records",
}
BASIC = base64.b64encode(":".join(CHT_GATEWAY).encode()).decode()
"""User and password of the fake CHT's gateway, as Basic authorization has them."""


class Endpoint(Protocol):
    """What answers, and the CHT behind it. `secret`: the token that it takes; `kinds`: what can be posted to it."""

    name: str
    party: Party
    kinds: frozenset[Kind]
    base: str
    secret: str

    def send(self, request: Request) -> Answer:
        """The answer to a request, whatever its host. NoConnection if there is none in time."""
        ...

    def now(self) -> datetime:
        """The time there."""
        ...

    def held(self) -> list[dict[str, Any]]:
        """The reports in CHT, once everything that was taken is passed on."""
        ...


class FakeCht:
    """CHT's own endpoints."""

    name, base, secret = "CHT", CHT_URL, TOKEN
    party = Party.CHT
    kinds: frozenset[Kind] = frozenset(PATHS)

    def __init__(self, fakes: InProcessFakes, key: str = "") -> None:
        """Starts over. `key`: the token that the flow has written in it, which this CHT takes then."""
        fakes.reset()
        self._fakes = fakes
        self._cht = ChtClient(fakes.session, fakes.cht_url, *fakes.cht_admin)
        self._session: requests.Session = InProcessSession()
        fakes.connect(self._session)
        if key:
            self._cht.credential("rapidpro:incoming", key)

    def send(self, request: Request) -> Answer:
        """The answer of the endpoint. It knows every form that a record names."""
        path = urlsplit(request.url).path
        if path.endswith("/records"):
            self._know_form(request.body)
        return exchange(self._session, self.base + path, request)

    def now(self) -> datetime:
        """Virtual time."""
        return self._fakes.now()

    def held(self) -> list[dict[str, Any]]:
        """The reports; CHT has them at once."""
        return reports(self._cht)

    def _know_form(self, body: str) -> None:
        try:
            record = json.loads(body)
            form = str(record["_meta"]["form"])
        except (ValueError, KeyError, TypeError):
            return
        fields = {
            key: {"labels": {"tiny": {"en": key}}, "type": "string", "position": place}
            for place, key in enumerate(one for one in record if one != "_meta")
        }
        meta = {"code": form, "label": {"en": form}}
        self._cht.settings({"forms": {form: {"meta": meta, "fields": fields, "public_form": True}}})


class RelayBefore:
    """A relay before CHT, in a world. Only its endpoint for texts is called."""

    party = Party.RELAY
    kinds: frozenset[Kind] = frozenset({"messages"})

    def __init__(self, world: World, session: requests.Session) -> None:
        self._world = world
        self._session = session
        self.name = world.subject.name
        url = urlsplit(world.subject.webhook_url())
        self.base, self._path = f"{url.scheme}://{url.netloc}", url.path
        self.secret = world.subject.webhook_token()
        self._before = len(reports(world.cht))
        self._taken: set[str] = set()

    def send(self, request: Request) -> Answer:
        """The answer of the relay."""
        answer = exchange(self._session, self.base + self._path, request)
        if answer.status // 100 == 2:
            self._taken.add(request.body)
        return answer

    def now(self) -> datetime:
        """The world's time."""
        return self._world.now()

    def held(self) -> list[dict[str, Any]]:
        """The reports that have come since: those of all texts that the relay took, and any that come soon after."""
        world = self._world
        world.timing.until(world, lambda: len(self._new()) >= len(self._taken), FORWARDED_WITHIN)
        world.pass_time(AFTERWARDS)
        return self._new()

    def _new(self) -> list[dict[str, Any]]:
        return reports(self._world.cht)[self._before :]


def fresh_fakes() -> InProcessFakes:
    """Fakes in this process; FakeCht takes them again and again."""
    return InProcessFakes(DEFAULT, 1)


def exchange(session: requests.Session, url: str, request: Request) -> Answer:
    """One request over a session; no redirects are followed."""
    headers = {"Accept": "*/*", **request.headers}
    try:
        response = session.request(
            request.method, url, data=request.body.encode(), headers=headers, timeout=TIME_LIMIT, allow_redirects=False
        )
    except requests.RequestException:
        raise NoConnection(url) from None
    return Answer(response.status_code, dict(response.headers), response.content)


def reports(cht: ChtClient) -> list[dict[str, Any]]:
    """The reports in CHT, in the order in which they came."""
    found = [one for one in cht.documents() if one.get("type") == "data_record"]
    return sorted(found, key=lambda one: (one.get("reported_date") or 0, str(one.get("_id"))))


def shown(documents: Sequence[Mapping[str, Any]]) -> list[str]:
    """What reports say: the text, or else the form and its fields."""
    return [_shown(one) for one in documents]


def _shown(report: Mapping[str, Any]) -> str:
    text = (report.get("sms_message") or {}).get("message")
    if isinstance(text, str) and text:
        return text
    return f"{report.get('form')} {json.dumps(report.get('fields') or {}, ensure_ascii=False)}"
