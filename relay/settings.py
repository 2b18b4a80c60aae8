"""The relay's settings: a frozen dataclass, validated when it is created."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit


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
        for name in ("cht_url", "rapidpro_url"):
            object.__setattr__(self, name, _url(f"RELAY_{name.upper()}", getattr(self, name)))
        for name in ("rapidpro_token", "incoming_token"):
            value = getattr(self, name)
            if not value or value != value.strip() or not value.isprintable():
                raise SettingsError(f"RELAY_{name.upper()} must be a token without spaces around it.")
        if ":" in self.cht_user or not self.cht_user:
            raise SettingsError("RELAY_CHT_USER must be a user name without a colon, as basic authentication requires.")
        for name in ("poll_seconds", "settle_seconds"):
            object.__setattr__(self, name, _seconds(f"RELAY_{name.upper()}", getattr(self, name)))
        host, _, port = self.listen.rpartition(":")
        if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
            raise SettingsError(f"RELAY_LISTEN must be HOST:PORT, such as 127.0.0.1:7070, not {self.listen!r}.")

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Settings from the RELAY_ variables; an empty variable counts as unset. Raises SettingsError."""
        variables = {setting.name: f"RELAY_{setting.name.upper()}" for setting in fields(cls)}
        required = [variables[setting.name] for setting in fields(cls) if setting.default is MISSING]
        missing = [variable for variable in required if not environ.get(variable)]
        if missing:
            raise SettingsError(f"Set {', '.join(missing)} in the environment: the relay cannot run without.")
        values: dict[str, Any] = {name: environ[key] for name, key in variables.items() if environ.get(key)}
        return cls(**values)


def _url(variable: str, value: str) -> str:
    try:
        url = urlsplit(value)
        valid = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        valid = False
    if not valid:
        raise SettingsError(f"{variable} must be a URL such as https://example.org, not {value!r}.")
    if url.username or url.password or url.query or url.fragment:
        raise SettingsError(f"{variable} must be a plain URL without user, password, ? or #.")
    return value.rstrip("/")


def _seconds(variable: str, value: float | str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 86400:
        raise SettingsError(f"{variable} must be a number of seconds above 0, at most 86400, not {value!r}.")
    return seconds
