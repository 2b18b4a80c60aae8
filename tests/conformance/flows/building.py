"""Short ways to write exports of flows. Names stand for nodes; UUIDs are made of names."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]
CHT = "https://cht.example.org/api/v2/sms/rapidpro/incoming-messages"
BODY = '@(json(object("id", run.uuid, "from", urn_parts(contact.urn).path, "content", input.text)))'
HEADERS = {
    "Accept": "application/json",
    "Authorization": "Token @globals.cht_token",
    "Content-Type": "application/json",
}


def uid(name: str) -> str:
    """A version 4 UUID made of a name."""
    return str(uuid.UUID(bytes=hashlib.sha256(name.encode()).digest()[:16], version=4))


def action(type_: str, **fields: Any) -> Json:
    """An action; its UUID is made when its node is known."""
    return {"type": type_, **fields}


def say(text: str) -> Json:
    """A message."""
    return action("send_msg", text=text)


def post(
    url: str = CHT,
    body: str = BODY,
    headers: Mapping[str, str | None] | None = None,
    result: str = "Relay",
) -> Json:
    """A webhook call to CHT; `headers` changes the usual ones, None removes one."""
    kept = {name: value for name, value in {**HEADERS, **(headers or {})}.items() if value is not None}
    return action("call_webhook", method="POST", url=url, headers=kept, body=body, result_name=result)


def node(name: str, *actions: Json, to: str | None = None) -> Json:
    """A node without router."""
    exits = [{"uuid": uid(f"{name}/exit"), "destination_uuid": to and uid(to)}]
    return {"uuid": uid(name), "actions": _numbered(name, actions), "exits": exits}


def split(
    name: str, *actions: Json, on: str = "@input.text", cases: Mapping[str, tuple[Any, ...]] | None = None,
    other: str | None = None, wait: bool = False, seconds: int | None = None, result: str = "", late: str | None = None,
) -> Json:  # fmt: skip
    """A node with a switch router. `cases`: category to (test, arguments..., destination); `late`: after `seconds`."""
    ways = {category: case[-1] for category, case in (cases or {}).items()}
    ways |= {"Other": other} | ({"No Response": late} if seconds else {})
    router: Json = {
        "type": "switch",
        "operand": on,
        "cases": [
            {"uuid": uid(f"{name}/case {category}"), "type": case[0], "arguments": list(case[1:-1]),
             "category_uuid": uid(f"{name}/{category}")}
            for category, case in (cases or {}).items()
        ],
        "categories": [
            {"uuid": uid(f"{name}/{one}"), "name": one, "exit_uuid": uid(f"{name}/exit {one}")} for one in ways
        ],
        "default_category_uuid": uid(f"{name}/Other"),
    }  # fmt: skip
    if wait:
        router["wait"] = {"type": "msg"}
    if seconds:
        router["wait"] = {
            "type": "msg",
            "timeout": {"seconds": seconds, "category_uuid": uid(f"{name}/No Response")},
        }
    if result:
        router["result_name"] = result
    exits = [{"uuid": uid(f"{name}/exit {one}"), "destination_uuid": to and uid(to)} for one, to in ways.items()]
    return {"uuid": uid(name), "actions": _numbered(name, actions), "router": router, "exits": exits}


def call(name: str, *actions: Json, good: str | None = None, bad: str | None = None, key: str = "relay") -> Json:
    """A node that calls a webhook and splits on what became of it, as 9 writes it."""
    return split(
        name, *actions, on=f"@results.{key}.category", cases={"Success": ("has_only_text", "Success", good)}, other=bad
    )


def flow(name: str, *nodes: Json, **more: Any) -> Json:
    """A messaging flow of specification 13.2."""
    return {
        "uuid": uid(name), "name": name, "spec_version": "13.2.0", "language": "eng", "type": "messaging",
        "revision": 1, "expire_after_minutes": 60, "localization": {}, "nodes": list(nodes), **more,
    }  # fmt: skip


def export(*flows: Json, catch_all: str = "", **more: Any) -> Json:
    """An export; `catch_all`: the name of the flow that every text starts."""
    started: Json = {
        "flow": {"uuid": uid(catch_all), "name": catch_all},
        "groups": [],
        "exclude_groups": [],
        "channel": None,
    }
    return {
        "version": "13", "site": "https://rapidpro.example.org", "flows": list(flows), "campaigns": [],
        "triggers": [{"trigger_type": "C", **started}] if catch_all else [], "fields": [], "groups": [], **more,
    }  # fmt: skip


def _numbered(name: str, actions: tuple[Json, ...]) -> list[Json]:
    return [{**one, "uuid": uid(f"{name}/action {number}")} for number, one in enumerate(actions)]
