"""What the relay must be told: a frozen Settings, checked when it is built."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


class SettingsError(ValueError):
    """A setting that cannot be used; one sentence says which, what came, and what is expected."""


REQUIRED = (
    "RELAY_CHT_URL",
    "RELAY_CHT_USER",
    "RELAY_CHT_PASSWORD",
    "RELAY_RAPIDPRO_URL",
    "RELAY_RAPIDPRO_TOKEN",
    "RELAY_INCOMING_TOKEN",
)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Addresses and secrets of both neighbours. URLs have no trailing slash; secrets never show in the repr."""

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
    listen_host: str = "127.0.0.1"
    listen_port: int = 7070

    def __post_init__(self) -> None:
        """Refuse what cannot work. Raises SettingsError."""
        for name in ("cht_url", "rapidpro_url"):
            _check_url(f"RELAY_{name.upper()}", getattr(self, name))
            object.__setattr__(self, name, getattr(self, name).rstrip("/"))
        for name in ("rapidpro_token", "incoming_token"):
            value = getattr(self, name)
            if not value or value != value.strip() or not value.isprintable():
                raise SettingsError(f"RELAY_{name.upper()} must be a token without blanks around it.")
        if ":" in self.cht_user or not self.cht_user:
            raise SettingsError("RELAY_CHT_USER must be a user name, and basic authentication allows no colon in it.")
        for name in ("poll_seconds", "settle_seconds"):
            value = getattr(self, name)
            if not 0 < value <= 86400:
                raise SettingsError(f"RELAY_{name.upper()} must be a number above 0, at most 86400, not {value!r}.")

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read the RELAY_ variables. Raises SettingsError for a missing or unusable one."""
        missing = [name for name in REQUIRED if not environ.get(name)]
        if missing:
            raise SettingsError(f"Set {', '.join(missing)} in the environment: the relay cannot work without.")
        host, port = _listen(environ.get("RELAY_LISTEN") or "127.0.0.1:7070")
        return cls(
            **{name.removeprefix("RELAY_").lower(): environ[name] for name in REQUIRED},
            database=environ.get("RELAY_DATABASE") or "sqlite:///relay.db",
            poll_seconds=_seconds("RELAY_POLL_SECONDS", environ.get("RELAY_POLL_SECONDS") or "60"),
            settle_seconds=_seconds("RELAY_SETTLE_SECONDS", environ.get("RELAY_SETTLE_SECONDS") or "120"),
            listen_host=host,
            listen_port=port,
        )


def _check_url(name: str, value: str) -> None:
    try:
        url = urlsplit(value)
        usable = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise SettingsError(f"{name} must be an address such as https://example.org, not {value!r}.")
    if url.username or url.password or url.query or url.fragment:
        raise SettingsError(f"{name} must be a plain address without user, password, ? or #.")


def _listen(value: str) -> tuple[str, int]:
    host, colon, port = value.rpartition(":")
    if not colon or not host or not (port.isascii() and port.isdigit()) or int(port) > 65535:
        raise SettingsError(f"RELAY_LISTEN must be HOST:PORT, port 0 to 65535, such as 127.0.0.1:7070, not {value!r}.")
    return host.strip("[]"), int(port)


def _seconds(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise SettingsError(f"{name} must be a number of seconds, such as 60 or 0.5, not {value!r}.") from None
