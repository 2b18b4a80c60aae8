"""Secrets and addresses in a session: they are names in its file, and values again when it is played."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from conformance.services.base import Services
from conformance.workbench.session.actions import Action
from fakes.redaction import Redaction

WRITES_SECRETS = re.compile(
    r"/rapidpro/tokens/|/rapidpro/webhook$|/cht/credentials/|/api/v1/credentials/|/api/v\d/users"
)
"""Paths whose bodies set secrets that nobody knows before."""
SECRET_FIELDS = frozenset({"key", "token", "password", "value"})
UNKNOWN = "a-secret-that-is-not-in-the-session"
"""What stands for a secret that no one but the person knew: a relay that has another one is refused either way."""


class Names:
    """What is replaced in both directions: longest values first, since one may contain another.

    `secrets` knows all secrets of the fakes at the moment: what still has one in it is not told at all.
    """

    def __init__(self, services: Services, relay_url: str, secrets: Callable[[], Redaction]) -> None:
        self._secrets = secrets
        given = services.neighbours
        values = {
            "{rapidpro}": given.rapidpro_url,
            "{cht}": given.cht_url,
            "{relay}": relay_url,
            "{rapidpro_token}": given.rapidpro_token,
            "{incoming_token}": given.incoming_token,
            "{cht_password}": given.cht_password,
        }
        self._values = {name: value for name, value in values.items() if value}
        self._accounts = {
            "{cht_admin}": basic(*services.cht_admin),
            "{cht_gateway}": basic(given.cht_user, given.cht_password),
            "{relay_token}": f"Token {given.rapidpro_token}",
        }

    def hidden(self, action: Action) -> Action | None:
        """The action with names; None if it cannot be told without a secret."""
        headers = dict(action.headers)
        if "authorization" in headers:
            role = next((name for name, value in self._accounts.items() if value == headers["authorization"]), None)
            if role is None:
                return None
            headers["authorization"] = role
        if action.path.endswith("/seed"):
            return None  # it is full of secrets: users, tokens, passwords
        pairs = sorted(self._values.items(), key=lambda pair: -len(pair[1]))
        found = _replaced(replace(action, headers=headers), {value: name for name, value in pairs})
        if WRITES_SECRETS.search(action.path):
            found = replace(found, body=self._without_unknown(found.body))
        return (
            None
            if self._secrets().concerns(f"{found.path} {found.query} {found.body.decode(errors='replace')}")
            else found
        )

    def hide(self, text: str) -> str:
        """A text with names in place of what they stand for, and no other secret in it."""
        for name, value in sorted(self._values.items(), key=lambda pair: -len(pair[1])):
            text = text.replace(value, name)
        secrets = self._secrets()
        return secrets.text(text) if secrets.concerns(text) else text

    def shown(self, action: Action) -> Action:
        """The action with the values of this world."""
        headers = dict(action.headers)
        role = headers.get("authorization")
        if role is not None:
            headers["authorization"] = self._accounts.get(role, role)
        return _replaced(replace(action, headers=headers), self._values)

    def _without_unknown(self, body: bytes) -> bytes:
        """The body with a placeholder in place of what its fields of secrets hold, unless it is a name already."""
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            return UNKNOWN.encode() if body else b""
        if isinstance(content, str):
            return json.dumps(UNKNOWN).encode()
        return json.dumps(self._hidden_fields(content)).encode()

    def _hidden_fields(self, content: Any) -> Any:
        if not isinstance(content, dict):
            return content
        return {
            name: UNKNOWN
            if name in SECRET_FIELDS and isinstance(value, str) and value not in self._values
            else self._hidden_fields(value)
            for name, value in content.items()
        }


def basic(user: str, password: str) -> str:
    """The Authorization header of a user."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def _replaced(action: Action, words: Mapping[str, str]) -> Action:
    path, query, body = action.path, action.query, action.body
    for old, new in words.items():
        path, query, body = path.replace(old, new), query.replace(old, new), body.replace(old.encode(), new.encode())
    return replace(action, path=path, query=query, body=body)
