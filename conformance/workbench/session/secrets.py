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
from fakes.serving.json_depth import is_too_deep

WRITES_SECRETS = re.compile(
    r"/rapidpro/tokens/|/rapidpro/webhook$|/cht/credentials/|/api/v1/credentials/|/api/v\d/users|/_users/"
)
"""Paths whose bodies set secrets that nobody knows before."""
ANYWHERE = re.compile(r"(?i)(token|secret|passw(or)?d|authorization|api[-_]?key|credentials?)$")
"""Fields that hold secrets, wherever they are: headers and globals of flows, for instance."""
IN_PATHS_OF_SECRETS = re.compile(rf"{ANYWHERE.pattern}|^(?:key|value|x-.*)$")
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
        longest_first = sorted(values.items(), key=lambda pair: -len(pair[1]))
        self._values = {name: value for name, value in longest_first if value}
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
        found = _replaced(replace(action, headers=headers), {value: name for name, value in self._values.items()})
        found = replace(found, body=self._without_unknown(found.body, bool(WRITES_SECRETS.search(action.path))))
        whole = f"{found.path} {found.query} {found.body.decode(errors='replace')}"
        return None if self._secrets().concerns(whole) else found

    def hide(self, text: str) -> str:
        """A text with names in place of what they stand for, and no other secret in it."""
        for name, value in self._values.items():
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

    def _without_unknown(self, body: bytes, writes_secrets: bool) -> bytes:
        """The body with a placeholder in place of what its fields of secrets hold, unless it is a name already."""
        try:
            content = json.loads(body)
        except (ValueError, RecursionError):
            return UNKNOWN.encode() if body and writes_secrets else body
        if is_too_deep(content):
            return body
        if writes_secrets and isinstance(content, str):
            return json.dumps(UNKNOWN).encode()
        hidden = self._hidden_fields(content, IN_PATHS_OF_SECRETS if writes_secrets else ANYWHERE)
        return body if hidden == content else json.dumps(hidden).encode()

    def _hidden_fields(self, content: Any, fields: re.Pattern[str]) -> Any:
        if isinstance(content, list):
            return [self._hidden_fields(one, fields) for one in content]
        if not isinstance(content, dict):
            return content
        return {
            name: UNKNOWN
            if isinstance(value, str) and fields.search(name) and self._is_unknown(value)
            else self._hidden_fields(value, fields)
            for name, value in content.items()
        }

    def _is_unknown(self, value: str) -> bool:
        """Whether it is a value: not empty, no name of ours, no expression of a flow."""
        return bool(value) and "@" not in value and not any(name in value for name in self._values)


def basic(user: str, password: str) -> str:
    """The Authorization header of a user."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def _replaced(action: Action, words: Mapping[str, str]) -> Action:
    path, query, body = action.path, action.query, action.body
    for old, new in words.items():
        path, query, body = path.replace(old, new), query.replace(old, new), body.replace(old.encode(), new.encode())
    return replace(action, path=path, query=query, body=body)
