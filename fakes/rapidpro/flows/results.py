"""The results that a flow keeps of its webhook calls, and the control API's answer about a text."""

from __future__ import annotations

from typing import Any

from fakes.rapidpro.flows import webhook as hooks

MAX_EXTRA = 10_000
"""Bytes; a longer answer is not stored with the result."""


def outcome(
    message_id: int | None, *, text: str | None = None, run: str | None = None,
    calls: list[hooks.Outcome] | None = None, reply: dict[str, Any] | None = None, duplicate: bool = False,
    ignored: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """The control API's answer: `text` is what RapidPro stored, `webhook` is the last call, `calls` are all."""
    made = [call.as_json() for call in calls or []]
    return {
        "message": message_id,
        "text": text,
        "run": run,
        "webhook": made[-1] if made else None,
        "calls": made,
        "reply": reply,
        "duplicate": duplicate,
        "ignored": ignored,
    }


def results_of(calls: list[hooks.Outcome]) -> dict[str, dict[str, Any]]:
    results = {}
    for name, call in zip(("Relay", "Relay Retry"), calls, strict=False):
        category = "Success" if call.success and call.error is None else "Failure"
        extra = hooks.json_of(call) if len(call.body.encode("utf-8", "replace")) < MAX_EXTRA else None
        results[name.lower().replace(" ", "_")] = {
            "__default__": str(call.status),
            "name": name,
            "value": str(call.status),
            "category": category,
            "category_localized": category,
            "input": f"POST {call.url}",
            "extra": extra,
        }
    return results


def with_default(results: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {"__default__": "\n".join(f"{one['name']}: {one['value']}" for one in results.values()), **results}


def webhook_of(call: hooks.Outcome, generation: str) -> Any:
    """`@webhook` after a call. New engine: the call with its status; old engine: the answer's JSON."""
    found = hooks.json_of(call)
    if generation == "9":
        return found if found is not None else {}
    return {"__default__": f"POST {call.url}", "status": call.status, "headers": dict(call.headers), "json": found}
