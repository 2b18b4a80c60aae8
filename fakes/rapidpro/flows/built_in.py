"""Flows that are made of settings: the catch-all flow with a webhook, and flows that send one text.

In a specification of their generation, so that `@webhook` is what it is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from fakes.rapidpro.flows.webhook import Webhook
from fakes.rapidpro.versions.generation import Generation

Json = dict[str, Any]
SEND_FLOW = "Send SMS"
"""Name of the flow that the API can start."""
SPECS: Mapping[Generation, str] = MappingProxyType({"9": "13.2.0", "new": "14.0.0"})


def webhook_flow(settings: Webhook, uuid: str, name: str, generation: Generation) -> Json:
    """A call, perhaps a second one if that failed, else a reply: as far as the settings ask for them."""
    replies = bool(settings.reply_on_failure)
    reply = _id(4) if replies else None
    nodes = [_call_node(1, "Relay", settings, _id(2) if settings.retry else reply)]
    if settings.retry:
        nodes += [_retry_node(2, _id(3), reply), _call_node(3, "Relay Retry", settings, reply)]
    if replies:
        nodes.append(_text_node(4, settings.reply_on_failure or ""))
    return _flow(uuid, name, nodes, generation)


def text_flow(says: str, uuid: str, name: str) -> Json:
    """A flow that sends one text; none if it is empty."""
    return _flow(uuid, name, [_text_node(1, says)] if says else [], "9")


def _id(node: int, part: int = 0) -> str:
    return f"0000000d-0000-4000-8000-{part:08d}{node:04d}"


def _flow(uuid: str, name: str, nodes: list[Json], generation: Generation) -> Json:
    return {
        "uuid": uuid, "name": name, "spec_version": SPECS[generation], "language": "und", "type": "messaging",
        "revision": 1, "expire_after_minutes": 60, "localization": {}, "nodes": nodes,
    }  # fmt: skip


def _text_node(number: int, text: str) -> Json:
    action = {"type": "send_msg", "uuid": _id(number, 1), "text": text}
    return {"uuid": _id(number), "actions": [action], "exits": [{"uuid": _id(number, 2)}]}


def _call_node(number: int, result: str, settings: Webhook, failed: str | None) -> Json:
    action = {
        "type": "call_webhook", "uuid": _id(number, 1), "method": "POST", "url": settings.url,
        "headers": settings.all_headers(), "body": settings.body_template(), "result_name": result,
    }  # fmt: skip
    operand = f"@results.{result.lower().replace(' ', '_')}.category"
    router, exits = _choice(number, operand, "Success", ("Success", "Failure"), (None, failed))
    return {"uuid": _id(number), "actions": [action], "router": router, "exits": exits}


def _retry_node(number: int, again: str, otherwise: str | None) -> Json:
    operand = '@(if(or(results.relay.value = "0", results.relay.value >= 500), "again", "no"))'
    router, exits = _choice(number, operand, "again", ("Again", "No"), (again, otherwise))
    return {"uuid": _id(number), "actions": [], "router": router, "exits": exits}


def _choice(
    number: int, operand: str, word: str, names: tuple[str, str], destinations: tuple[str | None, str | None]
) -> tuple[Json, list[Json]]:
    """A router with two categories, the first for that word, and its exits."""
    categories = [
        {"uuid": _id(number, 3 + index), "name": one, "exit_uuid": _id(number, 5 + index)}
        for index, one in enumerate(names)
    ]
    case = {
        "uuid": _id(number, 7), "type": "has_only_text", "arguments": [word], "category_uuid": categories[0]["uuid"],
    }  # fmt: skip
    router = {
        "type": "switch", "operand": operand, "cases": [case], "categories": categories,
        "default_category_uuid": categories[1]["uuid"],
    }  # fmt: skip
    exits = [{"uuid": _id(number, 5 + index), "destination_uuid": one} for index, one in enumerate(destinations)]
    return router, exits
