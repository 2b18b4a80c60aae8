"""Access control: basic authentication, permissions, the limit on failed logins.

Stands for cht-core `api/src/auth.js`, `api/src/middleware/authorization.js` and `api/src/services/rate-limit.js`.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from fakes.cht.api.http import Request
from fakes.cht.errors import HttpError, Unauthorized
from fakes.cht.state import State, User

ADMIN_ROLES = ("admin", "_admin")
ONLINE_ROLES = (*ADMIN_ROLES, "mm-online")
FAILURES = 10
"""Number of failed logins after which basic authentication is refused."""
WINDOW = 10.0
"""Seconds for which failures count, from the first one."""


def user_of(request: Request, state: State) -> User | None:
    """The user whose name and password the request carries, or None if they are not valid."""
    credentials = request.basic_credentials
    if credentials is None:
        return None
    with state.lock:
        user = state.users.get(credentials[0])
    expected = user.password if user is not None else ""
    matches = hmac.compare_digest(expected.encode(), credentials[1].encode("utf-8", "surrogatepass"))
    return user if user is not None and matches else None


def is_admin(user: User) -> bool:
    """Whether the user has all permissions."""
    return any(role in ADMIN_ROLES for role in user.roles)


def logged_in(request: Request, state: State, *, prompt: bool = False) -> User:
    """The user of the request. Raises Unauthorized."""
    user = user_of(request, state)
    if user is None:
        raise Unauthorized(prompt)
    return user


def online_user(request: Request, state: State) -> User:
    """The user of the request, who may access the database. Raises Unauthorized, Forbidden."""
    user = logged_in(request, state)
    if not any(role in ONLINE_ROLES for role in user.roles):
        raise Forbidden
    return user


def permitted(request: Request, state: State, permissions: Iterable[str], *, prompt: bool = False) -> User:
    """The user of the request, who has all of the permissions. Raises Unauthorized, HttpError(403)."""
    user = logged_in(request, state, prompt=prompt)
    granted = state.settings.get("permissions")
    if not is_admin(user) and not all(_has(user, granted, permission) for permission in permissions):
        raise HttpError(403, "Insufficient privileges")
    return user


def _has(user: User, granted: object, permission: str) -> bool:
    roles = granted.get(permission) if isinstance(granted, dict) else None
    return isinstance(roles, list) and any(role in roles for role in user.roles)


class Forbidden(Exception):
    """A user without an online role calls the database; the reply is JSON whatever `Accept` says."""


@dataclass(slots=True)
class _Count:
    failures: int
    since: float


class LoginLimit:
    """Counts failed logins by address, by user name and by password, each in a window from the first failure on."""

    def __init__(self) -> None:
        self._counts: dict[str, _Count] = {}

    def clear(self) -> None:
        """Remove all counts."""
        self._counts.clear()

    def refuses(self, request: Request, now: float) -> bool:
        """Whether the request uses basic authentication and exceeds the limit. `now` in seconds."""
        if not self._counts:  # the usual case
            return False
        credentials = request.basic_credentials
        if credentials is None or not credentials[0]:
            return False
        return any(self._failures(key, now) >= FAILURES for key in _keys(request, credentials))

    def failed(self, request: Request, now: float) -> None:
        """Count a 401 reply. `now` in seconds."""
        if len(self._counts) > 10_000:
            self._counts = {key: count for key, count in self._counts.items() if now - count.since < WINDOW}
        for key in _keys(request, request.basic_credentials):
            count = self._counts.get(key)
            if count is None or now - count.since >= WINDOW:
                self._counts[key] = _Count(1, now)
            else:
                count.failures += 1

    def _failures(self, key: str, now: float) -> int:
        count = self._counts.get(key)
        return 0 if count is None or now - count.since >= WINDOW else count.failures


def _keys(request: Request, credentials: tuple[str, str] | None) -> list[str]:
    return [key for key in (request.address, *(credentials or ())) if key]
