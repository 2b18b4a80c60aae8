"""What a person's sessions in flows did, as lines for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Json = Mapping[str, Any]


def session_lines(found: Json) -> Iterator[str]:
    """The sessions that the control API shows: each with its stretches, nodes and events, then its runs."""
    if not found["sessions"]:
        yield f"{found['number']} has been in no flow"
    for session in found["sessions"]:
        keyword = session["trigger"]["keyword"]
        yield f"session {session['session']}: {session['status']}" + (f", keyword {keyword}" if keyword else "")
        for stretch in session["stretches"]:
            yield from _stretch_lines(stretch)
        for run in session["runs"]:
            yield f"  run of {run['flow']}: {run['status']}"
            for result in run["results"].values():
                yield f"    result {result['name']}: {result['value']} ({result['category'] or 'no category'})"


def _stretch_lines(stretch: Json) -> Iterator[str]:
    text = "" if stretch["text"] is None else f": {stretch['text']}"
    yield f"  {stretch['at']}  {stretch['cause']}{text}"
    for step in stretch["steps"]:
        yield f"    {step['flow']}: {step['type']}"
        for event in step["events"]:
            yield f"      {_event_line(event)}"


def _event_line(event: Json) -> str:
    kind = event["type"]
    if kind == "msg_created":
        return f"message: {event['text']}" + (f" (not sent: {event['unsendable']})" if event["unsendable"] else "")
    if kind == "webhook_called":
        answer = event["error"] or f"{event['status']} {event['body']}".rstrip()
        return f"{event['method']} {event['url']}: {answer}"
    if kind == "run_result_changed":
        return f"result {event['name']}: {event['value']} ({event['category'] or 'no category'})"
    if kind in ("error", "warning", "failure"):
        return f"{kind}: {event['text']}"
    values = [f"{name} {value}" for name, value in event.items() if name != "type" and value not in ("", None, [])]
    return f"{kind.replace('_', ' ')}: {', '.join(values)}"
