"""What the relay must be told: a frozen Settings, checked when it is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any
from urllib.parse import urlsplit


class SettingsError(ValueError):
    """A setting that cannot be used; one sentence says which, what came, and what is expected."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Addresses and secrets of both neighbours; each is RELAY_ and its name in the environment.

    URLs have no trailing slash; secrets never show in the repr. Raises SettingsError for what cannot work.
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
    """After a lost answer: how long RapidPro may take until its lists show what it accepted."""
    listen: str = "127.0.0.1:7070"

    def __post_init__(self) -> None:
        for name in ("cht_url", "rapidpro_url"):
            object.__setattr__(self, name, _url(f"RELAY_{name.upper()}", getattr(self, name)))
        for name in ("rapidpro_token", "incoming_token"):
            value = getattr(self, name)
            if not value or value != value.strip() or not value.isprintable():
                raise SettingsError(f"RELAY_{name.upper()} must be a token without blanks around it.")
        if ":" in self.cht_user or not self.cht_user:
            raise SettingsError("RELAY_CHT_USER must be a user name, and basic authentication allows no colon in it.")
        for name in ("poll_seconds", "settle_seconds"):
            object.__setattr__(self, name, _seconds(f"RELAY_{name.upper()}", getattr(self, name)))
        host, _, port = self.listen.rpartition(":")
        if not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
            raise SettingsError(f"RELAY_LISTEN must be HOST:PORT, such as 127.0.0.1:7070, not {self.listen!r}.")

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read the RELAY_ variables; an empty one counts as not set. Raises SettingsError."""
        names = {one.name: f"RELAY_{one.name.upper()}" for one in fields(cls)}
        missing = [
            names[one.name] for one in fields(cls) if one.default is MISSING and not environ.get(names[one.name])
        ]
        if missing:
            raise SettingsError(f"Set {', '.join(missing)} in the environment: the relay cannot work without.")
        given: dict[str, Any] = {name: environ[key] for name, key in names.items() if environ.get(key)}
        return cls(**given)


def _url(name: str, value: str) -> str:
    try:
        url = urlsplit(value)
        usable = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(f"{name} must be an address such as https://example.org, not {value!r}.")
    if url.username or url.password or url.query or url.fragment:
        raise SettingsError(f"{name} must be a plain address without user, password, ? or #.")
    return value.rstrip("/")


def _seconds(name: str, value: float | str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds <= 86400:
        raise SettingsError(f"{name} must be a number of seconds above 0, at most 86400, not {value!r}.")
    return seconds
