"""The control API of the fake RapidPro: begin anew, quotas, tokens; and what is behind the API."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import BadRequest

from fakes.rapidpro.api.http.context import ENGINE
from fakes.rapidpro.api.openapi.document import document
from fakes.rapidpro.control.channel import add_rules
from fakes.rapidpro.service import RapidPro
from fakes.service import SeedError


def control_blueprint(service: RapidPro) -> Blueprint:
    """Routes to be mounted at `/rapidpro`."""
    routes = Blueprint("rapidpro", __name__)

    @routes.post("/seed")
    def seed() -> Response:
        try:
            service.seed(request.get_json(force=True))
        except SeedError as fault:
            raise BadRequest(str(fault)) from None
        return jsonify(status="ok", workspaces=len(service.store.spaces))

    @routes.get("/openapi.json")
    def openapi() -> Response:
        return jsonify(document(service.profile))

    @routes.get("/rates")
    def rates() -> Response:
        return jsonify(service.throttle.rates)

    @routes.put("/rates")
    def change_rates() -> Response:
        given = request.get_json(force=True)
        if not isinstance(given, dict) or not all(isinstance(one, str) for one in given.values()):
            raise BadRequest('expected an object of rates by scope, such as {"v2": "2500/hour"}')
        try:
            service.set_rates(given)
        except ValueError as fault:
            raise BadRequest(str(fault)) from None
        return jsonify(service.throttle.rates)

    @routes.get("/tokens")
    def tokens() -> Response:
        with service.lock:
            found = {one.name: one.active for one in service.store.tokens.values()}
        return jsonify(found)

    @routes.put("/tokens/<name>")
    def change_token(name: str) -> Response:
        return jsonify(_change_token(service, name, request.get_json(force=True)))

    @routes.put("/engine")
    def change_engine() -> Response:
        given = request.get_json(force=True)
        if not isinstance(given, dict) or given.get("state") not in ENGINE:
            raise BadRequest(f'expected {{"state": one of {", ".join(ENGINE)}}}')
        service.engine = given["state"]
        return jsonify(state=service.engine)

    add_rules(routes, service.mailroom)
    return routes


def _is_key(key: Any) -> bool:
    return isinstance(key, str) and key != "" and not any(char.isspace() for char in key)


def _change_token(service: RapidPro, name: str, given: Any) -> dict[str, Any]:
    """Rotate a token (`key`) or take it out of use (`active`)."""
    strange = set(given) - {"key", "active"} if isinstance(given, dict) else {"?"}
    if strange or not given or not isinstance(given.get("active", True), bool) or not _is_key(given.get("key", "x")):
        raise BadRequest('expected an object with "key" (text without blanks) or "active" (true or false)')
    with service.lock:
        token = next((one for one in service.store.tokens.values() if one.name == name), None)
        if token is None:
            names = ", ".join(one.name for one in service.store.tokens.values())
            raise BadRequest(f"no token is called {name!r}; there are: {names}")
        if "key" in given and given["key"] != token.key:
            if given["key"] in service.store.tokens:
                raise BadRequest("another token has this key already")
            service.store.retire(token)
            token.key = given["key"]
            service.store.tokens[token.key] = token
        token.active = given.get("active", token.active)
        return {"name": token.name, "active": token.active}
