"""The two neighbours as the stranger's relay calls them: one class each, with what counts as success."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Protocol

import requests

from tests.careful.choices import Choices
from tests.careful.notebook import Outgoing

TIMEOUT = 15


class Config(Protocol):
    """The settings that it is given."""

    @property
    def cht_url(self) -> str: ...
    @property
    def cht_user(self) -> str: ...
    @property
    def cht_password(self) -> str: ...
    @property
    def rapidpro_url(self) -> str: ...
    @property
    def rapidpro_token(self) -> str: ...
    @property
    def incoming_token(self) -> str: ...
    @property
    def database(self) -> str: ...
    @property
    def poll_seconds(self) -> float: ...


class Away(Exception):
    """A neighbour does not answer, or not as it should."""


class Refused(Away):
    """RapidPro answered with this status, and did nothing, as far as it says. `wait`: for how long it wants none."""

    def __init__(self, status: int, wait: float) -> None:
        super().__init__(str(status))
        self.status, self.wait = status, wait


class ChtSide:
    """CHT's gateway API."""

    def __init__(self, settings: Config, session: requests.Session, choices: Choices) -> None:
        self._url, self._http, self._choices = f"{settings.cht_url}/api/sms", session, choices
        self._auth = (settings.cht_user, settings.cht_password)
        self._headers = {"Accept": "application/json"} if choices.prefers_json else {}

    def exchange(self, texts: Sequence[dict[str, str]], updates: Sequence[dict[str, str]]) -> list[dict[str, Any]]:
        """Hand texts and states over. Returns what CHT has to send. Away unless CHT says that it took all."""
        options: dict[str, Any] = {"auth": self._auth, "headers": self._headers, "timeout": TIMEOUT}
        body = {"messages": list(texts), "updates": list(updates)}
        try:
            if self._choices.asks_first:
                hello = self._http.request("GET", self._url, **options)
                if hello.json() != {"medic-gateway": True}:
                    raise Away
            answer = self._http.request("POST", self._url, json=body, **options)
            found = answer.json()["messages"] if answer.status_code == 200 else None
        except (requests.RequestException, ValueError, KeyError, TypeError):
            raise Away from None
        if not isinstance(found, list):
            raise Away
        return found


class RapidProSide:
    """RapidPro's API v2."""

    def __init__(self, settings: Config, session: requests.Session) -> None:
        self._url, self._http = settings.rapidpro_url, session
        self._headers = {"Authorization": f"Token {settings.rapidpro_token}"}

    def call(self, method: str, path: str, **options: Any) -> requests.Response:
        """One call. Away if the answer is lost, Refused if RapidPro has a problem with the caller or itself."""
        url = path if path.startswith("http") else f"{self._url}/api/v2/{path}"
        try:
            answer = self._http.request(method, url, headers=self._headers, timeout=TIMEOUT, **options)
        except requests.RequestException:
            raise Away from None
        if answer.status_code in (401, 403, 408, 429) or answer.status_code >= 500:
            wait = answer.headers.get("Retry-After", "") if answer.status_code == 429 else "0"
            raise Refused(answer.status_code, float(wait) + 1 if wait.isdigit() else 60)
        return answer

    def all(self, path: str) -> list[dict[str, Any]]:
        """All rows of a list, over all of its pages."""
        rows: list[dict[str, Any]] = []
        seen: set[str] = set()
        while path and path not in seen:
            seen.add(path)
            found = parsed(self.call("GET", path))
            if not isinstance(found.get("results"), list):
                raise Away
            rows += [row for row in found["results"] if isinstance(row, dict) and isinstance(row.get("id"), int)]
            path = str(found.get("next") or "")
        return rows


def is_of(row: dict[str, Any], one: Outgoing) -> bool:
    """Whether a broadcast of RapidPro's list is this text."""
    text = row.get("text")
    words = [str(word) for word in text.values()] if isinstance(text, dict) else [str(text)]
    return one.words.replace("@", "@@").strip() in [word.strip() for word in words] and any(
        digits(urn) == digits(one.number) for urn in row.get("urns") or ()
    )


def digits(urn: object) -> str:
    """The digits of a number."""
    return re.sub(r"\D", "", str(urn))


def parsed(answer: requests.Response) -> dict[str, Any]:
    """The JSON object of an answer; empty if it is none."""
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
