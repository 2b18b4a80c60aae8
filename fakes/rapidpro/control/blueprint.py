"""The control API of the fake RapidPro: seed, quotas, tokens, and what is behind the API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, Response, jsonify
from werkzeug.exceptions import BadRequest

from fakes.clock import format_moment
from fakes.rapidpro.api.http.context import ENGINE_STATES
from fakes.rapidpro.api.http.throttle import Usage
from fakes.rapidpro.api.openapi.document import document
from fakes.rapidpro.control.channel import add_rules
from fakes.rapidpro.mailroom.incoming import BadText
from fakes.rapidpro.service import RapidPro
from fakes.rapidpro.store.rows import Broadcast, Token
from fakes.service import SeedError
from fakes.serving.json_fields import choice, json_body

MOST_BROADCASTS = 1000
"""How many broadcasts somebody else can send in one request."""


def control_blueprint(service: RapidPro) -> Blueprint:
    """The routes, to be mounted at `/rapidpro`."""
    routes = Blueprint("rapidpro", __name__)

    @routes.post("/seed")
    def seed() -> Response:
        """Start over from a seed: workspaces with users, tokens, contacts, channels, flows.

        Body: {"workspaces": list, "users": list, "tokens": {name: ...}, "channels": list, ...}; the built-in one is in
        `fakes/rapidpro/seed/`

        Answer: {"status": "ok", "workspaces": number}
        """
        try:
            service.seed(json_body())
        except SeedError as error:
            raise BadRequest(str(error)) from None
        return jsonify(status="ok", workspaces=len(service.store.workspace_by_id))

    @routes.get("/openapi.json")
    def openapi() -> Response:
        """RapidPro's API in the running version, as an OpenAPI document.

        Answer: {"openapi", "info", "paths", ...}
        """
        return jsonify(document(service.profile))

    @routes.get("/rates")
    def rates() -> Response:
        """How many requests each scope allows.

        Answer: {scope such as "v2.messages": rate such as "2500/hour", ...}
        """
        return jsonify(service.throttle.rates)

    @routes.put("/rates")
    def change_rates() -> Response:
        """Change the rates of some scopes.

        Body: {scope: rate, ...}

        Answer: {scope: rate, ...}
        """
        body = json_body()
        if not isinstance(body, dict) or not all(isinstance(one, str) for one in body.values()):
            raise BadRequest('expected an object of rates by scope, such as {"v2": "2500/hour"}')
        try:
            service.set_rates(body)
        except ValueError as error:
            raise BadRequest(str(error)) from None
        return jsonify(service.throttle.rates)

    @routes.get("/quota")
    def quota() -> Response:
        """How much of the quota each token has used in each scope. Tokens with the same `owner` share their quota.

        `refills_at`: when one more request than now is allowed; null if none is used. Reading it counts nothing.

        Answer: {"scopes": [{"token": name, "scope", "owner", "rate": such as "2500/hour", "used": number,
        "left": number, "refills_at": ISO time or null}, ...]}
        """
        return jsonify(scopes=[_shown(*one) for one in service.quotas()])

    @routes.get("/tokens")
    def tokens() -> Response:
        """The API tokens by name, and whether each is active.

        Answer: {name: true or false, ...}
        """
        with service.lock:
            found = {one.name: one.active for one in service.store.tokens.values()}
        return jsonify(found)

    @routes.put("/tokens/<name>")
    def change_token(name: str) -> Response:
        """Change the key of a token, or disable or enable it.

        Body: {"key": text without blanks, "active": true or false}, one or both

        Answer: {"name": text, "active": true or false}
        """
        return jsonify(_change_token(service, name, json_body()))

    @routes.put("/engine")
    def change_engine() -> Response:
        """The state of mailroom: `idle` accepts requests and does nothing more, `down` cannot be reached by the API.

        Body: {"state": "working", "idle" or "down"}

        Answer: {"state": text}
        """
        service.engine = choice("state", ENGINE_STATES)
        return jsonify(state=service.engine)

    @routes.post("/broadcasts")
    def send_broadcasts() -> Response:
        """Somebody else in the workspace sends broadcasts to one number, each with a text of its own.

        Body: {"count": number from 1 to 1000, "number": phone number}

        Answer: {"created": number}
        """
        return jsonify(created=_others_send(service, json_body()))

    add_rules(routes, service.mailroom)
    return routes


def _shown(token: Token, scope: str, owner: str, usage: Usage) -> dict[str, Any]:
    refills_at = None if usage.refills_at is None else datetime.fromtimestamp(usage.refills_at, UTC)
    return {
        "token": token.name,
        "scope": scope,
        "owner": owner,
        "rate": usage.rate,
        "used": usage.used,
        "left": usage.left,
        "refills_at": None if refills_at is None else format_moment(refills_at),
    }


def _others_send(service: RapidPro, body: Any) -> int:
    """Somebody in the workspace sends `count` broadcasts to one `number`, each with its own text. Returns `count`."""
    count, number = (body.get("count"), body.get("number")) if isinstance(body, dict) else (None, None)
    if type(count) is not int or not 1 <= count <= MOST_BROADCASTS or not isinstance(number, str):
        raise BadRequest(f'expected an object with "count" (1 to {MOST_BROADCASTS}) and "number" (of a phone)')
    store, mailroom = service.store, service.mailroom
    try:
        urn = f"tel:{mailroom.incoming.number(number)}"
    except BadText as error:
        raise BadRequest(str(error)) from None
    with service.lock:
        workspace = next(iter(store.workspace_by_id.values()))
        now = mailroom.runtime.clock.now()
        for position in range(count):
            words = {"eng": {"text": f"Notice {position + 1}"}}
            id_, uuid = store.next_id("broadcast"), mailroom.runtime.new_uuid()
            row = Broadcast(id_, uuid, workspace, "pending", None, [urn], [], [], words, "eng", now)
            mailroom.broadcast_created(store.add_broadcast(row))
    return count


def _is_key(key: Any) -> bool:
    return isinstance(key, str) and key != "" and not any(char.isspace() for char in key)


def _change_token(service: RapidPro, name: str, body: Any) -> dict[str, Any]:
    """Change a token's key (`key`), or disable or enable it (`active`)."""
    unknown = set(body) - {"key", "active"} if isinstance(body, dict) else {"?"}
    if unknown or not body or not isinstance(body.get("active", True), bool) or not _is_key(body.get("key", "x")):
        raise BadRequest('expected an object with "key" (a text without blanks) or "active" (true or false)')
    with service.lock:
        token = next((one for one in service.store.tokens.values() if one.name == name), None)
        if token is None:
            names = ", ".join(one.name for one in service.store.tokens.values())
            raise BadRequest(f"unknown token {name!r}; there are: {names}")
        if "key" in body and body["key"] != token.key:
            if body["key"] in service.store.tokens:
                raise BadRequest("another token already has this key")
            service.store.revoke_key(token)
            token.key = body["key"]
            service.store.tokens[token.key] = token
        token.active = body.get("active", token.active)
        return {"name": token.name, "active": token.active}
