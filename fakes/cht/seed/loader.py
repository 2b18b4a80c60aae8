"""Loading a seed: the `given` object of a recorded exchange, or the built-in default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from fakes.cht.api.settings import with_permissions
from fakes.cht.couch.documents import Doc, copy_json
from fakes.cht.state import State, User
from fakes.clock import parse_moment
from fakes.service import SeedError

DEFAULT_USERS = {
    "admin": User("admin", "pass", ("_admin",)),
    "gateway": User("gateway", "gateway-pass", ("gateway",)),
    "gateway-user": User("gateway-user", "gateway-pass", ("gateway",)),
    "plain-user": User("plain-user", "plain-pass", ("data_entry",)),
}
DEFAULT: Mapping[str, Any] = {
    "settings": {
        "locale": "en",
        "default_country_code": "250",
        "sms": {"outgoing_service": "medic-gateway"},
        "transitions": {},
        "forms": {
            "TEMP": {
                "meta": {"code": "TEMP", "label": {"en": "Temperature"}},
                "fields": {
                    "temp": {
                        "labels": {"tiny": {"en": "TEMP"}},
                        "type": "integer",
                        "position": 0,
                        "required": True,
                    }
                },
            }
        },
    },
    "credentials": {"rapidpro:incoming": "cht-incoming-token"},
}
STATE_KEYS = ("settings", "credentials", "users", "docs", "earlier_requests", "now", "server")
"""Keys that set the state."""
REPLAY_KEYS = (
    "pass",
    "passes",
    "interval_ms",
    "pending_messages",
    "broadcast_answer_after_s",
    "polled_messages",
    "first_poll_answer_after_s",
    "skip_pointer_before",
    "request",
    "task",
    "phone",
)
"""Keys of recordings that describe what happens afterwards; the replaying test does it."""


@dataclass(frozen=True)
class Seed:
    """A validated seed."""

    settings: Mapping[str, Any] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict)
    users: Mapping[str, User] = field(default_factory=dict)
    docs: tuple[Doc, ...] = ()
    earlier: tuple[Mapping[str, Any], ...] = ()
    now: datetime | None = None
    starting_up: bool = False


def read_seed(data: Any) -> Seed:
    """Validate the `given` object of a recording. Raises SeedError: what was expected, what was sent, what to do."""
    if not isinstance(data, Mapping):
        raise SeedError(
            f"A seed is an object with any of {', '.join(STATE_KEYS)}; got {_kind(data)}. Send a JSON object."
        )
    unknown = sorted(set(data) - {*STATE_KEYS, *REPLAY_KEYS})
    if unknown:
        allowed = ", ".join((*STATE_KEYS, *REPLAY_KEYS))
        raise SeedError(
            f"The keys of a seed are {allowed}; got {', '.join(map(repr, unknown))}. Remove or rename them."
        )
    return Seed(
        settings=with_permissions(copy_json(dict(_mapping(data, "settings")))),
        credentials=_texts(data, "credentials"),
        users=_users(data),
        docs=_docs(data),
        earlier=_requests(data),
        now=_moment(data),
        starting_up=_starting(data),
    )


def load_seed(seed: Seed, state: State) -> None:
    """Set the state from a seed, without the clock."""
    with state.lock:
        state.clear(copy_json(dict(seed.settings)), seed.credentials, seed.users)
        for doc in seed.docs:
            state.save({key: value for key, value in doc.items() if key != "_rev"})
        state.starting_up = seed.starting_up


def _kind(value: Any) -> str:
    return "nothing" if value is None else f"{type(value).__name__} {value!r:.60}"


def _mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise SeedError(f"`{key}` is an object; got {_kind(value)}. Write it as {{...}}.")
    return value


def _texts(data: Mapping[str, Any], key: str) -> dict[str, str]:
    found = _mapping(data, key)
    for name, value in found.items():
        if not isinstance(value, str):
            raise SeedError(f"`{key}` maps names to strings; {name!r} has {_kind(value)}. Write the value as a string.")
    return dict(found)


def _users(data: Mapping[str, Any]) -> dict[str, User]:
    if data.get("users") is None:
        return dict(DEFAULT_USERS)
    users: dict[str, User] = {"admin": DEFAULT_USERS["admin"]}
    for name, user in _mapping(data, "users").items():
        password = user.get("password") if isinstance(user, Mapping) else None
        roles = user.get("roles", []) if isinstance(user, Mapping) else None
        if not isinstance(password, str) or not isinstance(roles, list):
            raise SeedError(
                f"A user has a `password` (string) and `roles` (list); {name!r} has {_kind(user)}. "
                'Write {"password": "...", "roles": ["gateway"]}.'
            )
        users[name] = User(name, password, tuple(map(str, roles)))
    return users


def _docs(data: Mapping[str, Any]) -> tuple[Doc, ...]:
    docs = data.get("docs", [])
    if not isinstance(docs, list) or not all(isinstance(doc, dict) and isinstance(doc.get("_id"), str) for doc in docs):
        raise SeedError(
            f"`docs` is a list of documents, each with a string `_id`; got {_kind(docs)}. Give each its `_id`."
        )
    ids = [doc["_id"] for doc in docs]
    twice = next((doc_id for doc_id in ids if ids.count(doc_id) > 1), None) if len(set(ids)) < len(ids) else None
    if twice is not None:
        raise SeedError(f"Documents have distinct ids; {twice!r} occurs twice in `docs`. Remove one of them.")
    return tuple(copy_json(docs))


def _requests(data: Mapping[str, Any]) -> tuple[Mapping[str, Any], ...]:
    requests = data.get("earlier_requests", [])
    if not isinstance(requests, list):
        raise SeedError(f"`earlier_requests` is a list of requests; got {_kind(requests)}. Write it as [...].")
    for request in requests:
        if not isinstance(request, Mapping) or not {"method", "path"} <= set(request):
            raise SeedError(f"An earlier request has at least `method` and `path`; got {_kind(request)}. Add them.")
    return tuple(requests)


def _moment(data: Mapping[str, Any]) -> datetime | None:
    if data.get("now") is None:
        return None
    try:
        return parse_moment(data["now"])
    except ValueError as fault:
        raise SeedError(f"`now` is the time at the start: {fault}. Correct or remove it.") from None


def _starting(data: Mapping[str, Any]) -> bool:
    value = data.get("server")
    if value not in (None, "starting", "ready"):
        raise SeedError(f'`server` is "starting" or "ready"; got {_kind(value)}. Omit it for a server that is ready.')
    return value == "starting"
