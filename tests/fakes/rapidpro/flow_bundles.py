"""Bundles of flows for tests, built from a few words. Names stand for UUIDs; specification 13.2.0."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from fakes.rapidpro.uuids import uuid4

Json = dict[str, Any]


def uuid_of(*names: str) -> str:
    return uuid4(random.Random("/".join(names)))


def flow(name: str, *nodes: Json, expires: int = 60, **more: Any) -> Json:
    """A flow whose first node is the first of these."""
    made = {
        "uuid": uuid_of(name), "name": name, "spec_version": "13.2.0", "language": "eng", "type": "messaging",
        "revision": 1, "expire_after_minutes": expires, "localization": {}, "nodes": list(nodes), **more,
    }  # fmt: skip
    return _linked(made)


def _linked(made: Json) -> Json:
    """Destinations that are names of nodes become UUIDs, which differ from flow to flow."""
    uuids = {node["uuid"]: uuid_of(made["name"], node["uuid"]) for node in made["nodes"]}
    for node in made["nodes"]:
        node["uuid"] = uuids[node["uuid"]]
        for one in node["exits"]:
            one["destination_uuid"] = uuids[one["destination_uuid"]] if one["destination_uuid"] else None
    return made


def act(name: str, *actions: Json, then: str | None = None) -> Json:
    """A node with actions."""
    done = [{"uuid": uuid_of(name, str(number), str(one)), **one} for number, one in enumerate(actions)]
    return {"uuid": name, "actions": done, "exits": [{"uuid": uuid_of(name, "exit"), "destination_uuid": then}]}


def say(name: str, text: str, then: str | None = None, *more: Json) -> Json:
    """A node that sends a text."""
    return act(name, {"type": "send_msg", "text": text}, *more, then=then)


def split(
    name: str,
    operand: str,
    cases: Mapping[str, str | None],
    other: str | None,
    test: str = "has_only_text",
    **router: Any,
) -> Json:
    """A node that chooses by a text: for each word a destination, else `other`."""
    words = [*cases, "Other"]
    categories = [
        {"uuid": uuid_of(name, "category", word), "name": word, "exit_uuid": uuid_of(name, "exit", word)}
        for word in words
    ]
    tests = [
        {
            "uuid": uuid_of(name, "case", word), "type": test, "arguments": [word],
            "category_uuid": uuid_of(name, "category", word),
        }
        for word in cases
    ]  # fmt: skip
    exits = [
        {"uuid": uuid_of(name, "exit", word), "destination_uuid": cases.get(word, other) if word != "Other" else other}
        for word in words
    ]
    found = {
        "type": "switch", "operand": operand, "cases": tests, "categories": categories,
        "default_category_uuid": uuid_of(name, "category", "Other"), **router,
    }  # fmt: skip
    return {"uuid": name, "actions": [], "router": found, "exits": exits}


def ask(
    name: str, then: str | None, cases: Mapping[str, str | None] | None = None, *, timeout: int | None = None,
    late: str | None = None, result: str = "",
) -> Json:  # fmt: skip
    """A node that waits for a text; after `timeout` seconds it goes to `late`."""
    node = split(name, "@input.text", cases or {}, then, "has_any_word", wait={"type": "msg"})
    if result:
        node["router"]["result_name"] = result
    if timeout is not None:
        category = uuid_of(name, "category", "Late")
        node["router"]["wait"]["timeout"] = {"seconds": timeout, "category_uuid": category}
        node["router"]["categories"].append({"uuid": category, "name": "Late", "exit_uuid": uuid_of(name, "late")})
        node["exits"].append({"uuid": uuid_of(name, "late"), "destination_uuid": late})
    return node


def call(
    name: str, url: str, success: str | None, failure: str | None, *, result: str = "Relay", method: str = "POST",
    body: str = '@(json(object("id", run.uuid, "from", replace(urns.tel, "tel:+", "+"), "content", input.text)))',
    **headers: str,
) -> Json:  # fmt: skip
    """A node that calls a webhook."""
    key = result.lower().replace(" ", "_")
    node = split(name, f"@results.{key}.category", {"Success": success}, failure)
    node["actions"] = [{
        "uuid": uuid_of(name, "call"), "type": "call_webhook", "method": method, "url": url, "body": body,
        "headers": {"Accept": "application/json", "Content-Type": "application/json", **headers},
        "result_name": result,
    }]  # fmt: skip
    return node


def enter(name: str, child: str, then: str | None, expired: str | None = None) -> Json:
    """A node that enters another flow."""
    node = split(name, "@child.status", {"completed": then}, expired)
    node["actions"] = [
        {"uuid": uuid_of(name, "enter"), "type": "enter_flow", "flow": {"uuid": uuid_of(child), "name": child}}
    ]
    return node


def keyword(flow_name: str, *words: str, **more: Any) -> Json:
    return {
        "trigger_type": "K", "flow": {"uuid": uuid_of(flow_name), "name": flow_name}, "groups": [],
        "exclude_groups": [], "channel": None, "keywords": list(words), "match_type": "F", **more,
    }  # fmt: skip


def catch_all(flow_name: str, **more: Any) -> Json:
    return {
        "trigger_type": "C", "flow": {"uuid": uuid_of(flow_name), "name": flow_name}, "groups": [],
        "exclude_groups": [], "channel": None, **more,
    }  # fmt: skip


def bundle(*flows: Json, triggers: Any = (), **more: Any) -> Json:
    return {
        "version": "13", "site": "https://rapidpro.example", "flows": list(flows), "campaigns": [],
        "triggers": list(triggers), "fields": [], "groups": [], **more,
    }  # fmt: skip
