"""A relay written as by a stranger: from the public documentation of CHT and RapidPro, without a look at ours.

It asks for each broadcast how far it is, speaks French, and keeps all that it knows in one SQLite table for each
direction. `choices.py` has what strangers may choose. `python -m tests.careful` runs it with the RELAY_* settings.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

import requests

from tests.careful.choices import HOUR, MINUTE, Choices
from tests.careful.neighbours import Away, ChtSide, Config, RapidProSide, Refused, digits, is_of, parsed
from tests.careful.notebook import Notebook, Outgoing

PATHS = ("/api/v2/sms/rapidpro/incoming-messages", "/api/v1/sms/radpidpro/incoming-messages")
WORDS = {"wired": "PENDING", "sent": "SENT", "resent": "SENT", "delivered": "DELIVERED", "read": "DELIVERED"}
ORDER = ("", "UNSENT", "PENDING", "SENT", "DELIVERED", "FAILED")
FINAL = ("DELIVERED", "FAILED")


class Stranger:
    """The relay. `app` is what RapidPro's flow calls, `work` does what is due and says when it is due next."""

    def __init__(
        self, settings: Config, now: Callable[[], datetime], session: requests.Session, choices: Choices | None = None
    ) -> None:
        self._settings, self._now = settings, now
        self._choices = choices or Choices()
        self._cht, self._rapidpro = ChtSide(settings, session, self._choices), RapidProSide(settings, session)
        self._notes = Notebook(settings.database.removeprefix("sqlite:///"))
        self._lock = threading.RLock()
        self._next_poll = self._next_send = self._next_told = 0.0
        self._troubles = 0

    def close(self) -> None:
        """Nothing is open but the notebook."""
        self._notes.close()

    def _time(self) -> float:
        return self._now().timestamp()

    # RapidPro's flow hands a text over.

    def app(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """The webhook."""
        status, words = self._answer(environ)
        body = b"" if status == 204 else words.encode()
        headers = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        start_response(f"{status} {'OK' if status < 300 else 'Refus'}", headers)
        return [body]

    def _answer(self, environ: dict[str, Any]) -> tuple[int, str]:
        if environ["PATH_INFO"] not in PATHS or environ["REQUEST_METHOD"] != "POST":
            return 404, "Rien ici"
        if environ.get("HTTP_AUTHORIZATION") != f"Token {self._settings.incoming_token}":
            return self._choices.stranger, "Jeton inconnu"
        try:
            fields = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)))
            id_, sender, words = (str(fields.get(name) or "") for name in ("id", "from", "content"))
        except (ValueError, AttributeError):
            return self._choices.incomplete, "Illisible"
        for what, value in (("l'identifiant", id_), ("l'expéditeur", sender), ("le texte", words)):
            if not value:
                return self._choices.incomplete, f"Il manque {what}"
        return self._take({"id": self._choices.prefix + id_, "from": sender, "content": words})

    def _take(self, message: dict[str, str]) -> tuple[int, str]:
        with self._lock:
            if self._choices.keeps:
                self._notes.keep(message)
                self._next_poll = 0.0
                return self._choices.taken, "Merci"
            try:
                self._cht.exchange([message], [])
            except Away:
                return 503, "CHT ne répond pas ; rien n'est gardé, renvoyez plus tard"
            return self._choices.taken, "Merci"

    # What it does by itself.

    def work(self, now: datetime) -> datetime:
        """Do what is due, and say when it is due next."""
        with self._lock:
            time = now.timestamp()
            if time >= self._next_poll:
                self._meet_cht(time)
            if time >= self._next_send:
                try:
                    self._find_out(time)
                    self._send(time)
                    self._look(time)
                except Away as trouble:
                    self._troubles += 1
                    wait = min(30 * MINUTE, 30 * 2**self._troubles)
                    asked = trouble.wait if isinstance(trouble, Refused) else 0.0
                    self._next_send = self._time() + max(wait, asked)
            due = min(self._next_poll, max(self._next_send, self._notes.next_look(self._time(), self._choices.settle)))
            return datetime.fromtimestamp(max(due, self._time() + 1), UTC)

    def _meet_cht(self, time: float) -> None:
        self._next_poll = time + (self._choices.poll or self._settings.poll_seconds)
        try:
            for _ in range(1000):
                texts = self._notes.kept(self._choices.batch)
                updates = self._notes.untold(self._choices.batch) if time >= self._next_told else []
                found = self._cht.exchange(texts, updates)
                self._notes.handed_over(texts)
                self._notes.told(updates)
                fresh = self._notes.write_down(found, self._choices.acknowledges)
                if not (texts or updates or fresh):
                    break
            if self._notes.next_look(time, self._choices.settle) <= time:
                self._next_send = min(self._next_send, max(time, self._next_send))
        except Away:
            self._next_poll = self._time() + 5 * MINUTE
        else:
            if time >= self._next_told:
                self._next_told = time + self._choices.tell_every

    def _send(self, time: float) -> None:
        done: set[str] = set()
        doubtful = {(one.number, one.words) for one in self._notes.in_state("sending")}
        for first in self._notes.in_state("new"):
            if first.id in done or (first.number, first.words) in doubtful:
                continue
            group = [first]
            if self._choices.together:
                group = self._notes.equal_to(first)
            if self._choices.checks_itself and (why := hopeless(first)):
                self._notes.fail([first], why)
                continue
            done |= {one.id for one in group}
            self._send_one(group, time)
            self._troubles = 0
        self._next_poll = min(self._next_poll, self._time() + 1) if done else self._next_poll

    def _send_one(self, group: Sequence[Outgoing], time: float) -> None:
        body = {
            "urns": [f"tel:{one.number}" for one in group],
            "text": group[0].words.replace("@", "@@"),
        }
        self._notes.sending(group, self._time())
        try:
            answer = self._rapidpro.call("POST", "broadcasts.json", json=body)
        except Refused as refusal:
            if refusal.status < 500:
                self._notes.again(group)  # it was not looked at
            raise
        found = parsed(answer)
        if answer.status_code == 400 and found:
            if len(group) > 1:
                self._notes.alone(group)
            else:
                self._notes.fail(group, f"RapidPro refuse {'le numéro' if 'urns' in found else 'le texte'} : {found}")
        elif answer.status_code == 201 and isinstance(found.get("id"), int):
            self._notes.sent(group, found["id"], time + self._choices.first_look)
        else:
            raise Away

    def _find_out(self, time: float) -> None:
        """Look in RapidPro's list for texts whose answer was lost; what is not there after a while is sent again."""
        doubtful = [one for one in self._notes.in_state("sending") if time >= one.since + self._choices.settle]
        if not doubtful:
            return
        after = datetime.fromtimestamp(min(one.since for one in doubtful) - HOUR, UTC)
        rows = self._rapidpro.all(f"broadcasts.json?after={after:%Y-%m-%dT%H:%M:%SZ}")
        for one in doubtful:
            known = self._notes.broadcasts()
            match = next((row["id"] for row in reversed(rows) if row["id"] not in known and is_of(row, one)), None)
            group = self._notes.same_attempt(one)
            if match is None:
                self._notes.again(group)
            else:
                self._notes.sent(group, match, time)

    def _look(self, time: float) -> None:
        """Ask for each open broadcast that is due how far it is."""
        for broadcast, asked, since in self._notes.to_look_at(time):
            rows = self._rapidpro.all(f"messages.json?broadcast={broadcast}")
            self._troubles = 0
            wait = min(self._choices.last_look, self._choices.first_look * self._choices.growth**asked)
            self._notes.looked(broadcast, self._time() + wait)
            for one in self._notes.of_broadcast(broadcast):
                mine = [row for row in rows if len(rows) == 1 or digits(row.get("urn")) == digits(one.number)]
                for row in mine:
                    self._learn(one, str(row.get("status")))
                if not rows and time - since > 24 * HOUR:
                    self._notes.fail([one], "RapidPro n'a créé aucun message pour ce numéro")

    def _learn(self, one: Outgoing, status: str) -> None:
        if status == "failed":
            self._notes.fail([one], "Le téléphone n'a pas pu être joint")
        word = WORDS.get(status, "")
        if ORDER.index(word) > ORDER.index(one.word):
            self._notes.learned(one, word)


def hopeless(one: Outgoing) -> str:
    """Why RapidPro would refuse this text in any case; empty if it might take it."""
    if not re.fullmatch(r"\+\d{7,15}", one.number):
        return "Ce numéro n'existe pas"
    return "Ce texte est trop long" if len(one.words) > 4096 else ""
