"""What the last sessions did, for people: the path with node types, messages, webhook calls, results and errors."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

from fakes.clock import format_moment
from fakes.rapidpro.flows.bundles.library import Library
from fakes.rapidpro.flows.engine import Event, FieldValue, Session
from fakes.rapidpro.flows.engine.definitions import Node
from fakes.rapidpro.mailroom.sessions.work import Done

KEPT = 500
"""Stretches that are kept, of all contacts together."""
MAX_SHOWN = 10_000
"""Characters of a request or an answer, as in RapidPro's log of calls."""
HIDDEN = frozenset({"node_entered", "run_started", "run_ended", "msg_wait"})


class History:
    """The last stretches of all sessions. Callers hold the service's lock."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._done: deque[Done] = deque(maxlen=KEPT)
        self._interrupted: deque[str] = deque(maxlen=KEPT)

    def clear(self) -> None:
        """Forget everything."""
        self._done.clear()
        self._interrupted.clear()

    def add(self, done: Done) -> None:
        """A stretch ended."""
        self._done.append(done)

    def interrupted(self, session: Session) -> None:
        """A session that waited was ended by another one."""
        self._interrupted.append(session.uuid)

    def sessions_of(self, contact: Any) -> list[dict[str, Any]]:
        """The contact's sessions, oldest first, each with its runs and stretches."""
        found: dict[str, list[Done]] = {}
        for done in self._done:
            if done.work.contact is contact and done.session is not None:
                found.setdefault(done.session.uuid, []).append(done)
        return [self._session(stretches) for stretches in found.values()]

    def _session(self, stretches: list[Done]) -> dict[str, Any]:
        last, first = stretches[-1].session, stretches[0].work
        assert last is not None
        status = "interrupted" if last.uuid in self._interrupted else last.status
        return {
            "session": last.uuid,
            "trigger": {"type": first.trigger.type, "keyword": first.trigger.keyword},
            "status": status,
            "runs": [
                {
                    "uuid": run.uuid,
                    "flow": run.flow_name,
                    "status": "interrupted" if run.is_open and status == "interrupted" else run.status,
                    "results": {
                        key: {"name": one.name, "value": one.value, "category": one.category}
                        for key, one in run.results.items()
                    },
                }
                for run in last.runs
            ],
            "stretches": [self._stretch(one) for one in stretches],
        }

    def _stretch(self, done: Done) -> dict[str, Any]:
        session, given = done.session, done.work.given
        assert session is not None
        steps: list[dict[str, Any]] = []
        for event in done.events:
            if event.run is None:
                continue
            run = session.runs[event.run]
            if event.type == "node_entered" or not steps or steps[-1]["run"] != run.uuid:
                node = self._node(run.flow_uuid, event.node_uuid)
                steps.append(
                    {"run": run.uuid, "flow": run.flow_name, "node": event.node_uuid, "type": node, "events": []}
                )
            if event.type not in HIDDEN:
                steps[-1]["events"].append(_plain(event, done))
        return {
            "at": format_moment(done.work.at),
            "cause": done.work.cause,
            "text": None if given is None else given.text,
            "steps": [one for one in steps if one["node"]],
            "status": session.status,
        }

    def _node(self, flow_uuid: str, node_uuid: str) -> str:
        flow = self._library.flows().find(flow_uuid)
        node = None if flow is None else flow.node(node_uuid)
        return "" if node is None else node_type(node)


def node_type(node: Node) -> str:
    """What a node does: its actions, then its wait or router."""
    parts = list(dict.fromkeys(action.type for action in node.actions))
    if node.router is not None:
        wait = node.router.wait
        parts.append(node.router.type if wait is None else f"wait {wait.type}")
    return " + ".join(parts) or "empty"


def _plain(event: Event, done: Done) -> dict[str, Any]:
    if event.type == "webhook_called":
        return {"type": event.type, **shown_call(event.values, done.call_problems)}
    return {"type": event.type, **{key: _value(one) for key, one in event.values.items()}}


def _value(value: Any) -> Any:
    return value.text if isinstance(value, FieldValue) else value


def shown_call(values: Mapping[str, Any], problems: Mapping[int, str]) -> dict[str, Any]:
    """A webhook call: method, url, request, status, body, error. Headers are in the ledger, without secrets."""
    request = values["request"]
    return {
        "method": request.method,
        "url": request.url,
        "request": request.body[:MAX_SHOWN],
        **{key: _cut(one) for key, one in call_outcome(values, problems).items()},
    }


def _cut(value: Any) -> Any:
    return value[:MAX_SHOWN] if isinstance(value, str) else value


def call_outcome(values: Mapping[str, Any], problems: Mapping[int, str]) -> dict[str, Any]:
    """status (0: no answer), the answer's body, and what was wrong with it."""
    last = values["exchanges"][-1] if values["exchanges"] else None
    answer = None if last is None else last.answer
    body, error = "", None
    if values["status_code"] == 0 or answer is None:
        found = "" if last is None else problems.get(id(last.request), "")
        error = found or "the call could not be repeated: its body was gone"
    elif values["status"] == "connection_error":
        error = "body too large or cut off"
    else:
        body = answer.body.decode("utf-8", "replace")
    return {"status": values["status_code"], "body": body, "error": error}
