"""The addresses of a subject's neighbours, and the secrets that it needs for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

RAPIDPRO_TOKEN = "RAPIDPRO-TEST-TOKEN-0000000000000000000000"
INCOMING_TOKEN = "relay-incoming-token"
CHT_ADMIN = ("admin", "pass")
CHT_GATEWAY = ("gateway", "gateway-pass")


@dataclass(frozen=True, slots=True)
class Neighbours:
    """Addresses and secrets of the subject's neighbours (the environment of `python -m relay`)."""

    cht_url: str
    cht_user: str
    cht_password: str
    rapidpro_url: str
    rapidpro_token: str
    incoming_token: str

    def secrets(self) -> Mapping[str, str]:
        """The secrets by name; the owner is before the colon."""
        return {
            "rapidpro:relay": self.rapidpro_token,
            f"cht:password of {self.cht_user}": self.cht_password,
            "relay:incoming token": self.incoming_token,
        }

    def environment(self) -> Mapping[str, str]:
        """These settings as environment variables."""
        return {
            "RELAY_CHT_URL": self.cht_url,
            "RELAY_CHT_USER": self.cht_user,
            "RELAY_CHT_PASSWORD": self.cht_password,
            "RELAY_RAPIDPRO_URL": self.rapidpro_url,
            "RELAY_RAPIDPRO_TOKEN": self.rapidpro_token,
            "RELAY_INCOMING_TOKEN": self.incoming_token,
        }


def neighbours(cht_url: str, rapidpro_url: str) -> Neighbours:
    """The neighbours at these URLs, with the secrets of the built-in seeds."""
    return Neighbours(cht_url, *CHT_GATEWAY, rapidpro_url, RAPIDPRO_TOKEN, INCOMING_TOKEN)
