"""The relay's settings: a frozen dataclass, validated when it is created."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import MISSING, dataclass, field, fields
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit


def _is_plain_url(value: str) -> bool:
    url = urlsplit(value)
    plain = not (url.username or url.password or url.query or url.fragment)
    return url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0 and plain


def _is_address(value: str) -> bool:
    return bool(urlsplit(f"//{value}").hostname) and urlsplit(f"//{value}").port is not None


KINDS: Mapping[str, tuple[Callable[[Any], Any], Callable[[Any], Any], str]] = MappingProxyType(
    {
        "url": (lambda url: url.rstrip("/"), _is_plain_url, "a URL such as https://example.org, without user, ? or #"),
        "user": (str, re.compile("[^:]+").fullmatch, "a user name without a colon, as basic authentication requires"),
        "token": (str, re.compile(r"\S+").fullmatch, "a token without spaces"),
        "seconds": (float, lambda seconds: 0 < seconds <= 86400, "a number of seconds above 0, at most 86400"),
        "listen": (str, _is_address, "HOST:PORT, such as 127.0.0.1:7070"),
    }
)
"""By the last word of a setting's name: how it is converted, whether it is valid, what it must be."""


class SettingsError(ValueError):
    """An invalid setting. The message is one sentence that names it and says what is expected."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Addresses, credentials and intervals. The environment variable of a field is RELAY_ and its name.

    URLs have no trailing slash, and the repr shows no secrets. Raises SettingsError for invalid values.
    """

    cht_url: str
    cht_user: str
    cht_password: str = field(repr=False)
    rapidpro_url: str
    rapidpro_token: str = field(repr=False)
    incoming_token: str = field(repr=False)
    database: str = field(default="sqlite:///relay.db", repr=False)
    poll_seconds: float = 60.0
    settle_seconds: float = 120.0
    """After a lost response: how long RapidPro may take to list what it accepted."""
    listen: str = "127.0.0.1:7070"

    def __post_init__(self) -> None:
        for setting in fields(self):
            kind, value = setting.name.rpartition("_")[2], getattr(self, setting.name)
            convert, is_valid, expected = KINDS.get(kind, (str, bool, "set"))
            with suppress(ValueError):
                object.__setattr__(self, setting.name, convert(value))
                if is_valid(getattr(self, setting.name)):
                    continue
            shown = f", not {value!r}" if setting.repr and "@" not in str(value) else ""  # it may hold a password
            raise SettingsError(f"RELAY_{setting.name.upper()} must be {expected}{shown}.")

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Settings from the RELAY_ variables; an empty variable counts as unset. Raises SettingsError."""
        variables = {setting.name: f"RELAY_{setting.name.upper()}" for setting in fields(cls)}
        values: dict[str, Any] = {name: environ[key] for name, key in variables.items() if environ.get(key)}
        missing = [variables[s.name] for s in fields(cls) if s.default is MISSING and s.name not in values]
        if missing:
            raise SettingsError(f"Set {', '.join(missing)} in the environment: the relay cannot run without.")
        return cls(**values)
