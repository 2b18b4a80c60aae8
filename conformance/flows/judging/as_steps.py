"""What was seen as steps of a file: without what changes from run to run, and without secrets."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from conformance.flows.playing.matching import with_stand_ins
from conformance.flows.playing.stretch import Reply, WebhookCall
from fakes.redaction import Redaction

SECRET_NAME = re.compile("key|token|secret|passw|pwd|auth|cred|login", re.IGNORECASE)
"""Names of globals, headers and keys whose values are secrets."""
SHORTEST_SECRET = 4
_HIDDEN = re.compile(r"\[hidden[^\]]*\]")


def redaction_of(globals_: Mapping[str, str]) -> Redaction:
    """Hides the globals that are secrets by their names."""
    return Redaction(
        {name: value for name, value in globals_.items() if SECRET_NAME.search(name) and len(value) >= SHORTEST_SECRET}
    )


def reply_step(seen: Reply) -> Any:
    """The value of a `reply` step."""
    return with_stand_ins(seen.as_step())


def call_step(seen: WebhookCall, wanted: Mapping[str, Any] | None, redaction: Redaction) -> Any:
    """The value of a `call` step; of the body and the headers only what `wanted` is about, or else the whole body."""
    step: dict[str, Any] = {"request": _HIDDEN.sub("*", redaction.text(with_stand_ins(seen.request)))}
    names = [name for name in (wanted or {}).get("headers") or {} if not SECRET_NAME.search(name)]
    found = {name.lower(): value for name, value in seen.headers.items()}
    headers = {name: with_stand_ins(found[name.lower()]) for name in names if name.lower() in found}
    if headers:
        step["headers"] = headers
    if wanted is None or "body" in wanted:
        body = _without_secrets(with_stand_ins(_parsed(seen.body)), redaction)
        model = (wanted or {}).get("body")
        step["body"] = like(body, model) if isinstance(model, Mapping) else body
    return step if len(step) > 1 and step.get("body", "") != "" else step["request"]


def _parsed(body: str) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return body


def _without_secrets(value: Any, redaction: Redaction) -> Any:
    if isinstance(value, str):
        return redaction.text(value)
    if isinstance(value, Mapping):
        kept = {name: one for name, one in value.items() if not (isinstance(one, str) and redaction.concerns(one))}
        return {name: _without_secrets(one, redaction) for name, one in kept.items()}
    return [_without_secrets(one, redaction) for one in value] if isinstance(value, list) else value


def like(seen: Any, wanted: Any) -> Any:
    """Of JSON only what the expectation is about."""
    if not isinstance(wanted, Mapping) or not isinstance(seen, Mapping) or set(wanted) in ({"contains"}, {"pattern"}):
        return seen
    return {key: like(seen[key], one) for key, one in wanted.items() if key in seen}


def alike(seen: Sequence[Any], wanted: Sequence[Any]) -> list[Any]:
    """Of each document what the expectation in its place is about, or, without one, what makes it known."""
    models = [*wanted, *[None] * len(seen)]
    pairs = zip(seen, models, strict=False)
    return [(like(one, model) if model is not None else None) or report_step(one) for one, model in pairs]


def report_step(seen: Any) -> Any:
    """Of a report what a file may expect: who sent it, its form and fields, and the text."""
    if not isinstance(seen, Mapping):
        return seen
    kept = {key: seen[key] for key in ("from", "form", "fields") if seen.get(key)}
    message = (seen.get("sms_message") or {}).get("message")
    return {**kept, **({} if message is None else {"sms_message": {"message": message}})}
