"""What the stranger's relay remembers: a table of texts on their way in, and one of texts on their way out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

TABLES = """
CREATE TABLE IF NOT EXISTS incoming (id TEXT PRIMARY KEY, sender TEXT, words TEXT, done INTEGER DEFAULT 0);
CREATE TABLE IF NOT EXISTS outgoing (
    id TEXT PRIMARY KEY, number TEXT, words TEXT, state TEXT DEFAULT 'new', since REAL DEFAULT 0, broadcast INTEGER,
    asked INTEGER DEFAULT 0, look REAL DEFAULT 0, word TEXT DEFAULT '', reason TEXT DEFAULT '', told TEXT DEFAULT '',
    single INTEGER DEFAULT 0);
"""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One text on its way out: `word` is the last that is known of it, in CHT's words for gateways."""

    id: str
    number: str
    words: str
    since: float
    word: str


class Notebook:
    """The tables, in a file. Each method is one transaction."""

    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.executescript(TABLES)

    def close(self) -> None:
        self._db.close()

    def _rows(self, where: str, *values: Any) -> list[Outgoing]:
        sql = f"SELECT id, number, words, since, word FROM outgoing WHERE {where}"
        return [Outgoing(*row) for row in self._db.execute(sql, values)]

    def _set(self, group: Iterable[Outgoing], change: str, *values: Any) -> None:
        self._db.execute("BEGIN IMMEDIATE")
        for one in group:
            self._db.execute(f"UPDATE outgoing SET {change} WHERE id = ?", (*values, one.id))
        self._db.execute("COMMIT")

    # In.

    def keep(self, message: dict[str, str]) -> None:
        values = (message["id"], message["from"], message["content"])
        self._db.execute("INSERT OR IGNORE INTO incoming (id, sender, words) VALUES (?, ?, ?)", values)

    def kept(self, most: int) -> list[dict[str, str]]:
        rows = self._db.execute("SELECT id, sender, words FROM incoming WHERE done = 0 ORDER BY rowid LIMIT ?", (most,))
        return [{"id": id_, "from": sender, "content": words} for id_, sender, words in rows]

    def handed_over(self, texts: Sequence[dict[str, str]]) -> None:
        self._db.executemany("UPDATE incoming SET done = 1 WHERE id = ?", [(text["id"],) for text in texts])

    # Out.

    def write_down(self, found: Iterable[dict[str, Any]], acknowledges: bool) -> int:
        """Remember what CHT has to send. Returns how many texts are new. What it asks for again is told again."""
        fresh = 0
        word = "UNSENT" if acknowledges else ""
        for row in found:
            id_ = str(row["id"])
            values = (id_, str(row["to"]), str(row["content"]), word)
            made = self._db.execute(
                "INSERT OR IGNORE INTO outgoing (id, number, words, word) VALUES (?, ?, ?, ?)", values
            )
            fresh += made.rowcount
            if not made.rowcount:
                self._db.execute("UPDATE outgoing SET told = '' WHERE id = ? AND told = word", (id_,))
        return fresh

    def untold(self, most: int) -> list[dict[str, str]]:
        rows = self._db.execute("SELECT id, word, reason FROM outgoing WHERE word <> told LIMIT ?", (most,))
        return [{"id": id_, "status": word, **({"reason": why} if why else {})} for id_, word, why in rows]

    def told(self, updates: Sequence[dict[str, str]]) -> None:
        pairs = [(update["status"], update["id"]) for update in updates]
        self._db.executemany("UPDATE outgoing SET told = ? WHERE id = ?", pairs)

    def in_state(self, state: str) -> list[Outgoing]:
        return self._rows("state = ? ORDER BY rowid", state)

    def equal_to(self, one: Outgoing) -> list[Outgoing]:
        """The texts with the same words that wait too, one for each number, at most a hundred."""
        found: dict[str, Outgoing] = {}
        for other in self._rows("state = 'new' AND words = ? AND single = 0 ORDER BY rowid", one.words):
            found.setdefault(other.number, other)
        return list(found.values())[:100] if found.get(one.number) == one else [one]

    def sending(self, group: Sequence[Outgoing], time: float) -> None:
        self._set(group, "state = 'sending', since = ?", time)

    def same_attempt(self, one: Outgoing) -> list[Outgoing]:
        return self._rows("state = 'sending' AND words = ? AND since = ?", one.words, one.since)

    def again(self, group: Sequence[Outgoing]) -> None:
        self._set(group, "state = 'new'")

    def alone(self, group: Sequence[Outgoing]) -> None:
        self._set(group, "state = 'new', single = 1")

    def sent(self, group: Sequence[Outgoing], broadcast: int, look: float) -> None:
        self._set(group, "state = 'open', broadcast = ?, look = ?", broadcast, look)

    def fail(self, group: Sequence[Outgoing], reason: str) -> None:
        self._set(group, "state = 'done', word = 'FAILED', reason = ?", reason)

    def learned(self, one: Outgoing, word: str) -> None:
        self._set([one], "word = ?, state = iif(? = 'DELIVERED', 'done', state)", word, word)

    def broadcasts(self) -> set[int]:
        return {row[0] for row in self._db.execute("SELECT broadcast FROM outgoing WHERE broadcast IS NOT NULL")}

    def of_broadcast(self, broadcast: int) -> list[Outgoing]:
        return self._rows("broadcast = ? AND state = 'open'", broadcast)

    def to_look_at(self, time: float) -> list[tuple[int, int, float]]:
        """Broadcasts to be asked for: their ids, how often they were asked for, and when they were sent."""
        what = "SELECT broadcast, max(asked), min(since) FROM outgoing"
        sql = f"{what} WHERE state = 'open' AND look <= ? GROUP BY broadcast"
        return list(self._db.execute(sql, (time,)))

    def looked(self, broadcast: int, next_look: float) -> None:
        sql = "UPDATE outgoing SET asked = asked + 1, look = ? WHERE broadcast = ?"
        self._db.execute(sql, (next_look, broadcast))

    def next_look(self, time: float, settle: float) -> float:
        """When RapidPro must be asked or told something next."""
        sql = (
            "SELECT min(CASE state WHEN 'new' THEN 0 WHEN 'sending' THEN since + ? ELSE look END) FROM outgoing "
            "WHERE state IN ('new', 'sending', 'open')"
        )
        found = self._db.execute(sql, (settle,)).fetchone()[0]
        return time + 86_400 if found is None else float(found)
