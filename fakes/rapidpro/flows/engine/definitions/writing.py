"""Writing a flow as JSON, in the engine's newest specification; reading that gives the same flow."""

from __future__ import annotations

from typing import Any

from fakes.rapidpro.flows.engine.definitions.model import Flow, Node, Router, Wait


def flow_json(flow: Flow) -> dict[str, Any]:
    """The definition of a flow."""
    return {
        "uuid": flow.uuid,
        "name": flow.name,
        "spec_version": flow.spec,
        "language": flow.language,
        "type": flow.type,
        "revision": flow.revision,
        "expire_after_minutes": flow.expire_after_minutes,
        "localization": dict(flow.localization),
        "nodes": [_node(node) for node in flow.nodes],
    }


def _node(node: Node) -> dict[str, Any]:
    actions = [{"type": action.type, "uuid": action.uuid, **action.values} for action in node.actions]
    exits = [{"uuid": one.uuid, "destination_uuid": one.destination or None} for one in node.exits]
    router = {} if node.router is None else {"router": _router(node.router)}
    return {"uuid": node.uuid, "actions": actions, **router, "exits": exits}


def _router(router: Router) -> dict[str, Any]:
    written: dict[str, Any] = {"type": router.type}
    if router.wait is not None:
        written["wait"] = _wait(router.wait)
    if router.result_name:
        written["result_name"] = router.result_name
    written["categories"] = [
        {"uuid": one.uuid, "name": one.name, "exit_uuid": one.exit_uuid} for one in router.categories
    ]
    if router.type == "switch":
        written["operand"] = router.operand
        written["cases"] = [
            {"uuid": one.uuid, "type": one.test, "arguments": list(one.arguments), "category_uuid": one.category_uuid}
            for one in router.cases
        ]
        written["default_category_uuid"] = router.default_category or None
    return written


def _wait(wait: Wait) -> dict[str, Any]:
    written: dict[str, Any] = {"type": wait.type}
    if wait.seconds is not None:
        written["timeout"] = {"seconds": wait.seconds, "category_uuid": wait.category_uuid}
    if wait.hint is not None:
        written["hint"] = dict(wait.hint)
    return written
