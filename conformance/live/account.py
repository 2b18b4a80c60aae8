"""Checks on a live CHT before it is judged: whether it answers, to whom, and whether judging it would do harm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import requests

from conformance.services.neighbours import INCOMING_TOKEN, RAPIDPRO_TOKEN, Neighbours
from conformance.verdicts import HarnessBroken

WAITING = frozenset({"scheduled", "pending", "forwarded-to-gateway"})
RIGHT_PATH_SINCE = (4, 1)
"""The first release whose path for incoming texts is spelt correctly."""
ADMIN_ROLES = frozenset({"_admin", "admin"})
TIMEOUT = 20.0


@dataclass(frozen=True, slots=True)
class Account:
    """A CHT, and an administrator of it."""

    url: str
    user: str
    password: str

    def neighbours(self, rapidpro_url: str) -> Neighbours:
        """The addresses and secrets for this CHT as a relay."""
        return Neighbours(self.url, self.user, self.password, rapidpro_url, RAPIDPRO_TOKEN, INCOMING_TOKEN)


def check_account(session: requests.Session, account: Account) -> str:
    """The version of the CHT. HarnessBroken if it does not answer, refuses the password, or is not a CHT."""
    about = _ask(session, account, "/_session")
    roles = about.get("userCtx", {}).get("roles", []) if isinstance(about.get("userCtx"), dict) else []
    if not ADMIN_ROLES & set(roles):
        raise HarnessBroken(f"{account.user} is no administrator of the CHT at {account.url}: use another --cht-user")
    # `/api/info` does not tell the release: it has the same version in all of them.
    return str(_ask(session, account, "/api/deploy-info").get("version") or "unknown")


def _ask(session: requests.Session, account: Account, path: str) -> dict[str, Any]:
    where = f"the CHT at {account.url}"
    try:
        answer = session.get(
            account.url + path,
            auth=(account.user, account.password),
            headers={"Accept": "application/json"},
            timeout=TIMEOUT,
        )
    except requests.RequestException as failure:
        raise HarnessBroken(f"{where} cannot be reached ({type(failure).__name__}): is it running?") from None
    if answer.status_code in (401, 403):
        raise HarnessBroken(f"{where} refuses {account.user}: check --cht-user and the password in CHT_PASSWORD")
    if answer.status_code == 429:
        raise HarnessBroken(f"{where} has received too many wrong passwords: wait a minute, then try again")
    try:
        found = answer.json()
    except ValueError:
        found = None
    if not answer.ok or not isinstance(found, dict):
        raise HarnessBroken(f"{where} answers {path} with {answer.status_code}: is it a CHT, and has it started up?")
    return found


def check_nothing_waits(docs: Sequence[Mapping[str, Any]]) -> None:
    """HarnessBroken if CHT has texts to send: they would go to the fake RapidPro, and to nobody else."""
    waiting = sum(
        task.get("state") in WAITING
        for doc in docs
        for task in (*(doc.get("tasks") or ()), *(doc.get("scheduled_tasks") or ()))
    )
    if waiting:
        raise HarnessBroken(
            f"this CHT has {waiting} texts to send, now or later. They would go to the fake RapidPro and be lost: "
            "judge a test instance that has none"
        )


def documents_of(docs: Sequence[Mapping[str, Any]], numbers: Set[str]) -> list[Mapping[str, Any]]:
    """The documents that are from these numbers, or have a text for one of them."""
    return [doc for doc in docs if doc.get("from") in numbers or _recipients(doc) & numbers]


def _recipients(doc: Mapping[str, Any]) -> frozenset[str]:
    tasks = (*(doc.get("tasks") or ()), *(doc.get("scheduled_tasks") or ()))
    return frozenset(str(message.get("to")) for task in tasks for message in task.get("messages") or ())


def release_of(version: str) -> tuple[int, ...]:
    """`5.2.0-beta.1` as (5, 2); an unreadable one counts as new."""
    parts = version.split(".")[:2]
    return tuple(map(int, parts)) if len(parts) == 2 and all(part.isdigit() for part in parts) else RIGHT_PATH_SINCE
